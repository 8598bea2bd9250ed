"""Ordering numbers: order_number, the factory of the fixtures, and closing all of its numbers."""

from __future__ import annotations

import contextlib
import inspect
import os
import threading
from typing import Any, get_type_hints

import pytest

from pytest_otp.errors import (
    InsufficientBalance,
    NumberUnavailable,
    OrderNotClosed,
    OrderUncertain,
    OtpError,
    ProviderUnavailable,
    SettingsError,
)
from pytest_otp.numbers.number import OtpNumber
from pytest_otp.numbers.options import NumberOptions
from pytest_otp.numbers.order_thread import REAL_TIME, Timing
from pytest_otp.numbers.ordering import Numbers, close_all, order_number
from tests.numbers.renting import LONG, begun
from tests.scripted import ScriptedProvider, Time


def test_an_ordered_number(provider: ScriptedProvider) -> None:
    """What was asked for reaches the provider, and the end of the block closes the order."""
    with order_number(provider, "shop", "US", "any", show_sms=True) as number:
        assert isinstance(number, OtpNumber)
        assert (number.service, number.order_id) == ("shop", "order-1")
    assert provider.events == ["order order-1", "cancel order-1"]


def test_the_options_reach_the_number(provider: ScriptedProvider) -> None:
    """The keywords of order_number are the options of its number."""
    number = order_number(provider, timeout=0, show_sms=True, close_timeout=0)
    provider.receive("Hi Jo")
    with pytest.raises(TimeoutError, match=r"no code within 0 s; skipped 1 SMS: from an unknown sender: 'Hi Jo' "):
        number.wait_code()
    provider.always("finish", ProviderUnavailable("answered 502"))
    with pytest.raises(OrderNotClosed):
        number.close()
    assert provider.calls("finish") == 1


def test_a_misspelt_keyword_orders_nothing(provider: ScriptedProvider) -> None:
    """A keyword that does not exist is Python's own error, before a number is rented."""
    misspelt: Any = {"timeuot": 5}
    with pytest.raises(TypeError, match="unexpected keyword argument 'timeuot'"):
        order_number(provider, "shop", "US", **misspelt)
    with pytest.raises(TypeError, match="unexpected keyword argument 'timeuot'"):
        Numbers(provider, **misspelt)
    assert provider.events == []


@pytest.mark.parametrize(
    ("keyword", "error"),
    [
        ({"timeout": "5"}, "timeout must be a number of seconds, 0 or more; got '5'"),
        ({"poll_interval": 0}, "poll_interval must be a number of seconds greater than 0; got 0"),
        ({"close_timeout": -1}, "close_timeout must be a number of seconds, 0 or more; got -1"),
        ({"show_sms": "yes"}, "show_sms must be True or False; got 'yes'"),
        ({"country": 44}, 'country must be a string; got 44. Use country="44".'),
    ],
)
def test_an_invalid_argument_orders_nothing(provider: ScriptedProvider, keyword: Any, error: str) -> None:
    """A value that cannot work is refused before a number is rented."""
    with pytest.raises(SettingsError) as caught:
        order_number(provider, **keyword)
    assert str(caught.value) == error
    assert provider.events == []


@pytest.mark.parametrize("function", [order_number, Numbers.__call__, Numbers.__init__, OtpNumber.wait_code])
def test_signatures_are_explicit(function: Any) -> None:
    """Every parameter has a name and a type of its own: no *args, no **kwargs, no Any."""
    hints = get_type_hints(function)
    for parameter in inspect.signature(function).parameters.values():
        assert parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        assert parameter.name == "self" or hints[parameter.name] is not Any


# Numbers


def test_defaults_and_arguments(provider: ScriptedProvider) -> None:
    """An argument wins over the default; without either the provider chooses."""
    with Numbers(provider, service="shop", country="US") as numbers:
        assert numbers().service == "shop"
        assert numbers(service="bank").service == "bank"
        assert numbers("bank", "GB").service == "bank"


