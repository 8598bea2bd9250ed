"""OtpNumber: what "the next code" is, how waits end, and how an order is closed. All of it in virtual time."""

from __future__ import annotations

import asyncio
import re
import threading
import time as real_time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from pytest_otp.carrier import Carrier
from pytest_otp.errors import (
    AuthenticationError,
    CodeTimeout,
    InvalidRequest,
    OrderEnded,
    OrderNotClosed,
    OrderNotFound,
    ProviderError,
    ProviderUnavailable,
    SettingsError,
    SmsAlreadyReceived,
)
from pytest_otp.number import OtpNumber
from pytest_otp.providers.base import Messages, Order, OrderState, SmsMessage, time_left
from pytest_otp.providers.fake import FakeProvider
from pytest_otp.rentals import RentalDesk, scenario
from tests.scripted import NOW, ScriptedProvider, Time, VirtualLoop

AWAY = ProviderUnavailable("answered 502 Bad Gateway", provider="scripted", http_status=502)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def provider() -> ScriptedProvider:
    return ScriptedProvider()


@pytest.fixture
def number(provider: ScriptedProvider, time: Time) -> OtpNumber:
    return rented(provider, time)


def rented(provider: ScriptedProvider, time: Time | None, **options: Any) -> OtpNumber:
    order = provider.order("shop", "US", None)
    if time is None:
        return OtpNumber(provider, order, **options)
    return OtpNumber(provider, order, clock=time.clock, sleep=time.sleep, **options)


def offline(name: str, time: Time | None = None) -> OtpNumber:
    """A number of the fake provider, whose messages are pushed."""
    carrier = Carrier(seed=1, clock=time.clock) if time else Carrier(seed=1)
    desk = FakeProvider(RentalDesk(carrier, scenario=scenario(name)))
    return OtpNumber(desk, desk.order(None, None, None))


# What a number shows of itself


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


# The next code


def test_a_code_that_comes_while_waiting(number: OtpNumber, provider: ScriptedProvider, time: Time) -> None:
    """The code is returned at the first look after its arrival."""
    time.at(3.0, lambda: provider.receive("Your code is 482913"))
    assert number.wait_code() == "482913"
    assert time.elapsed == pytest.approx(3.25)
    assert number.state == "received"


def test_a_code_that_came_before_the_wait(number: OtpNumber, provider: ScriptedProvider, time: Time) -> None:
    """An early arrival counts: the test may have been busy."""
    provider.receive("Your code is 482913")
    time.sleep(60)
    assert number.wait_code() == "482913"


def test_messages_are_handed_out_once_and_in_order(number: OtpNumber, provider: ScriptedProvider, time: Time) -> None:
    """Two messages at once are two calls, the oldest first; the second costs neither a request nor time."""
    provider.receive("code 111111", "code 222222")
    assert number.wait_code() == "111111"
    before = time.elapsed
    assert number.wait_code() == "222222"
    assert time.elapsed == before
    assert [message.text for message in number.messages] == ["code 111111", "code 222222"]


def test_what_was_handed_out_never_comes_again(number: OtpNumber, provider: ScriptedProvider) -> None:
    """A provider that goes on showing the old message makes no second code of it."""
    provider.receive("code 111111")
    assert number.wait_code() == "111111"
    with pytest.raises(CodeTimeout, match="no SMS came"):
        number.wait_code(5)


def test_the_same_code_twice_is_two_codes(number: OtpNumber, provider: ScriptedProvider) -> None:
    """A second SMS with the same text and code is a new one, since it has another id."""
    provider.receive("code 111111")
    assert number.wait_code() == "111111"
    provider.receive("code 111111")
    assert number.wait_code() == "111111"


def test_a_message_without_code_comes_first(number: OtpNumber, provider: ScriptedProvider, time: Time) -> None:
    """A greeting does not end the wait for the code, and stays for who wants messages."""
    time.at(1.0, lambda: provider.receive("Welcome to the shop!"))
    time.at(5.0, lambda: provider.receive("code 111111"))
    assert number.wait_code() == "111111"
    assert number.wait_message().text == "Welcome to the shop!"


