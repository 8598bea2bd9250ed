"""What "the next code" is: each message once, in order, and when the provider is told to expect another."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable
from functools import partial
from time import sleep

import pytest

from pytest_otp.errors import CodeTimeout, OrderEnded, ProviderError, ProviderUnavailable
from pytest_otp.numbers.number import OtpNumber
from pytest_otp.numbers.open_order import OpenOrder
from pytest_otp.numbers.receiving import REQUEST_THREADS, Receiver
from pytest_otp.numbers.waiting import Pace
from pytest_otp.offline.carrier import Carrier
from pytest_otp.providers.base import Messages, Order, OrderState
from pytest_otp.providers.deadline import time_left
from tests.numbers.renting import AWAY, LONG, begun, offline, rented
from tests.scripted import ScriptedProvider, Time


def test_a_code_that_comes_while_waiting(number: OtpNumber, provider: ScriptedProvider, time: Time) -> None:
    """The code is returned at the first poll after its arrival."""
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
    with pytest.raises(CodeTimeout, match="no SMS within 5 s"):
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


def test_a_disagreement_with_the_provider_is_logged_once(
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
    assert record.getMessage().startswith("message sms-2: the code that the provider reports differs from the one")
    assert not re.search("482913|771204", caplog.text)


def test_a_pattern_function_that_fails_consumes_nothing(number: OtpNumber, provider: ScriptedProvider) -> None:
    """A bug in the test's own function is raised as it is, and the message is still there."""
    provider.receive("code 111111")
    with pytest.raises(ZeroDivisionError):
        number.wait_code(pattern=lambda text: str(1 / 0))
    assert number.wait_code() == "111111"


class Watched(OpenOrder):
    """An order that says when its state is about to be read."""

    def __init__(self, provider: ScriptedProvider) -> None:
        super().__init__(provider, provider.order(None, None, None), "+12015550100")
        self.polling: Callable[[], object] = lambda: None

    @property
    def is_closed(self) -> bool:
        self.polling()
        return super().is_closed


def test_a_poll_joins_the_one_that_is_under_way(provider: ScriptedProvider) -> None:
    """Two waits for one number share a request, and both get its outcome."""
    receiver = Receiver(OpenOrder(provider, provider.order(None, None, None), "+12015550100"))
    entered, release = threading.Event(), threading.Event()

    def hang() -> None:
        entered.set()
        assert release.wait(LONG)

    provider.script("messages", hang)
    first = begun(lambda: receiver.poll(LONG))
    assert entered.wait(LONG)
    second = receiver.poll(LONG)
    assert second is not None
    assert not second.done()
    provider.receive("code 111111")
    release.set()
    second.result(LONG)
    assert first.result(LONG) is second
    assert provider.calls("messages") == 1
    assert receiver.claim(lambda message: message.text) == "code 111111"


def test_a_poll_gets_the_time_that_is_left(provider: ScriptedProvider) -> None:
    """The provider's requests may take as long as the poll, and no longer."""
    receiver = Receiver(OpenOrder(provider, provider.order(None, None, None), "+12015550100"))
    left: list[float | None] = []
    provider.script("messages", lambda: left.append(time_left()))
    receiver.poll(60.0)
    (seconds,) = left
    assert seconds is not None
    assert 0 < seconds <= 60.0


def test_an_interrupted_poll_holds_nobody_up(provider: ScriptedProvider) -> None:
    """Ctrl-C in one thread's request reaches that thread; others that wait for it poll again themselves."""
    receiver = Receiver(OpenOrder(provider, provider.order(None, None, None), "+12015550100"))
    entered, release = threading.Event(), threading.Event()

    def interrupt() -> None:
        entered.set()
        assert release.wait(LONG)
        raise KeyboardInterrupt

    provider.script("messages", interrupt)
    first = begun(lambda: receiver.poll(LONG))
    assert entered.wait(LONG)
    second = receiver.poll(LONG)
    release.set()
    assert isinstance(first.exception(LONG), KeyboardInterrupt)
    assert second is not None
    assert isinstance(second.exception(LONG), ProviderUnavailable)
    provider.receive("code 111111")
    receiver.poll(LONG)
    assert receiver.claim(lambda message: message.text) == "code 111111"


def test_a_resend_waits_for_its_turn(provider: ScriptedProvider) -> None:
    """It comes after the request that is under way, and gives up if that takes all its time."""
    receiver = Receiver(OpenOrder(provider, provider.order(None, None, None), "+12015550100"))
    entered, release = threading.Event(), threading.Event()

    def hang() -> None:
        entered.set()
        assert release.wait(LONG)

    provider.script("messages", hang)
    begun(lambda: receiver.poll(LONG))
    assert entered.wait(LONG)
    with pytest.raises(ProviderUnavailable, match="no response to an earlier request"):
        receiver.resend(0.01)
    resent = begun(lambda: receiver.resend(LONG))
    release.set()
    resent.result(LONG)
    assert provider.events[-2:] == ["messages order-1", "resend order-1"]


