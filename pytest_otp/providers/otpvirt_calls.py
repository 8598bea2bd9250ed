"""OTP-virt's calls: the credentials in each, whether it accepts gzip, and what its error numbers mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import InvalidRequest, NumberUnavailable, ProviderError, ProviderUnavailable, SmsAlreadyReceived
from .base import Repeat
from .catalogue import Cache
from .fields import text_of

__tracebackhide__ = True

if TYPE_CHECKING:
    from ..redact import Secret
    from .answers import JsonResponse
    from .http import HttpClient

_NO_NUMBERS, _INTERNAL, _INVALID, _SMS_RECEIVED = 1, 2, 3, 4
_CHECK = (
    "Check the service, country and operator, and OTPVIRT_CLIENT_ID and OTPVIRT_API_PASSWORD: "
    "the provider reports wrong credentials with the same error."
)


class OtpvirtCalls:
    """Sends the actions of one account. Thread-safe.

    Args:
        provider: its name, for errors.
        variables: the values of the provider's variables.
        http: sends the requests.
    """

    def __init__(self, provider: str, variables: Mapping[str, str | Secret | None], http: HttpClient) -> None:
        self._provider = provider
        self._credentials = {
            "clientId": variables["OTPVIRT_CLIENT_ID"],
            "apiPassword": variables["OTPVIRT_API_PASSWORD"],
        }
        self._url = str(variables["OTPVIRT_BASE_URL"]).rstrip("/")
        self._http = http
        self._gzip: bool | None = None
        self._cache = Cache()

    def call(self, action: str, fields: Mapping[str, Any], *, repeat: Repeat = Repeat.ALWAYS) -> JsonResponse:
        """Return the response to an action. Raises the error that its number means."""
        self.learn_gzip()
        return self._send(action, fields, compress=bool(self._gzip), repeat=repeat)

    def learn_gzip(self) -> None:
        """Find out whether the server accepts gzip, if that is not known yet. Its error 3 means wrong credentials."""
        if self._gzip is None:
            self.currency()

    def currency(self) -> str | None:
        """The account's currency, asked for once."""
        return self._cache.get("currency", lambda: _currency(self._ask_balance()))

    def balance(self) -> JsonResponse:
        """`GetBalance` [7]."""
        response = self._ask_balance()
        self._cache.get("currency", lambda: _currency(response))
        return response

    def _ask_balance(self) -> JsonResponse:
        """Gzipped; plain where the server refuses that, and from then on."""
        if self._gzip is not None:
            return self._send("GetBalance", {}, compress=self._gzip)
        try:
            response = self._send("GetBalance", {}, compress=True)
        except (InvalidRequest, ProviderUnavailable) as refusal:
            if isinstance(refusal, ProviderUnavailable) and refusal.http_status not in (400, 415):
                raise
        else:
            self._gzip = True
            return response
        response = self._send("GetBalance", {}, compress=False)
        self._gzip = False
        return response

    def _send(
        self, action: str, fields: Mapping[str, Any], *, compress: bool, repeat: Repeat = Repeat.ALWAYS
    ) -> JsonResponse:
        return self._http.post(
            f"{self._url}/{action}",
            {**self._credentials, **fields},
            repeat=repeat,
            compress=compress,
            check=lambda response: self._check(response, action, fields),
        )

    def _check(self, response: JsonResponse, action: str, fields: Mapping[str, Any]) -> None:
        """Raise the error that the response's number [10] means. 0 is none, whatever `status` says."""
        error = response.data.get("error")
        if error == 0 and not isinstance(error, bool):
            return
        if isinstance(error, bool) or not isinstance(error, int):
            raise response.unexpected("no error number")
        context: dict[str, Any] = {
            "provider": self._provider,
            "order_id": fields.get("activationId"),
            "words": f"error {error}",
        }
        if error == _NO_NUMBERS:
            raise NumberUnavailable(f"the provider responded with error 1: no numbers for {_wanted(fields)}", **context)
        if error == _INTERNAL:
            raise response.failed("error 2: an internal error")
        if error == _INVALID:
            raise InvalidRequest(
                f"the provider responded with error 3: invalid request ({action})", **context, hint=_CHECK
            )
        if error == _SMS_RECEIVED:
            raise SmsAlreadyReceived("the provider responded with error 4: an SMS has arrived", **context)
        raise ProviderError(f"the provider responded with error {error} ({response.excerpt})", **context)


def _currency(balance: JsonResponse) -> str | None:
    return text_of(balance.data.get("currency")) or None


def _wanted(fields: Mapping[str, Any]) -> str:
    """What the order was for, in words: the service says "no numbers" to a misspelt country too."""
    wanted = {"service": fields.get("service"), **fields.get("detail", {})}
    return ", ".join(f"{name} {value!r}" for name, value in wanted.items() if value) or "this request"