def test_filters_leave_messages_to_others(number: OtpNumber, provider: ScriptedProvider) -> None:
    """What a filter passes over is neither consumed nor lost."""
    provider.receive("Bank: code 111111", sender="Bank")
    provider.receive("Shop: code 222222", sender="Shop")
    provider.receive("Shop: order B-7", sender="Shop")
    assert number.wait_code(sender="Shop") == "222222"
    assert number.wait_code(pattern=r"order (\S+)") == "B-7"
    assert number.wait_message(sender=re.compile("^B")).text == "Bank: code 111111"
    with pytest.raises(CodeTimeout):
        number.wait_message(2)


def test_the_providers_own_code(number: OtpNumber, provider: ScriptedProvider) -> None:
    """A code that only the provider found is used."""
    provider.receive("vier acht zwei", code="482")
    assert number.wait_code() == "482"


def test_a_disagreement_with_the_provider_is_told_once(
    number: OtpNumber, provider: ScriptedProvider, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    """However often a message is seen, its warning is written once, and neither code is in it."""
    provider.receive("Welcome", sender="Shop")
    time.at(3.0, lambda: provider.receive("Your code is 482913", code="771204"))
    assert number.wait_code() == "482913"
    with pytest.raises(CodeTimeout):
        number.wait_code(5)
    assert provider.calls("messages") > 5
    (record,) = caplog.records
    assert (record.levelname, record.name) == ("WARNING", "pytest_otp")
    assert record.getMessage().startswith("message sms-2: the provider reads another code in the text than we do")
    assert not re.search("482913|771204", caplog.text)


def test_a_bad_filter_asks_nobody(number: OtpNumber, provider: ScriptedProvider) -> None:
    """A pattern or time that cannot work is refused before any request."""
    with pytest.raises(SettingsError, match="is no regular expression"):
        number.wait_code(pattern="(")
    with pytest.raises(SettingsError, match="is no sender"):
        number.wait_message(sender=" ")
    assert provider.calls("messages") == 0


@pytest.mark.parametrize("timeout", [-1, float("nan"), float("inf"), "5", True])
def test_times_that_are_none(number: OtpNumber, timeout: Any) -> None:
    """A timeout must be a finite number of seconds, 0 or more."""
    with pytest.raises(SettingsError) as caught:
        number.wait_code(timeout)
    assert str(caught.value) == f"timeout={timeout!r} is no time. Give seconds: a number from 0 on."


def test_a_pattern_function_that_fails_consumes_nothing(number: OtpNumber, provider: ScriptedProvider) -> None:
    """A bug in the test's own function is raised as it is, and the message is still there."""
    provider.receive("code 111111")
    with pytest.raises(ZeroDivisionError):
        number.wait_code(pattern=lambda text: str(1 / 0))
    assert number.wait_code() == "111111"


# How waits end


def test_the_default_timeout_is_the_numbers(provider: ScriptedProvider, time: Time) -> None:
    """Without an argument a wait takes as long as the number was told."""
    with pytest.raises(CodeTimeout):
        rented(provider, time, timeout=7).wait_code()
    assert 6.5 <= time.elapsed <= 7


def test_no_time_at_all_looks_once(number: OtpNumber, provider: ScriptedProvider) -> None:
    """`wait_code(0)` answers whether something is there now."""
    provider.receive("code 111111")
    assert number.wait_code(0) == "111111"
    assert provider.calls("messages") == 1


@pytest.mark.parametrize("wait", [OtpNumber.wait_code, OtpNumber.wait_message])
def test_timeout_when_nothing_came(number: OtpNumber, wait: Callable[[OtpNumber, float], object]) -> None:
    """The error names provider, order, number and time, and is a TimeoutError too."""
    with pytest.raises(TimeoutError) as caught:
        wait(number, 5)
    assert isinstance(caught.value, CodeTimeout)
    assert str(caught.value) == (
        "scripted, order order-1, +12015550100, after 4.5 s: no SMS came. "
        "Check that the application sent it to this number."
    )
    assert (caught.value.provider, caught.value.order_id, caught.value.number) == (
        "scripted",
        "order-1",
        "+12015550100",
    )
    assert caught.value.elapsed == pytest.approx(4.5)


def test_timeout_lists_what_came_masked(number: OtpNumber, provider: ScriptedProvider) -> None:
    """Messages without a code are listed by their shape, with the reason why each was passed over."""
    provider.receive("Hi Jo, card 9999!", sender="Shop")
    provider.receive("Welcome")
    with pytest.raises(CodeTimeout) as caught:
        number.wait_code(5)
    assert str(caught.value) == (
        "scripted, order order-1, +12015550100, after 4.5 s: no code came; 2 SMS came without one: "
        "from Shop: 'xx xx, xxxx 0000!' (no code found in it: '0000', labelled by 'card'); "
        "from unknown: 'xxxxxxx' (no code found in it: nothing looks like one). "
        "--otp-show-sms shows the texts. pytest-otp codes 'TEXT' shows how a text is read; "
        "wait_code(pattern=...) finds what it does not."
    )


def test_timeout_lists_what_came_in_full(provider: ScriptedProvider, time: Time) -> None:
    """Who asked for it sees the texts themselves, on one line each."""
    provider.receive("Hi Jo,\ncard 9999!", sender="Shop")
    with pytest.raises(CodeTimeout) as caught:
        rented(provider, time, show_sms=True).wait_code(5)
    assert str(caught.value) == (
        "scripted, order order-1, +12015550100, after 4.5 s: no code came; 1 SMS came without one: "
        "from Shop: 'Hi Jo,\\ncard 9999!' (no code found in it: '9999', labelled by 'card'). "
        "pytest-otp codes 'TEXT' shows how a text is read; wait_code(pattern=...) finds what it does not."
    )


def test_timeout_masks_what_could_be_a_code(number: OtpNumber, provider: ScriptedProvider) -> None:
    """A candidate is shown as the text around it is: no digit of it is told without --otp-show-sms."""
    provider.receive("Card 9876 paid 1,357.00 EUR on 31.08.2019, see https://shop.example/a86420")
    with pytest.raises(CodeTimeout, match="no code found in it: '") as caught:
        number.wait_code(5)
    told = str(caught.value).partition(": no code came")[2]
    assert "'0000', labelled by 'card'" in told
    assert set(re.findall(r"\d", told)) == {"0", "1"}  # the 1 counts the messages


def test_timeout_says_why_filters_passed_over(number: OtpNumber, provider: ScriptedProvider) -> None:
    """A code that came from somebody else is not silently ignored."""
    provider.receive("code 111111", sender="Bank")
    with pytest.raises(CodeTimeout, match=re.escape("from Bank: 'xxxx 000000' (from 'Bank', not from 'Shop')")):
        number.wait_code(5, sender="Shop")
    with pytest.raises(CodeTimeout, match=re.escape("'xxxx 000000' (the pattern does not match)")):
        number.wait_code(5, pattern="X(1)")


def test_timeout_does_not_list_what_was_handed_out(number: OtpNumber, provider: ScriptedProvider) -> None:
    """A code that an earlier call returned is no news."""
    provider.receive("code 111111")
    number.wait_code()
    with pytest.raises(CodeTimeout) as caught:
        number.wait_code(5)
    assert "no SMS came" in str(caught.value)


def test_timeout_names_the_last_failure(number: OtpNumber, provider: ScriptedProvider) -> None:
    """A provider that was away until the end is named as a possible reason."""
    provider.always("messages", AWAY)
    with pytest.raises(CodeTimeout) as caught:
        number.wait_code(5)
    assert "no SMS came. The last request failed: answered 502 Bad Gateway. Check that" in str(caught.value)


def test_timeout_offline_names_the_ways_to_send() -> None:
    """The fake provider's own hint stands at the end, after the one about the texts."""
    with pytest.raises(
        CodeTimeout, match=r"no SMS came\. In the scenario manual nothing comes by itself: call otp_carr"
    ):
        offline("manual").wait_code(0)


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
        "scripted, order order-1, +12015550100: the order was cancelled or finished at the provider: "
        "no further SMS will come. Order another number."
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


def test_an_ended_order_needs_no_closing(number: OtpNumber, provider: ScriptedProvider) -> None:
    """What the provider ended is not sent a cancel."""
    provider.ended.add("order-1")
    with pytest.raises(OrderEnded):
        number.wait_code()
    number.close()
    assert (provider.calls("cancel"), provider.calls("finish")) == (0, 0)
    assert number.state == "ended"


def test_closing_ends_the_waits_of_other_threads(provider: ScriptedProvider) -> None:
    """A thread that waits is woken at once when the number is closed, and told so."""
    number = rented(provider, None, timeout=60, poll_interval=50)
    with ThreadPoolExecutor() as pool:
        waits = [pool.submit(number.wait_code), pool.submit(lambda: asyncio.run(number.wait_code_async()))]
        while provider.calls("messages") < len(waits):
            real_time.sleep(0.01)
        real_time.sleep(0.05)
        begin = real_time.monotonic()
        number.close()
        for wait in waits:
            with pytest.raises(OrderEnded, match="the order is cancelled: no further SMS will come"):
                wait.result(30)
        assert real_time.monotonic() - begin < 10


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


def test_a_look_queues_no_longer_than_the_wait(provider: ScriptedProvider) -> None:
    """Where another thread's look hangs, the time spent in its queue is no longer there for the request."""
    number = rented(provider, None, timeout=0.6)
    left: list[float | None] = []
    entered, release = threading.Event(), threading.Event()

    def hang() -> None:
        entered.set()
        release.wait(10)

    provider.script("messages", hang, *[lambda: left.append(time_left())] * 9)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(number.wait_code)
        assert entered.wait(10)
        second = pool.submit(number.wait_code, 2.0)
        real_time.sleep(1.8)
        release.set()
        for wait in (first, second):
            with pytest.raises(CodeTimeout):
                wait.result(10)
    assert left
    assert max(seconds or 0.0 for seconds in left) < 0.5


# Asking for another SMS


def test_a_second_code_is_asked_for(number: OtpNumber, provider: ScriptedProvider, time: Time) -> None:
    """A second wait looks first, then tells the provider once to expect another SMS, and goes on looking."""
    provider.receive("code 111111")
    number.wait_code()
    assert provider.calls("resend") == 0
    time.at(time.elapsed + 5, lambda: provider.receive("code 222222"))
    assert number.wait_code() == "222222"
    assert provider.events[2:5] == ["messages order-1", "resend order-1", "messages order-1"]
    assert provider.calls("resend") == 1


def test_a_code_that_is_there_needs_no_resend(number: OtpNumber, provider: ScriptedProvider) -> None:
    """A second SMS that came by itself is found by the look before the resend."""
    provider.receive("code 111111")
    number.wait_code()
    provider.receive("code 222222")
    assert number.wait_code() == "222222"
    assert provider.calls("resend") == 0


def test_a_message_without_code_asks_for_another_too(number: OtpNumber, provider: ScriptedProvider) -> None:
    """Where the first SMS was a greeting, the provider is told to expect the next."""
    provider.receive("Welcome to the shop!")
    with pytest.raises(CodeTimeout):
        number.wait_code(10)
    assert provider.calls("resend") == 1


def test_no_resend_before_the_first_sms(number: OtpNumber, provider: ScriptedProvider) -> None:
    """As long as none came there is nothing to expect another one after."""
    with pytest.raises(CodeTimeout):
        number.wait_code(60)
    assert provider.calls("resend") == 0


def test_every_code_is_asked_for_once(number: OtpNumber, provider: ScriptedProvider) -> None:
    """Three codes are two resends, however many looks they take."""
    for code in ("111111", "222222", "333333"):
        provider.script("messages", None, None, None, partial(provider.receive, f"code {code}"))
        assert number.wait_code() == code
    assert provider.calls("resend") == 2


def test_an_explicit_resend_is_not_repeated(number: OtpNumber, provider: ScriptedProvider, time: Time) -> None:
    """Who asked for another SMS by hand has asked."""
    provider.receive("code 111111")
    number.wait_code()
    number.resend()
    time.at(time.elapsed + 5, lambda: provider.receive("code 222222"))
    assert number.wait_code() == "222222"
    assert provider.calls("resend") == 1


def test_an_explicit_resend_takes_the_place_of_a_due_one(number: OtpNumber, provider: ScriptedProvider) -> None:
    """A wait that ran out just before its own resend leaves none behind: a second one could make a new SMS look old."""
    provider.receive("code 111111")
    number.wait_code()
    with pytest.raises(CodeTimeout):
        number.wait_code(0)
    number.resend()
    provider.receive("code 222222")
    assert number.wait_code() == "222222"
    assert provider.calls("resend") == 1


def test_a_lost_resend_is_sent_again(number: OtpNumber, provider: ScriptedProvider, time: Time) -> None:
    """A resend that met a passing failure is made up for at the next look."""
    provider.receive("code 111111")
    number.wait_code()
    provider.script("resend", AWAY)
    time.at(time.elapsed + 5, lambda: provider.receive("code 222222"))
    assert number.wait_code() == "222222"
    assert provider.calls("resend") == 2


@pytest.mark.parametrize("refusal", [ProviderError("no more"), OrderEnded("it is done")])
def test_a_refused_resend_does_not_end_the_wait(
    number: OtpNumber, provider: ScriptedProvider, time: Time, refusal: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """A provider that refuses to expect another SMS may still deliver one; the refusal is logged, once."""
    caplog.set_level("INFO", "pytest_otp")
    provider.receive("code 111111")
    number.wait_code()
    provider.script("resend", refusal)
    time.at(time.elapsed + 5, lambda: provider.receive("code 222222"))
    assert number.wait_code() == "222222"
    assert [record.getMessage() for record in caplog.records] == [
        f"order order-1: no further SMS could be asked for: {refusal}"
    ]


def test_an_explicit_resend_raises(number: OtpNumber, provider: ScriptedProvider) -> None:
    """Who asks by hand is told of a refusal, and of a closed order without asking the provider."""
    provider.script("resend", ProviderError("no more"))
    with pytest.raises(ProviderError, match="no more"):
        number.resend()
    number.close()
    with pytest.raises(OrderEnded, match="the order is cancelled"):
        number.resend()
    assert provider.calls("resend") == 1


class StaleProvider(ScriptedProvider):
    """As otpcepat: one text at a time, shown again after a resend, as a message with the same id."""

    def messages(self, order: Order) -> Messages:
        everything = super().messages(order)
        return Messages(OrderState.WAITING, everything.sms[-1:])


def test_stale_text_after_a_resend(time: Time) -> None:
    """A provider that goes on showing the old text after a resend, then only the new one, delivers each once."""
    provider = StaleProvider()
    number = rented(provider, time)
    provider.receive("code 111111")
    assert number.wait_code() == "111111"
    number.resend()
    time.at(time.elapsed + 9, lambda: provider.receive("code 111111"))
    before = time.elapsed
    assert number.wait_code() == "111111"
    assert time.elapsed - before >= 9
    assert [message.id for message in number.messages] == ["sms-1", "sms-2"]


# Threads and event loops


def test_threads_share_a_number() -> None:
    """Twenty threads that wait on one number get twenty different codes of it."""
    carrier = Carrier(seed=1)
    desk = FakeProvider(RentalDesk(carrier, scenario=scenario("manual")))
    number = OtpNumber(desk, desk.order(None, None, None), timeout=20)
    with ThreadPoolExecutor(20) as pool:
        waits = [pool.submit(number.wait_code) for _ in range(20)]
        for index in range(20):
            carrier.deliver(number, f"code {index + 100000}")
        assert sorted(int(wait.result(20)) - 100000 for wait in waits) == list(range(20))


def test_one_request_at_a_time(provider: ScriptedProvider) -> None:
    """Several waits on one number never ask the provider at the same moment."""
    number = rented(provider, None, poll_interval=0.1)
    asking, most = 0, 0

    def ask() -> None:
        nonlocal asking, most
        asking += 1
        most = max(most, asking)
        real_time.sleep(0.02)
        asking -= 1

    provider.script("messages", *[ask] * 200)
    with ThreadPoolExecutor() as pool:
        for wait in [pool.submit(number.wait_code, 0.3) for _ in range(4)]:
            with pytest.raises(CodeTimeout):
                wait.result(10)
    assert most == 1


def test_async_twins() -> None:
    """Codes and messages on an event loop, with the same filters, pushed by the carrier."""
    carrier = Carrier(seed=1)
    desk = FakeProvider(RentalDesk(carrier, scenario=scenario("manual")))
    number = OtpNumber(desk, desk.order(None, None, None), timeout=10)

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


def test_async_waits_use_the_loops_clock(provider: ScriptedProvider) -> None:
    """Two minutes of an event loop whose clock jumps are over in no time, and are two minutes in the error."""
    loop = VirtualLoop()
    try:
        with pytest.raises(CodeTimeout, match=r"after 119\.[56] s"):
            loop.run_until_complete(rented(provider, None).wait_code_async())
    finally:
        loop.close()
    assert 40 < provider.calls("messages") < 80


def test_a_cancelled_async_wait_leaves_its_message() -> None:
    """A task that is cancelled, even while its request is under way, hands nothing out; the next call gets it."""
    provider = ScriptedProvider()
    number = rented(provider, None)
    entered, release = threading.Event(), threading.Event()

    def hang() -> None:
        entered.set()
        release.wait(10)
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


# Closing


def test_close_cancels_where_nothing_came(number: OtpNumber, provider: ScriptedProvider) -> None:
    """An order without SMS is cancelled, with one request."""
    number.close()
    assert provider.events[1:] == ["cancel order-1"]
    assert number.state is OrderState.CANCELLED


def test_close_finishes_where_an_sms_came(number: OtpNumber, provider: ScriptedProvider) -> None:
    """An order with an SMS is finished, with one request."""
    provider.receive("code 111111")
    number.wait_code()
    number.close()
    assert provider.events[2:] == ["finish order-1"]
    assert number.state is OrderState.FINISHED


def test_close_cancels_where_a_finish_is_refused(number: OtpNumber, provider: ScriptedProvider) -> None:
    """An order that waits again after a resend can perhaps only be cancelled: tried where a finish is refused."""
    provider.receive("code 111111")
    number.wait_code()
    provider.inboxes.clear()
    provider.script("finish", InvalidRequest("said 'WRONG STATUS'", provider="scripted"))
    number.close()
    assert provider.events[2:] == ["finish order-1", "cancel order-1"]
    assert number.state == "cancelled"


def test_close_tries_a_refused_finish_again(number: OtpNumber, provider: ScriptedProvider) -> None:
    """Where a finish is refused for now and a cancel because an SMS came, the finish is tried again."""
    provider.receive("code 111111")
    number.wait_code()
    provider.script("finish", InvalidRequest("said 'WRONG STATUS'", provider="scripted"))
    number.close()
    assert provider.events[2:] == ["finish order-1", "cancel order-1", "finish order-1"]
    assert number.state == "finished"


def test_close_finishes_where_the_cancel_comes_too_late(number: OtpNumber, provider: ScriptedProvider) -> None:
    """An SMS that nobody waited for turns the cancel into a finish."""
    provider.receive("code 111111")
    number.close()
    assert provider.events[1:] == ["cancel order-1", "finish order-1"]
    assert number.state == "finished"


def test_closing_twice_is_closing_once(number: OtpNumber, provider: ScriptedProvider) -> None:
    """After a close, close, cancel and finish ask nobody and change nothing."""
    number.close()
    for again in (number.close, number.cancel, number.finish):
        again()
    assert provider.events[1:] == ["cancel order-1"]
    assert number.state == "cancelled"


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


def test_cancel_after_an_sms(number: OtpNumber, provider: ScriptedProvider) -> None:
    """A cancel by hand that comes too late says so, once, and the number can then be finished."""
    provider.receive("code 111111")
    with pytest.raises(SmsAlreadyReceived) as caught:
        number.cancel()
    assert str(caught.value) == "scripted, order order-1: an SMS has come. Finish the order instead."
    assert provider.calls("cancel") == 1
    assert number.state == "received"
    number.close()
    assert provider.events[1:] == ["cancel order-1", "finish order-1"]


@pytest.mark.parametrize("operation", ["cancel", "finish"])
def test_a_refusal_by_hand_is_raised_as_it_is(number: OtpNumber, provider: ScriptedProvider, operation: str) -> None:
    """By hand a refusal is an answer, not something to try again."""
    refusal = InvalidRequest("you may not cancel within two minutes", provider="scripted")
    provider.always(operation, refusal)
    with pytest.raises(InvalidRequest) as caught:
        getattr(number, operation)()
    assert caught.value is refusal
    assert provider.calls(operation) == 1
    assert number.state == "waiting"


@pytest.mark.parametrize("operation", ["close", "cancel"])
def test_closing_is_tried_again(number: OtpNumber, provider: ScriptedProvider, time: Time, operation: str) -> None:
    """A provider that is away for a moment gets another try after 0.5 s, 1 s, 2 s."""
    at: list[float] = []
    provider.script("cancel", AWAY, AWAY, AWAY, lambda: at.append(time.elapsed))
    getattr(number, operation)()
    assert provider.calls("cancel") == 4
    assert at == [3.5]
    assert number.state == "cancelled"


def test_a_refused_close_is_tried_again(number: OtpNumber, provider: ScriptedProvider) -> None:
    """Teardown tries also a refusal again, since some providers refuse an early cancel."""
    provider.script("cancel", InvalidRequest("not yet"))
    number.close()
    assert provider.calls("cancel") == 2


def test_retry_after_is_honoured_while_closing(number: OtpNumber, provider: ScriptedProvider, time: Time) -> None:
    """A provider that asks for six seconds gets them."""
    provider.script("cancel", ProviderUnavailable("answered 429", retry_after=6.0))
    number.close()
    assert time.elapsed == pytest.approx(6.0)


def test_closing_gives_up_in_time(number: OtpNumber, provider: ScriptedProvider, time: Time) -> None:
    """After twenty seconds the error names provider, order, number and what the provider last said."""
    provider.always("cancel", AWAY)
    with pytest.raises(OrderNotClosed) as caught:
        number.close()
    assert str(caught.value) == (
        f"scripted, order order-1, +12015550100, after {caught.value.elapsed:.1f} s: the order could not be closed, "
        "its number may still be rented: answered 502 Bad Gateway. "
        "Cancel or finish it in your account at the provider."
    )
    assert 10 <= time.elapsed <= 20
    assert caught.value.elapsed == pytest.approx(time.elapsed)
    assert caught.value.__cause__ is AWAY
    assert number.state == "waiting"


@pytest.mark.parametrize("close", [OtpNumber.cancel, OtpNumber.finish])
def test_closing_by_hand_gives_up_too(
    number: OtpNumber, provider: ScriptedProvider, close: Callable[[OtpNumber], None]
) -> None:
    """A provider that stays away leaves the order unclosed by hand as well."""
    provider.always(close.__name__, AWAY)
    with pytest.raises(OrderNotClosed, match="its number may still be rented: answered 502 Bad Gateway"):
        close(number)


@pytest.mark.parametrize("error", [AuthenticationError("wrong key"), OrderNotFound("no such order")])
def test_closing_is_not_tried_again_in_vain(number: OtpNumber, provider: ScriptedProvider, error: Exception) -> None:
    """What no second try can change is told at once."""
    provider.always("cancel", error)
    with pytest.raises(OrderNotClosed, match=f"may still be rented: {error.args[0]}"):
        number.close()
    assert provider.calls("cancel") == 1


def test_a_bug_while_closing_names_the_order(number: OtpNumber, provider: ScriptedProvider) -> None:
    """Also an exception that nobody foresaw becomes one that names the order."""
    provider.always("cancel", ZeroDivisionError("oops"))
    with pytest.raises(OrderNotClosed, match=r"order order-1, \+12015550100.* ZeroDivisionError: oops\. Cancel or"):
        number.close()


def test_no_time_to_close_is_one_try(number: OtpNumber, provider: ScriptedProvider, time: Time) -> None:
    """With no time left a close is tried once, and the request gets two seconds at least."""
    left: list[float | None] = []
    provider.script("cancel", lambda: left.append(time_left()))
    provider.always("cancel", AWAY)
    with pytest.raises(OrderNotClosed):
        number.close(0)
    assert provider.calls("cancel") == 1
    assert time.elapsed == 0


def test_the_requests_of_a_close_are_limited(number: OtpNumber, provider: ScriptedProvider) -> None:
    """The provider's client is told how long closing may take as a whole."""
    left: list[float] = []
    provider.script("cancel", lambda: left.append(time_left() or 0.0))
    number.close(7)
    assert 6 < left[0] <= 7


def test_a_failed_finish_is_tried_as_a_finish(number: OtpNumber, provider: ScriptedProvider) -> None:
    """After a cancel that came too late only the finish is tried again."""
    provider.receive("code 111111")
    provider.script("finish", AWAY)
    number.close()
    assert provider.events[1:] == ["cancel order-1", "finish order-1", "finish order-1"]


def test_a_close_that_failed_can_be_repeated(number: OtpNumber, provider: ScriptedProvider) -> None:
    """An OrderNotClosed is not the last word: a later close tries again."""
    provider.script("cancel", AuthenticationError("wrong key"))
    with pytest.raises(OrderNotClosed):
        number.close()
    number.close()
    assert number.state == "cancelled"


def test_threads_close_once(provider: ScriptedProvider) -> None:
    """Ten threads that close one number send one request."""
    number = rented(provider, None)
    provider.script("cancel", lambda: real_time.sleep(0.05))
    with ThreadPoolExecutor(10) as pool:
        for closing in [pool.submit(number.close) for _ in range(10)]:
            closing.result(10)
    assert provider.calls("cancel") == 1


def test_a_push_subscription_ends_with_the_order() -> None:
    """A closed number listens to its provider no longer."""
    ended: list[str] = []

    class Pushing(ScriptedProvider):
        def subscribe(self, order: Order, notify: Callable[[float], None]) -> Callable[[], None]:
            return lambda: ended.append(order.id)

    number = rented(Pushing(), None)
    assert not ended
    number.close()
    assert ended == ["order-1"]


def test_a_pushed_message_is_found_at_once() -> None:
    """With a provider that pushes, a message that comes in a moment is returned then."""
    number = offline("auto")
    begin = real_time.monotonic()
    assert number.wait_code(30).isdigit()
    assert real_time.monotonic() - begin < 5


def test_messages_show_no_text(number: OtpNumber, provider: ScriptedProvider) -> None:
    """A message in a failing test's report shows its shape only."""
    provider.receive("Hi Jo, code 482913", sender="Shop")
    message = number.wait_message()
    assert isinstance(message, SmsMessage)
    assert repr(message) == "SmsMessage(id='sms-1', sender='Shop', text='xx xx, xxxx 000000')"
