"""Placing one order so that neither an interrupt nor an error loses it."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_otp.errors import (
    InsufficientBalance,
    InvalidRequest,
    NumberUnavailable,
    OrderNotClosed,
    OrderUncertain,
    OtpError,
    ProviderUnavailable,
)
from pytest_otp.numbers.number import OtpNumber
from pytest_otp.numbers.options import NumberOptions
from pytest_otp.numbers.order_thread import ANSWER_TIMEOUT, Timing, place
from pytest_otp.providers.base import Order
from pytest_otp.providers.deadline import time_left, time_limit
from pytest_otp.providers.http import Timeouts
from tests.numbers.renting import LONG, interrupting
from tests.scripted import ScriptedProvider, Time

ROOT = Path(__file__).parent.parent.parent


class Pushing(ScriptedProvider):
    """A provider that refuses to push."""

    def subscribe(self, order: Order, notify: Callable[[float], None]) -> Callable[[], None]:
        raise InvalidRequest("no push for you")


class HandingOn(ScriptedProvider):
    """A provider whose orders a keeper closes, later."""

    def __init__(self) -> None:
        super().__init__()
        self.handed_on = threading.Event()

    def hand_on(self, order: Order, *, received: bool, timeout: float) -> None:
        self.note(f"hand on {order.id}")
        self.handed_on.set()


def test_an_ordered_number(provider: ScriptedProvider, time: Time) -> None:
    """What was asked for reaches the provider; the options and the clock reach the number."""
    timing = Timing(time.clock, time.sleep)
    number = place(provider, "shop", "US", "any", options=NumberOptions(timeout=7), timing=timing)
    assert isinstance(number, OtpNumber)
    assert (number.service, number.order_id) == ("shop", "order-1")
    with pytest.raises(TimeoutError, match="no SMS within 7 s"):
        number.wait_code()
    assert provider.calls("order") == 1


def test_the_number_is_seen_before_anything_is_done_with_it(provider: ScriptedProvider) -> None:
    """`on_ordered` gets the number that the caller gets."""
    seen: list[OtpNumber] = []
    assert place(provider, on_ordered=seen.append) is seen[0]


@pytest.mark.parametrize(
    "error",
    [
        NumberUnavailable("none left", provider="scripted"),
        InsufficientBalance("too low", provider="scripted"),
        OrderUncertain("the answer was lost", provider="scripted"),
        ProviderUnavailable("refused the connection", provider="scripted", sent=False),
    ],
)
def test_a_refused_order_is_raised_once(provider: ScriptedProvider, time: Time, error: OtpError) -> None:
    """The provider's error reaches the caller as it is, with the time that it took, after one request."""

    def refused() -> None:
        time.sleep(3)
        raise error

    provider.script("order", refused)
    with pytest.raises(type(error)) as caught:
        place(provider, timing=Timing(time.clock))
    assert caught.value is error
    assert error.elapsed == 3.0
    assert provider.events == ["order order-1"]


def test_a_bug_of_a_provider_is_raised_as_it_is(provider: ScriptedProvider) -> None:
    """An exception that is none of ours reaches the caller too, after one request."""
    provider.script("order", ZeroDivisionError("a bug"))
    with pytest.raises(ZeroDivisionError, match="a bug"):
        place(provider)
    assert provider.events == ["order order-1"]


def test_an_order_keeps_the_callers_time_limit(provider: ScriptedProvider) -> None:
    """A time limit around the order holds for its request too, although another thread sends it."""
    left: list[float] = []
    provider.script("order", lambda: left.append(time_left() or 0.0))
    with time_limit(3600):
        place(provider)
    assert 0 < left[0] <= 3600