def test_arguments_are_text(provider: ScriptedProvider) -> None:
    """A number where a string belongs is refused before anything is ordered, as a default too."""
    with Numbers(provider) as numbers, pytest.raises(SettingsError) as caught:
        numbers(country=44)  # type: ignore[arg-type]
    assert str(caught.value) == 'country must be a string; got 44. Use country="44".'
    with pytest.raises(SettingsError, match=r'^service must be a string; got 3. Use service="3".'):
        Numbers(provider, service=3)  # type: ignore[arg-type]
    assert provider.events == []


def test_forgotten_parentheses(provider: ScriptedProvider) -> None:
    """An attribute of a number that is read from the function: the error says to call it."""
    with Numbers(provider) as numbers, pytest.raises(AttributeError) as caught:
        _ = numbers.e164  # type: ignore[attr-defined]
    assert str(caught.value) == (
        "otp_number is a function and has no attribute 'e164'; call it to order a number: otp_number().e164"
    )


def test_all_numbers_are_closed_the_last_first(provider: ScriptedProvider) -> None:
    """Each call orders one number, and the end closes them all."""
    with Numbers(provider) as numbers:
        first, second, third = numbers(), numbers(), numbers()
        second.cancel()
    assert provider.events[3:] == ["cancel order-2", "cancel order-3", "cancel order-1"]
    assert {number.state.value for number in (first, second, third)} == {"cancelled"}


def test_ordering_after_the_end(provider: ScriptedProvider) -> None:
    """A factory that outlived its scope orders nothing, since nothing would close it."""
    with Numbers(provider) as numbers:
        pass
    with pytest.raises(OtpError) as caught:
        numbers()
    assert str(caught.value) == "otp_number was called after its scope had ended, so nothing would close the order"
    assert not provider.events


class OtherThread:
    """Another thread that orders by `numbers`, whose answer comes when `answer` is set."""

    def __init__(self, provider: ScriptedProvider, numbers: Numbers) -> None:
        sent, self.answer = threading.Event(), threading.Event()

        def slow() -> None:
            sent.set()
            assert self.answer.wait(LONG)

        provider.script("order", slow)
        self._order = begun(numbers)
        assert sent.wait(LONG)

    def error(self) -> BaseException | None:
        return self._order.exception(LONG)


