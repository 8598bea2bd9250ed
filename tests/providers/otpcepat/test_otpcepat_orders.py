"""otpcepat: an open order's SMS, asking for another one, and closing."""

from __future__ import annotations

import logging

import pytest
import requests
import responses

from pytest_otp.errors import (
    AuthenticationError,
    InvalidRequest,
    OrderEnded,
    OrderNotFound,
    ProviderUnavailable,
    SmsAlreadyReceived,
)
from pytest_otp.providers.base import Messages, Order, OrderState
from tests.providers.otpcepat.wire import (
    ORDER_ID,
    SET,
    URL,
    Wire,
    refused,
    status,
    texts,
)


class TestInbox:
    """One text is shown at a time; what is new is told from text and state."""

    def look(self, wire: Wire, word: str, sms: object = ...) -> Messages:
        wire.says(status(word, sms))
        return wire.provider.messages(wire.order)

    def resend(self, wire: Wire, word: str = "Recieved", sms: object = "code 1") -> None:
        wire.says(status(word, sms), SET)
        wire.provider.resend(wire.order)

    def test_the_same_text_is_one_message(self, wire: Wire) -> None:
        """A text that goes on showing is not new, and its id stays."""
        first = self.look(wire, "Recieved", "code 1")
        assert self.look(wire, "Recieved", "code 1").sms[0].id == first.sms[0].id
        assert texts(self.look(wire, "Recieved", "code 1")) == ["code 1"]

    def test_a_changed_text_is_a_new_message(self, wire: Wire) -> None:
        """Also without a resend: the service may show a second SMS in the first one's place."""
        self.look(wire, "Recieved", "code 1")
        heard = self.look(wire, "Recieved", "code 2")
        assert texts(heard) == ["code 1", "code 2"]
        assert len({sms.id for sms in heard.sms}) == 2

    def test_an_old_text_after_a_resend_is_stale(self, wire: Wire) -> None:
        """While the order waits again, the old text is what it was."""
        self.look(wire, "Recieved", "code 1")
        self.resend(wire)
        assert texts(self.look(wire, "Waiting SMS", "code 1")) == ["code 1"]
        assert texts(self.look(wire, "Waiting SMS")) == ["code 1"]

    def test_the_same_text_received_after_a_resend_is_new(self, wire: Wire) -> None:
        """The state decides: under Recieved an equal text is a second SMS, once."""
        self.look(wire, "Recieved", "code 1")
        self.resend(wire)
        self.look(wire, "Waiting SMS", "code 1")
        assert texts(self.look(wire, "Recieved", "code 1")) == ["code 1", "code 1"]
        assert texts(self.look(wire, "Recieved", "code 1")) == ["code 1", "code 1"]

    def test_another_text_after_a_resend_is_new(self, wire: Wire) -> None:
        """A changed text counts under either state, and the equal one after it does not."""
        self.look(wire, "Recieved", "code 1")
        self.resend(wire)
        assert texts(self.look(wire, "Waiting SMS", "code 2")) == ["code 1", "code 2"]
        assert texts(self.look(wire, "Recieved", "code 2")) == ["code 1", "code 2"]

    def test_an_old_code_that_comes_back_is_new(self, wire: Wire) -> None:
        """First one, then another, then the first again: three messages."""
        for text in ("code 1", "code 2", "code 1"):
            heard = self.look(wire, "Recieved", text)
        assert texts(heard) == ["code 1", "code 2", "code 1"]

    def test_a_resend_takes_in_what_nobody_looked_at(self, wire: Wire) -> None:
        """An SMS that came just before the resend is known as an old one afterwards."""
        self.resend(wire, sms="code 1")
        assert texts(self.look(wire, "Waiting SMS", "code 1")) == ["code 1"]

    def test_the_last_text_of_a_closed_order_counts(self, wire: Wire) -> None:
        """What shows when the order is over already came."""
        heard = self.look(wire, "Done", "code 1")
        assert (heard.state, texts(heard)) == (OrderState.ENDED, ["code 1"])

    def test_orders_do_not_mix(self, wire: Wire) -> None:
        """Two orders with the same text have a message each, with ids of their own."""
        other = Order("other", "1", None, None, None, None, None, ordered_at=wire.order.ordered_at)
        first = self.look(wire, "Recieved", "code 1")
        wire.says(status("Recieved", "code 1"))
        second = wire.provider.messages(other)
        assert first.sms[0].id != second.sms[0].id

    def test_a_look_is_one_request(self, wire: Wire) -> None:
        """A failing look is left to the waiting loop."""
        wire.says("<html>")
        with pytest.raises(ProviderUnavailable):
            wire.provider.messages(wire.order)
        assert not wire.pauses

    def test_no_text_in_repr_or_log(self, wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
        """Neither the message's repr nor any log at DEBUG shows what the SMS says."""
        with caplog.at_level(logging.DEBUG):
            heard = self.look(wire, "Recieved", "code 905526")
        assert "905526" not in repr(heard) + caplog.text


class TestResend:
    """set_status 3."""

    @pytest.mark.parametrize("word", ["Done", "Cancel"])
    def test_a_closed_order_has_ended(self, wire: Wire, word: str) -> None:
        """Nothing more is sent for an order that is over."""
        wire.says(status(word))
        with pytest.raises(OrderEnded) as caught:
            wire.provider.resend(wire.order)
        assert str(caught.value) == f"otpcepat, order {ORDER_ID}: the order is already closed. Order another number."

    def test_a_refusal_of_an_order_that_waits_is_none(self, wire: Wire) -> None:
        """Where an earlier resend's answer was lost the service refuses, and waits all the same."""
        wire.says(status("Recieved", "code 1"), refused("WRONG STATUS"), status("Waiting SMS", "code 1"))
        wire.provider.resend(wire.order)
        wire.says(status("Recieved", "code 1"))
        assert len(wire.provider.messages(wire.order).sms) == 2

    def test_a_refusal_of_another_order_is_one(self, wire: Wire) -> None:
        """Where the order does not wait, the refusal is told."""
        wire.says(status("Recieved", "code 1"), refused("INVALID STATUS"), status("Recieved", "code 1"))
        with pytest.raises(InvalidRequest, match="INVALID STATUS"):
            wire.provider.resend(wire.order)

    def test_a_lost_answer_is_told(self, wire: Wire) -> None:
        """Whether it was accepted is for the caller to find out by asking again."""
        wire.says(status("Recieved", "code 1"), requests.ConnectionError("reset"))
        with pytest.raises(ProviderUnavailable):
            wire.provider.resend(wire.order)

    def test_after_a_close_by_another_thread(self, wire: Wire) -> None:
        """An order that is cancelled while the resend is under way does not break it."""

        def cancelled_meanwhile(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
            wire.provider.cancel(wire.order)
            return 200, {}, SET

        wire.says(status("Waiting SMS"))
        wire.mock.add_callback(responses.GET, URL, callback=cancelled_meanwhile)
        wire.says(SET)
        wire.provider.resend(wire.order)
        assert [request.get("status") for request in wire.asked] == [None, "2", "3"]  # in the order of their responses


CLOSES = [("cancel", "2"), ("finish", "4")]


class TestClosing:
    """set_status 2 and 4, and what a refusal of them means."""

    @pytest.mark.parametrize(("call", "_number"), CLOSES)
    @pytest.mark.parametrize("msg", ["WRONG STATUS", "INVALID STATUS", "WRONG ORDER ID", "ALREADY CLOSED"])
    @pytest.mark.parametrize("word", ["Cancel", "Done"])
    def test_a_closed_order_is_closed(self, wire: Wire, call: str, _number: str, msg: str, word: str) -> None:
        """On any refusal the state is read: Cancel or Done is what was wanted."""
        wire.says(refused(msg), status(word, "code 1"))
        getattr(wire.provider, call)(wire.order)
        assert [asked["action"] for asked in wire.asked] == ["set_status", "get_status"]

    def test_a_cancel_that_came_too_late(self, wire: Wire) -> None:
        """A refused cancel of an order that received an SMS says so, with the service's words."""
        wire.says(refused("WRONG STATUS"), status("Recieved", "code 1"))
        with pytest.raises(SmsAlreadyReceived) as caught:
            wire.provider.cancel(wire.order)
        assert str(caught.value) == (
            f"otpcepat, order {ORDER_ID}: the order cannot be cancelled: an SMS has arrived (WRONG STATUS). "
            "Finish the order instead."
        )
        assert caught.value.words == "WRONG STATUS"

    @pytest.mark.parametrize(
        ("call", "word"), [("cancel", "Waiting SMS"), ("finish", "Waiting SMS"), ("finish", "Recieved")]
    )
    def test_an_open_order_is_not_closed(self, wire: Wire, call: str, word: str) -> None:
        """A refusal of an order that is still open is the refusal."""
        wire.says(refused("WRONG STATUS"), status(word))
        with pytest.raises(InvalidRequest, match="WRONG STATUS"):
            getattr(wire.provider, call)(wire.order)

    @pytest.mark.parametrize(("call", "_number"), CLOSES)
    def test_an_order_of_nobody_is_told(self, wire: Wire, call: str, _number: str) -> None:
        """Where the state cannot be had either, the order is not taken for closed."""
        wire.says(refused("WRONG ORDER ID"), refused("WRONG ORDER ID"))
        with pytest.raises(OrderNotFound):
            getattr(wire.provider, call)(wire.order)

    @pytest.mark.parametrize(("call", "_number"), CLOSES)
    def test_wrong_credentials_are_told(self, wire: Wire, call: str, _number: str) -> None:
        """A refusal of the key says nothing of the order."""
        wire.says(refused("You don't have Access!"))
        with pytest.raises(AuthenticationError):
            getattr(wire.provider, call)(wire.order)

    @pytest.mark.parametrize(("call", "number"), CLOSES)
    def test_a_lost_answer_is_told_and_closing_again_is_safe(self, wire: Wire, call: str, number: str) -> None:
        """The second try finds the order closed and is content."""
        wire.says(requests.ConnectionError("reset"))
        with pytest.raises(ProviderUnavailable):
            getattr(wire.provider, call)(wire.order)
        wire.says(refused("WRONG STATUS"), status("Cancel"))
        getattr(wire.provider, call)(wire.order)
        assert [asked.get("status") for asked in wire.asked] == [number, number, None]
        assert not wire.pauses
