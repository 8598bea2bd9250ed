"""OtpNumber: what it shows, how its waits end, and how it is used by threads and on event loops."""

from __future__ import annotations

import asyncio
import string
import threading
import time as real_time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from pytest_otp.codes import CodeFormat
from pytest_otp.errors import (
    AuthenticationError,
    CodeTimeout,
    InvalidRequest,
    OrderEnded,
    OrderNotFound,
    ProviderError,
    SettingsError,
)
from pytest_otp.numbers.number import OtpNumber
from pytest_otp.numbers.options import NumberOptions
from pytest_otp.numbers.waiting import Pace
from pytest_otp.offline.carrier import Carrier
from pytest_otp.providers.base import Order, OrderState, SmsMessage
from tests.numbers.renting import AWAY, LONG, begun, offline, rented
from tests.scripted import NOW, ScriptedProvider, Time


def test_the_parts_of_a_number(number: OtpNumber) -> None:
    """The number in each writing, and what the provider told of the order."""
    assert (number.e164, number.digits, number.national) == ("+12015550100", "12015550100", "2015550100")
    assert (number.region, number.order_id, number.provider) == ("US", "order-1", "scripted")
    assert (number.service, number.price, number.currency) == ("shop", Decimal("1.5"), "USD")
    assert (number.state, number.messages) == ("waiting", ())
    assert repr(number) == "<OtpNumber +12015550100 scripted order order-1 waiting>"


def test_a_number_that_does_not_parse() -> None:
    """A number is paid for, so that nonsense from the provider is shown as it is instead of raising."""
    order = Order("order-1", "1", None, None, None, None, None, NOW)
    number = OtpNumber(ScriptedProvider(), order)
    assert (number.e164, number.national, number.region) == ("+1", "1", None)


def test_a_bad_filter_asks_nobody(number: OtpNumber, provider: ScriptedProvider) -> None:
    """A filter that cannot work is refused before any request."""
    with pytest.raises(SettingsError, match=r"^pattern must be a regular expression"):
        number.wait_code(pattern="(")
    with pytest.raises(SettingsError, match=r"^sender must be a name"):
        number.wait_message(sender=" ")
    assert provider.calls("messages") == 0


@pytest.mark.parametrize("timeout", [-1, float("nan"), float("inf"), "5", True])
@pytest.mark.parametrize("use", [OtpNumber.wait_code, OtpNumber.wait_message, OtpNumber.close])
def test_an_invalid_timeout(
    number: OtpNumber, provider: ScriptedProvider, use: Callable[[OtpNumber, Any], object], timeout: Any
) -> None:
    """A timeout must be a finite number of seconds, 0 or more; another is refused before any request."""
    with pytest.raises(SettingsError) as caught:
        use(number, timeout)
    assert str(caught.value) == f"timeout must be a number of seconds, 0 or more; got {timeout!r}"
    assert provider.events == ["order order-1"]


def test_the_default_timeout_is_the_numbers(provider: ScriptedProvider, time: Time) -> None:
    """Without an argument a wait takes as long as the number's options say."""
    with pytest.raises(CodeTimeout):
        rented(provider, time, timeout=7).wait_code()
    assert 6.5 <= time.elapsed <= 7


def test_no_time_at_all_looks_once(number: OtpNumber, provider: ScriptedProvider) -> None:
    """`wait_code(0)` answers whether something is there now."""
    provider.receive("code 111111")
    assert number.wait_code(0) == "111111"
    assert provider.calls("messages") == 1


def test_passing_failures_lose_nothing(number: OtpNumber, provider: ScriptedProvider, time: Time) -> None:
    """A 502 between the looks costs a look, not the code."""
    provider.script("messages", AWAY, None, AWAY, AWAY)
    time.at(3.0, lambda: provider.receive("code 111111"))
    assert number.wait_code() == "111111"
    assert provider.calls("messages") == 5


