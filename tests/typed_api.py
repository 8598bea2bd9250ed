"""The public API as a user's type checker sees it. It is type-checked by mypy --strict and pyright, and never run."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

import pytest
from typing_extensions import assert_type

import pytest_otp
from pytest_otp import (
    ArmedFailure,
    Balance,
    Candidate,
    Carrier,
    Certificates,
    CodeTimeout,
    Country,
    Delivery,
    FillError,
    FillResult,
    GatewayAddress,
    GatewayRequest,
    Line,
    Messages,
    NumberOptions,
    Numbers,
    NumberUnavailable,
    Operator,
    Order,
    OrderState,
    OtpError,
    OtpNumber,
    Provider,
    ProviderError,
    Secret,
    SentMessage,
    Service,
    ServiceDescription,
    ServiceError,
    ServiceRequest,
    Settings,
    SmsMessage,
    Stray,
    Unsupported,
    Variable,
    WebhookAddress,
    add_languages,
    extract_code,
    find_codes,
    order_number,
)
from pytest_otp.browser import fill_code, fill_code_async, fill_phone, fill_phone_async
from pytest_otp.providers.http import HttpClient


async def pages(number: OtpNumber, page: object) -> None:
    assert_type(fill_code(page, "482913", timeout=5), FillResult)
    assert_type(await fill_code_async(page, "482913"), FillResult)
    assert_type(fill_phone(page, number), FillResult)
    assert_type(await fill_phone_async(page, "07400 123456", region="GB"), FillResult)
    assert_type(number.fill_code(page, timeout=30, fill_timeout=5, length=6), str)
    assert_type(await number.fill_code_async(page), str)
    assert_type(number.fills, tuple[FillResult, ...])
    assert_type(FillError("no field").code, str | None)
    fill_code(page, 482913)  # type: ignore[arg-type]


def numbers(otp_number: Numbers, module_otp_number: Numbers, session_otp_number: Numbers) -> None:
    number = otp_number()
    assert_type(number, OtpNumber)
    assert_type(module_otp_number(service="wa", country="GB", operator=None), OtpNumber)
    assert_type(session_otp_number(country="GB"), OtpNumber)
    assert_type(number.e164, str)
    assert_type(number.digits, str)
    assert_type(number.national, str)
    assert_type(number.region, str | None)
    assert_type(number.order_id, str)
    assert_type(number.provider, str)
    assert_type(number.service, str | None)
    assert_type(number.price, Decimal | None)
    assert_type(number.currency, str | None)
    assert_type(number.state, OrderState)
    assert_type(number.messages, tuple[SmsMessage, ...])
    otp_number(1)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # ids are text
    otp_number(contry="GB")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue] # misspelt
    _ = otp_number.e164  # type: ignore[attr-defined] # pyright: ignore[reportAttributeAccessIssue] # not called
    number.e164 = "+1"  # type: ignore[misc] # pyright: ignore[reportAttributeAccessIssue] # it cannot be changed


def without_pytest(provider: Provider) -> None:
    number = order_number(
        provider, "wa", "GB", operator=None, timeout=60, poll_interval=2.5, close_timeout=10, show_sms=True
    )
    assert_type(number, OtpNumber)
    with order_number(provider, service="wa", country="GB") as rented:
        assert_type(rented, OtpNumber)
    with Numbers(provider, service="wa", options=NumberOptions(timeout=60)) as numbers:
        assert_type(numbers, Numbers)
        assert_type(numbers(country="GB"), OtpNumber)
    order_number(provider, timeuot=60)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue] # misspelt
    order_number(provider, timeout="60")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # a number


async def without_pytest_async(provider: Provider) -> None:
    number = await asyncio.to_thread(order_number, provider, "wa", timeout=60)
    assert_type(number, OtpNumber)
    with number:
        assert_type(await number.wait_code_async(), str)
        assert_type(await asyncio.wait_for(number.wait_message_async(), 30), SmsMessage)
    await asyncio.to_thread(number.close, 5)


def options() -> None:
    options = NumberOptions(timeout=60, poll_interval=2, close_timeout=10, show_sms=False)
    assert_type(options.timeout, float)
    assert_type(options.show_sms, bool)
    options.timeout = 5  # type: ignore[misc] # pyright: ignore[reportAttributeAccessIssue] # frozen


def waiting(number: OtpNumber) -> None:
    assert_type(number.wait_code(), str)
    assert_type(number.wait_code(30), str)
    assert_type(number.wait_code(timeout=0.5, sender="Shop", pattern=r"code (\d+)"), str)
    assert_type(number.wait_code(sender=re.compile("^Sh"), pattern=re.compile("(a)")), str)
    assert_type(number.wait_code(pattern=lambda text: text[:4] or None), str)
    assert_type(number.wait_code(length=6, alphabet="0123456789"), str)
    assert_type(number.wait_code(length=(4, 8)), str)
    message = number.wait_message(timeout=5, sender="Shop")
    assert_type(message, SmsMessage)
    assert_type(message.text, str)
    assert_type(message.sender, str | None)
    assert_type(message.received_at, datetime | None)
    number.wait_code(pattern=3)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # nothing to search with


async def waiting_async(number: OtpNumber) -> None:
    assert_type(await number.wait_code_async(timeout=5), str)
    assert_type(await number.wait_message_async(pattern="x"), SmsMessage)
    assert_type(await asyncio.gather(number.wait_code_async(), number.wait_code_async()), tuple[str, str])
    assert_type(await number.wait_code_async(5, sender=re.compile("^Sh"), pattern=lambda text: text[:4]), str)
    assert_type(await number.wait_message_async(timeout=5, sender="Shop"), SmsMessage)


def closing(otp_number: Numbers) -> None:
    with otp_number() as number:
        assert_type(number, OtpNumber)
        number.resend()
        number.cancel()
        number.finish()
        number.close()
        number.close(timeout=5)


def fixtures(
    otp_carrier: Carrier,
    otp_gateway: GatewayAddress,
    otp_webhook: WebhookAddress,
    otp_settings: Settings,
    otp_provider: Provider,
) -> None:
    otp_carrier.deliver("+12015550123", "1234", sender="Shop", after=0.5)
    assert_type(otp_carrier.lines, tuple[Line, ...])
    assert_type(otp_carrier.lines[0].messages(), tuple[Delivery, ...])
    assert_type(otp_carrier.strays, tuple[Stray, ...])
    assert_type(otp_gateway.url, str | None)
    assert_type(otp_gateway.certificates, Callable[[], Certificates] | None)
    assert_type(otp_gateway.environ(), dict[str, str])
    request = ServiceRequest(path="/send", to="json:to", text="json:text", answer={"id": "{id}"})
    errors = {"blocked": ServiceError(403, "No", 7)}
    described = ServiceDescription(name="harbour", hosts=["api.harbour.example"], requests=[request], errors=errors)
    assert_type(otp_gateway.add_service(described), None)
    assert_type(ServiceDescription.from_plain(described.to_plain()), ServiceDescription)
    assert_type(otp_gateway.requests, tuple[GatewayRequest, ...])
    assert_type(otp_gateway.sent_to("+12015550123"), tuple[SentMessage, ...])
    with otp_gateway.fail("+12015550123", "twilio", error=21610, times=None) as failure:
        assert_type(failure, ArmedFailure)
    assert_type(otp_gateway.fail(error="late", seconds=0.5).used, int)
    otp_gateway.add_template("HX" + "0" * 32, "{{1}} is your code")
    assert_type(otp_webhook.url, str | None)
    assert_type(otp_settings.timeout, float)
    assert_type(otp_settings.provider, str)
    assert_type(otp_provider.balance(), Balance)
    assert_type(otp_provider.count("wa", "GB", None), int)


def errors(otp_number: Numbers) -> None:
    try:
        otp_number().wait_code()
    except CodeTimeout as error:
        timeout: TimeoutError = error
        assert_type(error.elapsed, float | None)
        raise timeout from error
    except NumberUnavailable as error:
        refusal: ProviderError = error
        assert_type(refusal.words, str)
        assert_type(refusal.order_id, str | None)
    except OtpError as error:
        assert_type(error.hint, str)


class OwnProvider:
    """What a third party writes; that it is a Provider is checked below."""

    name = "own"
    variables: ClassVar[tuple[Variable, ...]] = (Variable("OWN_KEY", "the key", secret=True, required=True),)

    def __init__(self, variables: Mapping[str, str | Secret | None], http: HttpClient) -> None:
        self._key = variables["OWN_KEY"]
        self._http = http

    def order(self, service: str | None, country: str | None, operator: str | None) -> Order:
        raise NumberUnavailable("none left", provider=self.name)

    def messages(self, order: Order) -> Messages:
        return Messages(OrderState.WAITING, ())

    def resend(self, order: Order) -> None: ...

    def cancel(self, order: Order) -> None: ...

    def finish(self, order: Order) -> None: ...

    def balance(self) -> Balance:
        return Balance(Decimal(1), "EUR")

    def countries(self) -> list[Country]:
        return [Country("1", "Elbonia")]

    def operators(self, country: str) -> list[Operator]:
        return [Operator("1", "Elbonian Tin Cans")]

    def services(self, country: str | None) -> list[Service]:
        return [Service("1", "Mud", Decimal("0.5"), "EUR")]

    def count(self, service: str, country: str, operator: str | None) -> int:
        raise Unsupported("it does not tell", provider=self.name)


def own_provider(http: HttpClient) -> None:
    provider: Provider = OwnProvider({"OWN_KEY": Secret("x")}, http)
    assert_type(order_number(provider, country="GB"), OtpNumber)


def texts() -> None:
    assert_type(extract_code("Your code is 1234"), str | None)
    assert_type(find_codes("Your code is 1234"), list[Candidate])
    assert_type(find_codes("Your code is 1234")[0].span, tuple[int, int])
    add_languages("my.ini")
    add_languages(Path("my.ini"))
    assert_type(pytest_otp.__all__, list[str])


@pytest.fixture
def overridden(otp_settings: Settings) -> Settings:
    """How a user changes a setting for some tests."""
    return otp_settings.replace(timeout=5.0)
