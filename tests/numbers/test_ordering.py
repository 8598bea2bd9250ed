"""Placing orders so that no interrupt loses one, and closing all of them."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_otp.errors import (
    InsufficientBalance,
    InvalidRequest,
    NumberUnavailable,
    OrderNotClosed,
    OrderUncertain,
    OtpError,
    ProviderUnavailable,
    SettingsError,
)
from pytest_otp.numbers import ordering
from pytest_otp.numbers.number import OtpNumber
from pytest_otp.numbers.ordering import Numbers, close_all, order_number
from pytest_otp.providers.base import Order
from pytest_otp.providers.deadline import time_left, time_limit
from tests.scripted import ScriptedProvider

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def provider() -> ScriptedProvider:
    return ScriptedProvider()


def test_an_ordered_number(provider: ScriptedProvider) -> None:
    """What was asked for reaches the provider, the options reach the number."""
    with order_number(provider, "shop", "US", "any", show_sms=True) as number:
        assert isinstance(number, OtpNumber)
        assert (number.service, number.order_id) == ("shop", "order-1")
    assert provider.events == ["order order-1", "cancel order-1"]


@pytest.mark.parametrize(
    "error",
    [
        NumberUnavailable("none left", provider="scripted"),
        InsufficientBalance("too low", provider="scripted"),
        OrderUncertain("the answer was lost", provider="scripted"),
        ProviderUnavailable("refused the connection", provider="scripted", sent=False),
        ZeroDivisionError("a bug"),
    ],
)
def test_a_refused_order_is_raised_once(provider: ScriptedProvider, error: Exception) -> None:
    """The provider's error reaches the caller as it is, with the time it took, after one request."""
    provider.script("order", error)
    with pytest.raises(type(error)) as caught:
        order_number(provider)
    assert caught.value is error
    assert provider.events == ["order order-1"]
    if isinstance(error, OtpError):
        assert error.elapsed is not None
        assert 0 <= error.elapsed < 10


def test_an_order_keeps_the_callers_time_limit(provider: ScriptedProvider) -> None:
    """A time limit around the order holds for the request too, although another thread sends it."""
    left: list[float] = []
    provider.script("order", lambda: left.append(time_left() or 0.0))
    with time_limit(5), order_number(provider):
        pass
    assert 0 < left[0] <= 5


def test_rollback_where_the_number_cannot_be_made(provider: ScriptedProvider) -> None:
    """A failure after the order was placed, here of an option that does not exist, closes it again."""
    with pytest.raises(TypeError, match="no_such_option"):
        order_number(provider, no_such_option=1)
    assert provider.events == ["order order-1", "cancel order-1"]


def test_rollback_where_the_subscription_fails() -> None:
    """The same where the provider's push cannot be subscribed to."""

    class Pushing(ScriptedProvider):
        def subscribe(self, order: Order, notify: Callable[[float], None]) -> Callable[[], None]:
            raise InvalidRequest("no push for you")

    provider = Pushing()
    with pytest.raises(InvalidRequest, match="no push for you"):
        order_number(provider)
    assert provider.events == ["order order-1", "cancel order-1"]


def test_a_rollback_that_fails_names_the_order(provider: ScriptedProvider) -> None:
    """Where also the cancel fails, the error names the order that is left, and what went wrong first."""
    provider.always("cancel", ProviderUnavailable("answered 502"))
    with pytest.raises(OrderNotClosed) as caught:
        order_number(provider, no_such_option=1)
    assert str(caught.value) == (
        "scripted, order order-1, 12015550100, after 0.0 s: the order could not be closed, its number may still be "
        "rented: answered 502. Cancel or finish it in your account at the provider."
    )
    cause = caught.value.__cause__
    assert isinstance(cause, ProviderUnavailable)
    assert isinstance(cause.__context__, TypeError)