@pytest.mark.parametrize(
    "error",
    [AuthenticationError("wrong key"), OrderNotFound("no such order"), InvalidRequest("bad"), ProviderError("no")],
)
def test_final_errors_end_the_wait(number: OtpNumber, provider: ScriptedProvider, error: Exception) -> None:
    """What will not change by waiting is raised at once."""
    provider.script("messages", None, error)
    with pytest.raises(type(error)) as caught:
        number.wait_code()
    assert caught.value is error
    assert provider.calls("messages") == 2


def test_an_order_that_ends_elsewhere_ends_the_wait(number: OtpNumber, provider: ScriptedProvider, time: Time) -> None:
    """A cancelled order is no reason to wait for two minutes."""
    time.at(5.0, lambda: provider.ended.add("order-1"))
    with pytest.raises(OrderEnded) as caught:
        number.wait_code()
    assert str(caught.value) == (
        "scripted, order order-1, +12015550100: the order was cancelled or finished at the provider; "
        "no more SMS will arrive. Order another number."
    )
    assert time.elapsed < 6
    assert number.state is OrderState.ENDED


def test_messages_of_an_ended_order_are_still_handed_out(number: OtpNumber, provider: ScriptedProvider) -> None:
    """What came before the end is there to be had, then the end is told."""
    provider.receive("code 111111")
    provider.ended.add("order-1")
    assert number.wait_code() == "111111"
    with pytest.raises(OrderEnded):
        number.wait_code()


def test_an_ended_order_is_closed_all_the_same(number: OtpNumber, provider: ScriptedProvider) -> None:
    """That the provider reported its end may be a mistake: the close is sent, once."""
    provider.ended.add("order-1")
    with pytest.raises(OrderEnded):
        number.wait_code()
    number.close()
    number.close()
    assert (provider.calls("cancel"), provider.calls("finish")) == (1, 0)
    assert number.state == "cancelled"


def test_closing_ends_the_waits_of_other_threads(provider: ScriptedProvider) -> None:
    """A thread that waits, by either kind of wait, is woken when the number is closed, long before its next poll."""
    number = rented(provider, timeout=7200, pace=Pace(interval=3600, first=0.0))
    waits = [begun(number.wait_code), begun(lambda: asyncio.run(number.wait_code_async()))]
    while provider.calls("messages") < len(waits):
        real_time.sleep(0.01)
    number.close()
    for wait in waits:
        with pytest.raises(OrderEnded, match="the order is cancelled; no more SMS will arrive"):
            wait.result(LONG)


def test_waiting_after_the_close(number: OtpNumber, provider: ScriptedProvider) -> None:
    """A closed number asks nobody; what it holds is still handed out."""
    provider.receive("code 111111", "code 222222")
    number.wait_code()
    number.close()
    asked = provider.calls("messages")
    assert number.wait_code() == "222222"
    with pytest.raises(OrderEnded, match="the order is finished"):
        number.wait_code()
    assert provider.calls("messages") == asked


def test_async_twins() -> None:
    """Codes and messages on an event loop, with the same filters, pushed by the carrier."""
    carrier = Carrier(seed=1)
    number = offline("manual", carrier=carrier, timeout=LONG)

    async def main() -> None:
        code = asyncio.create_task(number.wait_code_async(sender="Shop"))
        message = asyncio.create_task(number.wait_message_async(pattern="noon"))
        await asyncio.sleep(0.01)
        carrier.deliver(number, "See you at noon", sender="Jo", after=0.02)
        carrier.deliver(number, "code 111111", sender="Shop")
        assert await code == "111111"
        assert (await message).text == "See you at noon"
        with pytest.raises(CodeTimeout):
            await number.wait_code_async(0)

    asyncio.run(main())


