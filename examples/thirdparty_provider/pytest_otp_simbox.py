"""A provider for pytest-otp in one file: the numbers of a SIM box that one owns.

The box (made up for this example) speaks JSON over HTTP:

    POST {url}/orders           {"token"}           → {"id", "number"}, or 409 where every SIM is in use
    GET  {url}/orders/{id}      ?token              → {"open": true, "sms": [{"id", "from", "text"}]}, or 404
    POST {url}/orders/{id}/end  {"token"}           → {"open": false}, or 404

It can also POST each SMS to a URL that is entered in its settings, with its token in the header X-Simbox-Token:

    {"event": "sms", "order", "number", "id", "from", "text"}, or {"event": "test"}
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from decimal import Decimal
from typing import ClassVar
from urllib.parse import quote

from pytest_otp.errors import NumberUnavailable, OrderNotFound, ProviderError, Unsupported
from pytest_otp.providers.answers import JsonResponse
from pytest_otp.providers.base import (
    Balance,
    Country,
    Messages,
    Operator,
    Order,
    OrderState,
    Repeat,
    Service,
    SmsMessage,
    Variable,
)
from pytest_otp.providers.http import HttpClient
from pytest_otp.providers.push import (
    PushedSms,
    PushEndpoint,
    PushRefused,
    is_same,
    json_object,
    optional_text,
    required_text,
)
from pytest_otp.redact import Secret


def parse_push(headers: Mapping[str, str], body: bytes, values: Mapping[str, str | Secret | None]) -> PushedSms | None:
    """Read what the box posts: the SMS, or None for the test that its settings page sends."""
    if not is_same(headers.get("x-simbox-token", ""), values["SIMBOX_TOKEN"]):
        raise PushRefused(403, "wrong token")
    content = json_object(headers, body)
    if content.get("event") == "test":
        return None
    return PushedSms(
        order_id=required_text(content, "order"),
        number=required_text(content, "number"),
        message_id=required_text(content, "id"),
        sender=optional_text(content, "from"),
        text=required_text(content, "text"),
        code=None,
    )


class SimboxProvider:
    """Numbers of one's own SIM box. It has no services, countries, operators or prices."""

    name = "simbox"
    variables: ClassVar[tuple[Variable, ...]] = (
        Variable("SIMBOX_URL", "where the box listens", required=True),
        Variable("SIMBOX_TOKEN", "the box's access token", secret=True, required=True),
        # Not sent to the box, so a new one does not make it another account.
        Variable("SIMBOX_WEBHOOK_TOKEN", "the secret end of the webhook's path", secret=True, account=False),
    )
    push: ClassVar[PushEndpoint] = PushEndpoint(path="/simbox/", variable="SIMBOX_WEBHOOK_TOKEN", parse=parse_push)

    def __init__(self, variables: Mapping[str, str | Secret | None], http: HttpClient) -> None:
        """`variables`: the values of the class's `variables`; `http`: sends requests and keeps secrets secret."""
        self._url = str(variables["SIMBOX_URL"]).rstrip("/")
        self._token = variables["SIMBOX_TOKEN"] or ""
        self._http = http

    def order(self, service: str | None, country: str | None, operator: str | None) -> Order:
        """Take a free SIM."""
        # UNSENT: an order whose answer is lost must not be sent again, since it would take a second SIM.
        answer = self._http.post(f"{self._url}/orders", {"token": self._token}, repeat=Repeat.UNSENT)
        if answer.status == 409:
            raise NumberUnavailable("every SIM is in use", provider=self.name, words=answer.excerpt)
        order_id, number = answer.data.get("id"), answer.data.get("number")
        if not isinstance(order_id, str) or not isinstance(number, str):
            raise answer.unexpected("an order without an id or a number")
        return Order(
            id=order_id,
            number=number,
            service=service,
            country=None,
            operator=None,
            price=Decimal(0),
            currency=None,
            ordered_at=datetime.now(timezone.utc),
        )

    def messages(self, order: Order) -> Messages:
        """What came so far."""
        # NEVER: the plugin's waiting asks again by itself.
        answer = self._http.get(self._order_url(order), {"token": self._token}, repeat=Repeat.NEVER)
        self._refuse(answer, order)
        sms = tuple(self._sms(item) for item in answer.data["sms"])
        if not answer.data["open"]:
            return Messages(OrderState.ENDED, sms)
        return Messages(OrderState.RECEIVED if sms else OrderState.WAITING, sms)

    def resend(self, order: Order) -> None:
        """Nothing to do: a SIM goes on receiving."""

    def cancel(self, order: Order) -> None:
        """Put the SIM back."""
        self._end(order)

    def finish(self, order: Order) -> None:
        """Put the SIM back."""
        self._end(order)

    def balance(self) -> Balance:
        """A box of one's own has no account."""
        raise self._unsupported("a balance")

    def countries(self) -> list[Country]:
        """The SIMs' own."""
        raise self._unsupported("a list of countries")

    def operators(self, country: str) -> list[Operator]:
        """The SIMs' own."""
        raise self._unsupported("a list of operators")

    def services(self, country: str | None) -> list[Service]:
        """Any service can send to a SIM."""
        raise self._unsupported("a list of services")

    def count(self, service: str, country: str, operator: str | None) -> int:
        """The box does not report it."""
        raise self._unsupported("a count of free numbers")

    def _end(self, order: Order) -> None:
        # A 404 is raised too: one alone does not prove that nothing is rented, and the plugin knows what does.
        self._refuse(self._http.post(f"{self._order_url(order)}/end", {"token": self._token}), order)

    def _order_url(self, order: Order) -> str:
        return f"{self._url}/orders/{quote(order.id, safe='')}"

    def _refuse(self, answer: JsonResponse, order: Order) -> None:
        if answer.status == 404:
            raise OrderNotFound("the box does not know it", provider=self.name, order_id=order.id)
        if answer.status >= 400:
            raise ProviderError(
                f"the box said no (HTTP {answer.status})", provider=self.name, order_id=order.id, words=answer.excerpt
            )

    def _sms(self, item: Mapping[str, str]) -> SmsMessage:
        return SmsMessage(id=item["id"], sender=item["from"], text=item["text"], received_at=None, code=None)

    def _unsupported(self, what: str) -> Unsupported:
        return Unsupported(f"a SIM box has no such thing as {what}", provider=self.name)