def test_an_order_in_another_thread_when_the_scope_ends(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of a scope awaits another thread's order, which is closed at once and whose thread gets an error."""
    wait_for = threading.Condition.wait_for
    with Numbers(provider) as numbers:
        thread = OtherThread(provider, numbers)

        def answered(changed: threading.Condition, *args: Any) -> bool:
            thread.answer.set()  # not before the end of the scope waits for it
            return bool(wait_for(changed, *args))

        monkeypatch.setattr(threading.Condition, "wait_for", answered)
    assert provider.events == ["order order-1", "cancel order-1"]
    error = thread.error()
    assert isinstance(error, OtpError)
    assert str(error).endswith(
        "the scope of otp_number ended while a number was being ordered, so the order was closed again"
    )
    assert provider.events == ["order order-1", "cancel order-1"]


def test_an_order_that_gets_no_answer_before_its_scope_ends(provider: ScriptedProvider) -> None:
    """Teardown waits for another thread's order for so long, and then says that a number may be rented."""
    numbers = Numbers(provider, timing=Timing(answer_timeout=0.01))
    with contextlib.ExitStack() as scope:
        scope.enter_context(numbers)
        thread = OtherThread(provider, numbers)
        with pytest.raises(OrderUncertain) as caught:
            scope.close()
    assert str(caught.value) == (
        "scripted: an order placed by another thread got no response before its scope ended. " + OrderUncertain.hint
    )
    thread.answer.set()
    assert isinstance(thread.error(), OtpError)
    assert provider.events == ["order order-1", "cancel order-1"]


def test_an_interrupt_while_other_threads_order(provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while the end waits for a thread's order: what is there is closed before the interrupt goes on."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with contextlib.ExitStack() as scope:
        scope.enter_context(Numbers(provider))()
        monkeypatch.setattr(threading.Condition, "wait_for", interrupted)
        with pytest.raises(KeyboardInterrupt):
            scope.close()
    assert provider.events == ["order order-1", "cancel order-1"]


def test_unavailable_is_reported(provider: ScriptedProvider) -> None:
    """If no number is available, what `unavailable` raises replaces the error; else the error stays."""
    reported: list[NumberUnavailable] = []

    class Skipped(Exception):
        pass

    def skip(error: NumberUnavailable) -> None:
        reported.append(error)
        raise Skipped

    refusal = NumberUnavailable("none left")
    provider.always("order", refusal)
    with Numbers(provider, unavailable=skip) as numbers, pytest.raises(Skipped):
        numbers()
    assert reported == [refusal]
    with Numbers(provider) as numbers, pytest.raises(NumberUnavailable) as caught:
        numbers()
    assert caught.value is refusal


def test_unavailable_is_about_no_other_refusal(provider: ScriptedProvider) -> None:
    """An empty balance is no lack of numbers."""
    provider.always("order", InsufficientBalance("too low"))
    with (
        Numbers(provider, unavailable=lambda error: pytest.fail("reported")) as numbers,
        pytest.raises(InsufficientBalance),
    ):
        numbers()


# Closing many


def test_one_failure_is_raised_as_it_is(provider: ScriptedProvider) -> None:
    """If one number cannot be closed, the others are, and its own error is raised."""
    provider.always("cancel order-2", ProviderUnavailable("answered 502"))
    with pytest.raises(OrderNotClosed) as caught:
        ordered_and_closed(provider, 3)
    assert (caught.value.order_id, caught.value.number) == ("order-2", "+12015550101")
    assert {"cancel order-1", "cancel order-3"} <= set(provider.events)


def test_several_failures_are_all_named(provider: ScriptedProvider) -> None:
    """If two of three cannot be closed, one error names both with provider, order id and number."""
    provider.always("cancel order-1", ProviderUnavailable("answered 502"))
    provider.always("cancel order-3", ProviderUnavailable("answered 503"))
    with pytest.raises(OrderNotClosed) as caught:
        ordered_and_closed(provider, 3)
    said = "the order could not be closed, and its number may still be rented: answered"
    assert str(caught.value) == (
        f"2 orders could not be closed: scripted, order order-3, +12015550102: {said} 503; "
        f"scripted, order order-1, +12015550100: {said} 502. {OrderNotClosed.hint}"
    )
    assert "cancel order-2" in provider.events


def test_the_time_for_closing_is_shared(provider: ScriptedProvider, time: Time) -> None:
    """Twenty numbers that cannot be closed take the time of one, and each is tried."""
    provider.always("cancel", ProviderUnavailable("answered 502"))
    with pytest.raises(OrderNotClosed, match="20 orders could not be closed"):
        ordered_and_closed(provider, 20, close_timeout=20, timing=Timing(time.clock, time.sleep))
    assert 15 < time.elapsed <= 20
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


def ordered_and_closed(
    provider: ScriptedProvider, count: int, *, close_timeout: float = 0, timing: Timing = REAL_TIME
) -> None:
    """Order so many numbers, and close them; without time for it, each is tried once."""
    with Numbers(provider, options=NumberOptions(close_timeout=close_timeout), timing=timing) as numbers:
        for _ in range(count):
            numbers()


def test_a_forked_process_closes_its_own(provider: ScriptedProvider) -> None:
    """A child of pytest-forked ends its copy of a scope: what its parent ordered stays open for the parent."""
    with Numbers(provider) as order:
        order()
        child = os.fork()
        if not child:
            status = 1
            with contextlib.suppress(BaseException):
                order()
                order.__exit__(None, None, None)
                status = 7 if provider.events == ["order order-1", "order order-2", "cancel order-2"] else 2
            os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert provider.events == ["order order-1"]
    assert provider.events == ["order order-1", "cancel order-1"]