def test_an_order_that_is_none(provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider that returns something else than an Order leaves open whether it rented a number."""
    monkeypatch.setattr(provider, "order", lambda *wanted: {"id": "1"})
    with pytest.raises(
        OrderUncertain, match=r"^scripted, after .* s: order\(\) must return an Order; got dict\. A num"
    ):
        place(provider)


def test_rollback_if_the_subscription_fails() -> None:
    """A failure after the order was placed, here of the provider's push, closes it again."""
    provider = Pushing()
    with pytest.raises(InvalidRequest, match="no push for you"):
        place(provider)
    assert provider.events == ["order order-1", "cancel order-1"]


def test_a_rollback_that_fails_names_the_order(time: Time) -> None:
    """If the cancel fails too, the error names the order that is left, and keeps what went wrong first."""
    provider = Pushing()
    provider.always("cancel", ProviderUnavailable("answered 502"))
    with pytest.raises(OrderNotClosed) as caught:
        place(provider, timing=Timing(time.clock))
    assert str(caught.value) == (
        "scripted, order order-1, 12015550100, after 0.0 s: the order could not be closed, and its number may still be "
        "rented: answered 502. Cancel or finish it in your account at the provider."
    )
    cause = caught.value.__cause__
    assert isinstance(cause, ProviderUnavailable)
    assert isinstance(cause.__context__, InvalidRequest)


# Interrupts


def test_an_answer_is_awaited_longer_than_a_request_may_take() -> None:
    """An order that is interrupted waits for its answer at least as long as our HTTP client does."""
    assert Timeouts().connect + Timeouts().order < ANSWER_TIMEOUT


def test_an_interrupt_before_the_thread_started_orders_nothing(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while the thread is being started ends the order for good: a thread that starts late sends nothing."""
    late: list[Callable[[], None]] = []

    def start(thread: threading.Thread) -> None:
        late.append(thread.run)
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(KeyboardInterrupt):
        place(provider)
    late[0]()
    assert provider.events == []


def test_an_interrupt_while_the_thread_starts_loses_nothing(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C right after the thread was started waits for its order, and closes it."""
    start = threading.Thread.start
    sent = threading.Event()

    def interrupted_start(thread: threading.Thread) -> None:
        start(thread)
        if thread.name == "pytest-otp order":
            assert sent.wait(LONG)
            raise KeyboardInterrupt

    provider.script("order", sent.set)
    monkeypatch.setattr(threading.Thread, "start", interrupted_start)
    with pytest.raises(KeyboardInterrupt):
        place(provider)
    assert provider.events == ["order order-1", "cancel order-1"]


def test_an_interrupt_waits_for_the_answer(provider: ScriptedProvider) -> None:
    """Ctrl-C while the request is under way goes on only after its answer came and the order was closed."""
    sent, answer = threading.Event(), threading.Event()

    def slow() -> None:
        sent.set()
        assert answer.wait(LONG)
        provider.note("answer")

    provider.script("order", slow)
    with pytest.raises(KeyboardInterrupt), interrupting(sent, then=answer.set):
        place(provider)
    assert provider.events == ["order order-1", "answer", "cancel order-1"]


def test_an_interrupt_of_an_order_that_fails_anyway(provider: ScriptedProvider) -> None:
    """There is nothing to close if the interrupted order was refused."""
    sent, answer = threading.Event(), threading.Event()

    def refused() -> None:
        sent.set()
        assert answer.wait(LONG)
        raise NumberUnavailable("none left")

    provider.script("order", refused)
    with pytest.raises(KeyboardInterrupt), interrupting(sent, then=answer.set):
        place(provider)
    assert provider.events == ["order order-1"]


def test_an_interrupt_does_not_wait_if_a_keeper_closes_the_order() -> None:
    """With a keeper, Ctrl-C goes on before the answer came: a late order is handed on to it."""
    provider = HandingOn()
    sent, answer = threading.Event(), threading.Event()

    def slow() -> None:
        sent.set()
        assert answer.wait(LONG)

    provider.script("order", slow)
    with pytest.raises(KeyboardInterrupt), interrupting(sent):
        place(provider)
    provider.note("interrupted")
    answer.set()
    assert provider.handed_on.wait(LONG)
    assert provider.events == ["order order-1", "interrupted", "hand on order-1"]


def test_a_second_interrupt_does_not_wait_for_the_answer(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C pressed twice goes on before the answer came; a late order is still closed."""
    sent, answer, closed = (threading.Event() for _ in range(3))
    wait, main = threading.Event.wait, threading.get_ident()

    def interrupted(event: threading.Event, timeout: float | None = None) -> bool:
        if threading.get_ident() == main and timeout is not None:
            raise KeyboardInterrupt  # the second, while the first waits for the answer
        return wait(event, timeout)

    def slow() -> None:
        sent.set()
        assert answer.wait(LONG)

    provider.script("order", slow)
    provider.script("cancel", closed.set)
    monkeypatch.setattr(threading.Event, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught, interrupting(sent):
        place(provider)
    monkeypatch.undo()
    assert isinstance(caught.value.__context__, KeyboardInterrupt), "one interrupt was enough"
    provider.note("interrupted")
    answer.set()
    assert closed.wait(LONG)
    assert provider.events == ["order order-1", "interrupted", "cancel order-1"]


def test_an_answer_that_never_comes_is_not_awaited_for_ever(provider: ScriptedProvider) -> None:
    """An interrupt goes on without the answer when its time is over."""
    sent, answer = threading.Event(), threading.Event()

    def hang() -> None:
        sent.set()
        assert answer.wait(LONG)

    provider.script("order", hang)
    timing = Timing(answer_timeout=0.01)
    with pytest.raises(KeyboardInterrupt), interrupting(sent):
        place(provider, options=NumberOptions(close_timeout=0), timing=timing)
    assert provider.events == ["order order-1"]
    answer.set()


INTERRUPTED = """
import os, signal, sys, threading
sys.path.insert(0, {root!r})
from pathlib import Path
from pytest_otp.numbers.ordering import Numbers
from tests.scripted import ScriptedProvider

provider = ScriptedProvider(Path({log!r}))
noticed = threading.Event()

class TimedOut(BaseException):
    pass

def interrupt(number, frame):
    if not noticed.is_set():
        provider.note("interrupt")
        noticed.set()
        raise KeyboardInterrupt if number == signal.SIGINT else TimedOut

def slow_answer():
    while not noticed.wait(0.05):
        os.kill(os.getpid(), signal.{signal})
    provider.note("answer")

signal.signal(signal.{signal}, interrupt)
provider.script("order", slow_answer)
with Numbers(provider) as numbers:
    numbers()
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGALRM"])
def test_a_signal_in_the_middle_of_an_order(tmp_path: Path, name: str) -> None:
    """Ctrl-C, or the signal of a time-out, does not cut an order in half: its answer is awaited, and it is closed."""
    log = tmp_path / "events"
    program = INTERRUPTED.format(root=str(ROOT), log=str(log), signal=name)
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert log.read_text().splitlines() == ["order order-1", "interrupt", "answer", "cancel order-1"], run.stderr
    if name == "SIGINT":
        assert run.returncode == -signal.SIGINT
    assert run.stderr.rstrip().endswith({"SIGINT": "KeyboardInterrupt", "SIGALRM": "TimedOut"}[name])