def test_a_cancelled_async_wait_leaves_its_message(provider: ScriptedProvider) -> None:
    """A task that is cancelled, even while its request is under way, hands nothing out; the next call gets it."""
    number = rented(provider, pace=Pace(first=0.0))
    entered, release = threading.Event(), threading.Event()

    def hang() -> None:
        entered.set()
        release.wait(LONG)
        provider.receive("code 111111")

    provider.script("messages", hang)

    async def main() -> None:
        task = asyncio.create_task(number.wait_code_async())
        while not entered.is_set():
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        release.set()
        assert await number.wait_code_async() == "111111"

    asyncio.run(main())


def test_a_pushed_message_is_found_at_once() -> None:
    """With a provider that pushes, a wait of an hour ends when the message comes."""
    number = offline("auto", timeout=3600)
    assert begun(number.wait_code).result(LONG).isdigit()


def test_the_with_block_closes(number: OtpNumber, provider: ScriptedProvider) -> None:
    """Leaving the block closes the order, by an exception too."""

    def fails() -> None:
        with number as inside:
            assert inside is number
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert provider.events[1:] == ["cancel order-1"]


def test_cancel_and_finish_by_hand(provider: ScriptedProvider, time: Time) -> None:
    """The test may close a number itself; the end of the block has then nothing left to do."""
    with rented(provider, time) as first:
        first.cancel()
    with rented(provider, time) as second:
        second.finish()
    assert provider.events == ["order order-1", "cancel order-1", "order order-2", "finish order-2"]
    assert (first.state, second.state) == ("cancelled", "finished")


def test_messages_show_no_text(number: OtpNumber, provider: ScriptedProvider) -> None:
    """A message in a failing test's report shows its shape only."""
    provider.receive("Hi Jo, code 482913", sender="Shop")
    message = number.wait_message()
    assert isinstance(message, SmsMessage)
    assert repr(message) == "SmsMessage(id='sms-1', sender='Shop', text='xx xx, xxxx 000000')"


def test_closing_twice_is_closing_once(number: OtpNumber, provider: ScriptedProvider) -> None:
    """After a close, close, cancel and finish ask nobody and change nothing."""
    number.close()
    for again in (number.close, number.cancel, number.finish):
        again()
    assert provider.events[1:] == ["cancel order-1"]
    assert number.state == "cancelled"


def test_a_code_of_known_length_and_alphabet(provider: ScriptedProvider, time: Time) -> None:
    """`length` and `alphabet` of a call replace those of the options, each on its own; `pattern` replaces both."""
    options = NumberOptions(code_format=CodeFormat(6, string.digits))
    order = provider.order(None, None, None)
    number = OtpNumber(provider, order, options, clock=time.clock, sleep=time.sleep)
    provider.receive("Your code is 4829")
    assert number.wait_code(length=4) == "4829"
    provider.receive("Your code is KAXTRB")
    assert number.wait_code(alphabet=string.ascii_uppercase) == "KAXTRB"
    provider.receive("Your code is 77")
    assert number.wait_code(pattern=r"is (\d+)") == "77"
    provider.receive("Your code is 4829")
    with pytest.raises(CodeTimeout, match="has 4 characters, not 6"):
        number.wait_code(1)
    assert number.wait_message().text == "Your code is 4829"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"length": 6, "pattern": "x"}, "wait_code takes either pattern, or length and alphabet; got both."),
        ({"alphabet": "ab", "pattern": "x"}, "wait_code takes either pattern, or length and alphabet; got both."),
        ({"length": 0}, "code length 0 is not allowed"),
        ({"length": "6"}, "code length '6' is not allowed"),
        ({"alphabet": ""}, "code alphabet '' is not allowed"),
    ],
)
def test_a_bad_form_asks_nobody(
    number: OtpNumber, provider: ScriptedProvider, arguments: dict[str, Any], error: str
) -> None:
    """A length or an alphabet that cannot be meant so fails before any request."""
    with pytest.raises(SettingsError) as caught:
        number.wait_code(**arguments)
    assert str(caught.value).startswith(error)
    assert provider.calls("messages") == 0
