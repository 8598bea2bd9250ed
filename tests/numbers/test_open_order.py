"""Closing an order: by which request, how often it is tried, and what is raised. All in virtual time."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from pytest_otp.errors import (
    AuthenticationError,
    InvalidRequest,
    OrderNotClosed,
    OrderNotFound,
    ProviderUnavailable,
    SmsAlreadyReceived,
)
from pytest_otp.numbers.number import OtpNumber
from pytest_otp.numbers.open_order import OpenOrder
from pytest_otp.providers.base import Order, OrderState
from pytest_otp.providers.deadline import time_left
from tests.numbers.renting import AWAY, LONG, begun, rented
from tests.scripted import ScriptedProvider, Time


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
    """An order that waits again after a resend may only allow a cancel, which is tried if a finish is refused."""
    provider.receive("code 111111")
    number.wait_code()
    provider.inboxes.clear()
    provider.script("finish", InvalidRequest("the provider responded with 'WRONG STATUS'", provider="scripted"))
    number.close()
    assert provider.events[2:] == ["finish order-1", "cancel order-1"]
    assert number.state == "cancelled"


def test_close_tries_a_refused_finish_again(number: OtpNumber, provider: ScriptedProvider) -> None:
    """If a finish is temporarily refused, and a cancel because an SMS came, the finish is retried."""
    provider.receive("code 111111")
    number.wait_code()
    provider.script("finish", InvalidRequest("the provider responded with 'WRONG STATUS'", provider="scripted"))
    number.close()
    assert provider.events[2:] == ["finish order-1", "cancel order-1", "finish order-1"]
    assert number.state == "finished"


def test_close_finishes_where_the_cancel_comes_too_late(number: OtpNumber, provider: ScriptedProvider) -> None:
    """An SMS that nobody waited for turns the cancel into a finish."""
    provider.receive("code 111111")
    number.close()
    assert provider.events[1:] == ["cancel order-1", "finish order-1"]
    assert number.state == "finished"


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
    """By hand a refusal is an answer, not something to retry."""
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
    """A close retries a refusal too, since some providers refuse an early cancel."""
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
        "and its number may still be rented: the provider responded with 502 Bad Gateway. "
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
    with pytest.raises(
        OrderNotClosed, match="its number may still be rented: the provider responded with 502 Bad Gateway"
    ):
        close(number)


@pytest.mark.parametrize("error", [AuthenticationError("wrong key"), OrderNotFound("no such order")])
def test_closing_is_not_tried_again_in_vain(number: OtpNumber, provider: ScriptedProvider, error: Exception) -> None:
    """What no second try can change is raised at once."""
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
    """With no time left a close is tried once, and its request may take two seconds."""
    left: list[float] = []
    provider.script("cancel", lambda: left.append(time_left() or 0.0))
    number.close(0)
    assert (provider.calls("cancel"), time.elapsed) == (1, 0)
    assert 0 < left[0] <= 2


def test_no_time_to_close_is_no_second_try(number: OtpNumber, provider: ScriptedProvider, time: Time) -> None:
    """With no time left a failing close is not retried."""
    provider.always("cancel", AWAY)
    with pytest.raises(OrderNotClosed):
        number.close(0)
    assert (provider.calls("cancel"), time.elapsed) == (1, 0)


def test_the_requests_of_a_close_are_limited(number: OtpNumber, provider: ScriptedProvider) -> None:
    """The provider's client is told how long closing may take as a whole."""
    left: list[float] = []
    provider.script("cancel", lambda: left.append(time_left() or 0.0))
    number.close(7000)
    assert 6000 < left[0] <= 7000


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
    number = rented(provider)
    entered, release = threading.Event(), threading.Event()

    def slow() -> None:
        entered.set()
        assert release.wait(LONG)

    provider.script("cancel", slow)
    closing = [begun(number.close) for _ in range(10)]
    assert entered.wait(LONG)
    release.set()
    for each in closing:
        each.result(LONG)
    assert provider.calls("cancel") == 1


class Pushing(ScriptedProvider):
    """Keeps those that want to know of a message."""

    def __init__(self) -> None:
        super().__init__()
        self.subscribers: list[Callable[[float], None]] = []

    def subscribe(self, order: Order, notify: Callable[[float], None]) -> Callable[[], None]:
        self.subscribers.append(notify)
        return lambda: self.subscribers.remove(notify)


def test_a_push_subscription_ends_with_the_order() -> None:
    """A closed number no longer listens to its provider."""
    provider = Pushing()
    number = rented(provider)
    assert len(provider.subscribers) == 1
    number.close()
    assert not provider.subscribers


class HandingOn(ScriptedProvider):
    """A provider with a keeper: `answers` are its next answers, None where it closes the order later."""

    def __init__(self, *answers: OrderState | None) -> None:
        super().__init__()
        self.answers = list(answers)

    def hand_on(self, order: Order, *, received: bool, timeout: float) -> OrderState | None:
        self.note(f"hand on {order.id}, received: {received}, within {timeout:g} s")
        return self.answers.pop(0)


def test_a_close_is_handed_on() -> None:
    """With a keeper a close is its matter: the number gets the state that it answers, and is handed on once."""
    provider = HandingOn(OrderState.FINISHED)
    number = rented(provider)
    provider.receive("code 111111")
    assert number.wait_code(0) == "111111"
    number.close(7)
    number.close(7)
    assert provider.events[2:] == ["hand on order-1, received: True, within 7 s"]
    assert number.state == "finished"


def test_a_close_that_happens_later() -> None:
    """If the keeper closes the order later, the state stays as it is, and a second close asks again."""
    provider = HandingOn(None, OrderState.CANCELLED)
    number = rented(provider)
    number.close(7)
    assert number.state == "waiting"
    number.close(7)
    assert number.state == "cancelled"
    assert provider.events[1:] == ["hand on order-1, received: False, within 7 s"] * 2


def test_a_late_report_does_not_reopen(provider: ScriptedProvider) -> None:
    """An answer that was under way when the order was closed does not change its state."""
    order = OpenOrder(provider, provider.order(None, None, None), "+12015550100")
    order.close(0)
    order.reported(OrderState.WAITING, received=True)
    assert (order.state, order.is_closed) == (OrderState.CANCELLED, True)