def test_an_interrupt_before_the_thread_started_orders_nothing(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while the thread is being started ends the order for good, at once, before anything was sent."""
    late: list[Callable[[], None]] = []

    def start(thread: Any) -> None:
        late.append(thread.run)
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", start)
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        order_number(provider)
    assert time.monotonic() - begin < 5
    late[0]()
    assert provider.events == []


def test_an_interrupt_while_the_thread_starts_loses_nothing(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C right after the thread was started waits for its order, and closes it."""
    start = threading.Thread.start

    def interrupted_start(thread: threading.Thread) -> None:
        start(thread)
        if thread.name == "pytest-otp order":
            assert asked.wait(10)
            raise KeyboardInterrupt

    asked = threading.Event()
    provider.script("order", asked.set)
    monkeypatch.setattr(threading.Thread, "start", interrupted_start)
    with pytest.raises(KeyboardInterrupt):
        order_number(provider)
    assert provider.events == ["order order-1", "cancel order-1"]


INTERRUPTED = """
import os, signal, sys, time
sys.path.insert(0, {root!r})
from pathlib import Path
from pytest_otp.numbers.ordering import Numbers
from tests.scripted import ScriptedProvider

provider = ScriptedProvider(Path({log!r}))

def slow_answer():
    os.kill(os.getpid(), signal.{signal})
    time.sleep(0.3)
    provider._called("answer", "order-1")

class TimedOut(BaseException):
    pass

def timed_out(number, frame):
    raise TimedOut

signal.signal(signal.SIGALRM, timed_out)
provider.script("order", slow_answer)
with Numbers(provider) as numbers:
    numbers()
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGALRM"])
def test_a_signal_in_the_middle_of_an_order(tmp_path: Path, name: str) -> None:
    """Ctrl-C, or the signal of a time-out, does not cut an order in half: its answer is awaited, and it is closed."""
    log = tmp_path / "events"
    program = INTERRUPTED.format(root=str(ROOT), log=str(log), signal=name)
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert log.read_text().splitlines() == ["order order-1", "answer order-1", "cancel order-1"]
    if name == "SIGINT":
        assert run.returncode == -signal.SIGINT
    assert run.stderr.rstrip().endswith({"SIGINT": "KeyboardInterrupt", "SIGALRM": "TimedOut"}[name])


def test_an_interrupt_of_an_order_that_fails_anyway(provider: ScriptedProvider) -> None:
    """There is nothing to close where the interrupted order was refused."""
    asked, answer = threading.Event(), threading.Event()

    def refused() -> None:
        asked.set()
        assert answer.wait(10)
        raise NumberUnavailable("none left")

    provider.script("order", refused)
    with pytest.raises(KeyboardInterrupt):
        interrupted(lambda: order_number(provider), asked, then=answer.set)
    assert provider.events == ["order order-1"]


def test_a_second_interrupt_does_not_wait_for_the_answer(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever presses Ctrl-C twice goes on at once; an answer that comes later is still taken in and closed."""
    asked, answer, closed, awaited = (threading.Event() for _ in range(4))
    wait_for_answer = ordering._close_when_ordered

    def waits(*order: Any) -> None:
        awaited.set()
        wait_for_answer(*order)

    def interrupt_again() -> None:
        assert awaited.wait(10)  # two signals before the first is noticed are one
        time.sleep(0.2)
        signal.pthread_kill(main, signal.SIGINT)

    monkeypatch.setattr(ordering, "_close_when_ordered", waits)

    def slow() -> None:
        asked.set()
        answer.wait(10)

    provider.script("order", slow)
    provider.script("cancel", closed.set)
    main = threading.get_ident()
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        interrupted(lambda: order_number(provider), asked, then=interrupt_again)
    assert time.monotonic() - begin < 5
    assert provider.events == ["order order-1"]
    answer.set()
    assert closed.wait(10)


# Numbers


def test_defaults_and_arguments(provider: ScriptedProvider) -> None:
    """An argument wins over the default, and what neither gives is the provider's choice."""
    with Numbers(provider, service="shop", country="US") as numbers:
        assert numbers().service == "shop"
        assert numbers(service="bank").service == "bank"
        assert numbers("bank", "GB").service == "bank"


def test_arguments_are_text(provider: ScriptedProvider) -> None:
    """A number where a text belongs is refused before anything is ordered."""
    with Numbers(provider) as numbers, pytest.raises(SettingsError) as caught:
        numbers(country=44)  # type: ignore[arg-type]
    assert str(caught.value) == 'otp_number: country=44 is no text. Give country="44".'
    assert provider.events == []


def test_forgotten_parentheses(provider: ScriptedProvider) -> None:
    """Who uses the factory as a number is told to call it."""
    with Numbers(provider) as numbers, pytest.raises(AttributeError) as caught:
        _ = numbers.e164
    assert str(caught.value) == (
        "otp_number rents numbers and is none: call it first, number = otp_number(); number.e164"
    )


def test_an_order_that_is_none(provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider that answers with something else than an Order leaves open whether it rented a number."""
    monkeypatch.setattr(provider, "order", lambda *wanted: {"id": "1"})
    with pytest.raises(OrderUncertain, match=r"^scripted, after .*: order\(\) returned dict where an Order is needed"):
        order_number(provider)


def test_all_numbers_are_closed_the_last_first(provider: ScriptedProvider) -> None:
    """Each call orders one number, and the end closes them all."""
    with Numbers(provider) as numbers:
        first, second, third = numbers(), numbers(), numbers()
        second.cancel()
    assert provider.events[3:] == ["cancel order-2", "cancel order-3", "cancel order-1"]
    assert {number.state.value for number in (first, second, third)} == {"cancelled"}


def test_ordering_after_the_end(provider: ScriptedProvider) -> None:
    """A factory that outlived its scope orders nothing, since nobody would close it."""
    with Numbers(provider) as numbers:
        pass
    with pytest.raises(OtpError) as caught:
        numbers()
    assert str(caught.value) == "otp_number was called after its scope had ended: nobody would close the order"
    assert not provider.events


def test_an_order_in_another_thread_when_the_scope_ends(provider: ScriptedProvider) -> None:
    """A number whose answer comes after the end of its scope is closed at once, and its thread is told."""
    asked, answer = threading.Event(), threading.Event()
    errors: list[str] = []

    def slow() -> None:
        asked.set()
        assert answer.wait(10)

    def orders() -> None:
        try:
            numbers()
        except OtpError as error:
            errors.append(error.message)

    provider.script("order", slow)
    with Numbers(provider) as numbers:
        thread = threading.Thread(target=orders)
        thread.start()
        assert asked.wait(10)
        threading.Timer(0.2, answer.set).start()
    assert provider.events == ["order order-1", "cancel order-1"]
    thread.join(10)
    assert provider.events == ["order order-1", "cancel order-1"]
    assert errors == ["the scope of otp_number ended while a number was being ordered: it was closed again"]


def test_an_order_that_gets_no_answer_before_its_scope_ends(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Teardown waits for an order of another thread for so long, and then says that a number may be rented."""
    monkeypatch.setattr(ordering, "ANSWER_TIMEOUT", 0.05)
    asked, answer = threading.Event(), threading.Event()

    def slow() -> None:
        asked.set()
        assert answer.wait(10)

    provider.script("order", slow)

    def orders() -> None:
        with contextlib.suppress(OtpError):
            numbers()

    numbers = Numbers(provider)
    numbers.__enter__()
    thread = threading.Thread(target=orders)
    thread.start()
    assert asked.wait(10)
    with pytest.raises(OrderUncertain) as caught:
        numbers.__exit__(None, None, None)
    assert caught.value.message == "an order of another thread got no answer before its test ended"
    answer.set()
    thread.join(10)
    assert provider.events == ["order order-1", "cancel order-1"]


def test_an_interrupt_while_other_threads_order(provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while the end waits for a thread's order: what is there is closed before the interrupt goes on."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    numbers = Numbers(provider)
    numbers()
    monkeypatch.setattr(threading.Condition, "wait_for", interrupted)
    with pytest.raises(KeyboardInterrupt):
        numbers.__exit__(None, None, None)
    assert provider.events == ["order order-1", "cancel order-1"]


def test_unavailable_is_told(provider: ScriptedProvider) -> None:
    """Where no number is to be had, what `unavailable` raises takes the error's place; else the error stays."""
    told: list[NumberUnavailable] = []

    class Skipped(Exception):
        pass

    def skip(error: NumberUnavailable) -> None:
        told.append(error)
        raise Skipped

    refusal = NumberUnavailable("none left")
    provider.always("order", refusal)
    with Numbers(provider, unavailable=skip) as numbers, pytest.raises(Skipped):
        numbers()
    assert told == [refusal]
    with Numbers(provider) as numbers, pytest.raises(NumberUnavailable) as caught:
        numbers()
    assert caught.value is refusal


def test_unavailable_is_not_told_of_other_refusals(provider: ScriptedProvider) -> None:
    """An empty balance is no lack of numbers."""
    provider.always("order", InsufficientBalance("too low"))
    with (
        Numbers(provider, unavailable=lambda error: pytest.fail("told")) as numbers,
        pytest.raises(InsufficientBalance),
    ):
        numbers()


# Closing many


def test_one_failure_is_raised_as_it_is(provider: ScriptedProvider) -> None:
    """Where one number cannot be closed, the others are, and its own error is raised."""
    provider.always("cancel order-2", ProviderUnavailable("answered 502"))
    with pytest.raises(OrderNotClosed) as caught:
        ordered_and_closed(provider, 3)
    assert (caught.value.order_id, caught.value.number) == ("order-2", "+12015550101")
    assert {"cancel order-1", "cancel order-3"} <= set(provider.events)


def test_several_failures_are_all_named(provider: ScriptedProvider) -> None:
    """Where two of three cannot be closed, one error names both with provider, order id and number."""
    provider.always("cancel order-1", ProviderUnavailable("answered 502"))
    provider.always("cancel order-3", ProviderUnavailable("answered 503"))
    with pytest.raises(OrderNotClosed) as caught:
        ordered_and_closed(provider, 3)
    first, second, third = str(caught.value).splitlines()
    assert first == "2 orders could not be closed:"
    said = "the order could not be closed, its number may still be rented: answered"
    assert second == f"scripted, order order-3, +12015550102: {said} 503"
    assert third == f"scripted, order order-1, +12015550100: {said} 502. {OrderNotClosed.hint}"
    assert "cancel order-2" in provider.events


def test_the_time_for_closing_is_shared(provider: ScriptedProvider) -> None:
    """Twenty numbers that cannot be closed take the time of one, and each is tried."""
    provider.always("cancel", ProviderUnavailable("answered 502"))
    begin = time.monotonic()
    with pytest.raises(OrderNotClosed, match="20 orders could not be closed"):
        ordered_and_closed(provider, 20, close_timeout=0.7)
    assert time.monotonic() - begin < 5
    assert {f"cancel order-{index}" for index in range(1, 21)} <= set(provider.events)


def test_an_interrupt_while_closing_does_not_stop_it(provider: ScriptedProvider) -> None:
    """Ctrl-C in the middle of closing goes on after every order was closed, the interrupted one too."""
    provider.script("cancel", None, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        ordered_and_closed(provider, 3)
    assert provider.events[3:] == ["cancel order-3", "cancel order-2", "cancel order-1", "cancel order-2"]


def test_closing_nothing(provider: ScriptedProvider) -> None:
    """A test that ordered no number has nothing to close."""
    close_all([], 20)
    with Numbers(provider):
        pass
    assert not provider.events


def ordered_and_closed(provider: ScriptedProvider, count: int, close_timeout: float = 0.0) -> None:
    with Numbers(provider, close_timeout=close_timeout) as numbers:
        for _ in range(count):
            numbers()


def interrupted(action: Callable[[], object], when: threading.Event, then: Callable[[], object]) -> None:
    """Run something that blocks, with a real SIGINT in its middle, and do something more a little later."""
    main = threading.get_ident()

    def interrupt() -> None:
        assert when.wait(10)
        time.sleep(0.2)  # a signal that comes just before a lock is waited for is noticed only after it
        signal.pthread_kill(main, signal.SIGINT)
        time.sleep(0.3)
        then()

    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    interrupter = threading.Thread(target=interrupt)
    try:
        interrupter.start()
        action()
    finally:
        interrupter.join()
        signal.signal(signal.SIGINT, previous)