def test_async_polls_leave_the_loop_free(provider: ScriptedProvider) -> None:
    """A request that blocks for a while runs elsewhere: the loop goes on turning meanwhile."""
    turns = 0
    asked, free = threading.Event(), threading.Event()

    def hang() -> None:
        asked.set()
        assert free.wait(LONG)

    async def main() -> None:
        nonlocal turns
        number = rented(provider, pace=Pace(first=0.0))
        provider.receive("code 111111")
        provider.script("messages", hang)
        task = asyncio.create_task(number.wait_code_async(LONG))
        while not asked.is_set() or turns < 3:
            await asyncio.sleep(0.001)
            turns += 1
        free.set()
        assert await task == "111111"

    asyncio.run(main())


def test_many_async_waits_share_a_few_threads(provider: ScriptedProvider) -> None:
    """A hundred waits on one loop use no more threads than there are for them, and all of them are served."""
    names: set[str] = set()
    count = 100

    async def main() -> list[str]:
        numbers = [rented(provider, pace=Pace(first=0.0)) for _ in range(count)]
        for index, number in enumerate(numbers):
            provider.receive(f"code {100000 + index}", order=number.order_id)
        provider.script("messages", *[lambda: names.add(threading.current_thread().name)] * count)
        provider.script("messages", *[lambda: sleep(0.001)] * count)
        return await asyncio.gather(*(number.wait_code_async(LONG) for number in numbers))

    before = threading.active_count()
    assert asyncio.run(main()) == [str(100000 + index) for index in range(count)]
    assert names == {"pytest-otp request"}
    assert threading.active_count() - before <= REQUEST_THREADS + 1


def test_the_last_message_of_an_order_is_not_lost(provider: ScriptedProvider) -> None:
    """A message that another thread's poll brings together with the order's end is still handed out."""
    order = Watched(provider)
    receiver = Receiver(order)
    provider.receive("code 111111")
    provider.ended.add("order-1")

    def poll_meanwhile() -> None:
        order.polling = lambda: None
        receiver.poll(LONG)

    order.polling = poll_meanwhile
    assert receiver.claim(lambda message: message.text) == "code 111111"
    with pytest.raises(OrderEnded):
        receiver.claim(lambda message: message.text)


def test_a_second_code_is_requested(number: OtpNumber, provider: ScriptedProvider, time: Time) -> None:
    """A second wait polls first, then tells the provider once to expect another SMS, and goes on polling."""
    provider.receive("code 111111")
    number.wait_code()
    assert provider.calls("resend") == 0
    time.at(time.elapsed + 5, lambda: provider.receive("code 222222"))
    assert number.wait_code() == "222222"
    assert provider.events[2:5] == ["messages order-1", "resend order-1", "messages order-1"]
    assert provider.calls("resend") == 1


def test_a_code_that_is_there_needs_no_resend(number: OtpNumber, provider: ScriptedProvider) -> None:
    """A second SMS that came by itself is found by the poll before the resend."""
    provider.receive("code 111111")
    number.wait_code()
    provider.receive("code 222222")
    assert number.wait_code() == "222222"
    assert provider.calls("resend") == 0


def test_a_message_without_code_requests_another_too(number: OtpNumber, provider: ScriptedProvider) -> None:
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


def test_every_code_is_requested_once(number: OtpNumber, provider: ScriptedProvider) -> None:
    """Three codes are two resends, however many polls they take."""
    for code in ("111111", "222222", "333333"):
        provider.script("messages", None, None, None, partial(provider.receive, f"code {code}"))
        assert number.wait_code() == code
    assert provider.calls("resend") == 2


def test_an_explicit_resend_is_not_repeated(number: OtpNumber, provider: ScriptedProvider, time: Time) -> None:
    """A resend by hand is enough."""
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
    """A resend that met a passing failure is made up for at the next poll."""
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
        f"order order-1: could not request another SMS: {refusal}"
    ]


def test_an_explicit_resend_raises(number: OtpNumber, provider: ScriptedProvider) -> None:
    """A resend by hand raises a refusal, and for a closed order an error without a request."""
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


def test_threads_share_a_number() -> None:
    """Twenty threads that wait on one number get twenty different codes of it."""
    carrier = Carrier(seed=1)
    number = offline("manual", carrier=carrier, timeout=LONG)
    waits = [begun(number.wait_code) for _ in range(20)]
    for index in range(20):
        carrier.deliver(number, f"code {index + 100000}")
    assert sorted(int(wait.result(LONG)) - 100000 for wait in waits) == list(range(20))


def test_one_request_at_a_time(provider: ScriptedProvider) -> None:
    """Several threads that poll for one number never make requests at the same moment."""
    receiver = Receiver(OpenOrder(provider, provider.order(None, None, None), "+12015550100"))
    polling, most = 0, 0

    def poll() -> None:
        nonlocal polling, most
        polling += 1
        most = max(most, polling)
        sleep(0.02)
        polling -= 1

    provider.script("messages", *[poll] * 8)
    for request in [begun(lambda: receiver.poll(LONG)) for _ in range(8)]:
        joined = request.result(LONG)
        assert joined is not None
        joined.result(LONG)
    assert 1 <= provider.calls("messages") <= 8
    assert most == 1
