"""OTP-virt: an open order's SMS, and closing."""

from __future__ import annotations

import logging

import pytest
import requests

from pytest_otp.errors import (
    AuthenticationError,
    InvalidRequest,
    ProviderUnavailable,
    SmsAlreadyReceived,
)
from pytest_otp.numbers.number import OtpNumber
from pytest_otp.providers.base import Messages, OrderState
from tests.providers.otpvirt.wire import (
    CLOSED,
    NO_SMS,
    ORDER_ID,
    SMS,
    Wire,
    error,
    sms,
    texts,
)


class TestInbox:
    """[5] GetSms."""

    def look(self, wire: Wire, answer: str) -> Messages:
        wire.says("GetSms", answer)
        return wire.provider.messages(wire.order)

    @pytest.mark.parametrize("nothing", ["[]", "null", None])
    def test_no_sms(self, wire: Wire, nothing: str | None) -> None:
        """An empty, null or missing list: the order waits."""
        listed = "" if nothing is None else f'"sms": {nothing}, '
        assert self.look(wire.ready(), f'{{{listed}"status": 0, "error": 0}}') == Messages(OrderState.WAITING, ())

    def test_messages_stay(self, wire: Wire) -> None:
        """What was seen once is kept, though the service should show only the last, and its id tells it from others."""
        wire.ready()
        rows: list[dict[str, object]] = [{"id": f"m{n}", "text": "code 1"} for n in range(3)]
        self.look(wire, sms(rows[0]))
        self.look(wire, sms(rows[1]))
        heard = self.look(wire, sms(rows[2], rows[0]))
        assert [message.id for message in heard.sms] == ["m0", "m1", "m2"]
        assert self.look(wire, NO_SMS) == heard

    def test_messages_without_ids(self, wire: Wire) -> None:
        """They are told apart by their words, and equal ones are counted; ids stay from look to look."""
        wire.ready()
        one: dict[str, object] = {"phoneFrom": "Viber", "text": "code 1"}
        first = self.look(wire, sms(one))
        again = self.look(wire, sms(one))
        both = self.look(wire, sms(one, one))
        assert [texts(heard) for heard in (first, again, both)] == [["code 1"], ["code 1"], ["code 1", "code 1"]]
        assert first.sms[0].id == again.sms[0].id == both.sms[0].id
        assert both.sms[0].id != both.sms[1].id

    def test_ids_tell_nothing(self, wire: Wire) -> None:
        """An id that we made up holds neither sender nor text: it is shown in logs and reports."""
        heard = self.look(wire.ready(), sms({"phoneFrom": "Viber", "text": "code 905526"}))
        assert heard.sms[0].id == f"{ORDER_ID}:1"
        assert "905526" not in repr(heard)

    @pytest.mark.parametrize("code", [..., None, "", 905526, "905526"])
    def test_the_services_own_code(self, wire: Wire, code: object) -> None:
        """Its code is text, a number, or none; another one in the text is not our business here."""
        row = {"id": "m", "text": "code 905526"} | ({} if code is ... else {"code": code})
        heard = self.look(wire.ready(), sms(row))
        assert heard.sms[0].code == ("905526" if code in (905526, "905526") else None)

    @pytest.mark.parametrize(
        ("text", "code", "found"),
        [
            ("vier acht zwei", "482", "482"),
            ("vier acht zwei", 482, "482"),
            ("Your code is 482 913", "G-482913", "482913"),
            ("Your code is 482913", "771204", "482913"),
        ],
    )
    def test_the_services_own_code_reaches_the_wait(self, wire: Wire, text: str, code: object, found: str) -> None:
        """It is handed out where we find none in the text; where both find one, ours is."""
        wire.ready().says("GetSms", sms({"id": "m", "text": text, "code": code}))
        assert OtpNumber(wire.provider, wire.order).wait_code(0) == found

    @pytest.mark.parametrize("sender", [..., None, ""])
    def test_no_sender(self, wire: Wire, sender: object) -> None:
        """A sender that is missing, null or empty is None."""
        row = {"id": "m", "text": "code 1"} | ({} if sender is ... else {"phoneFrom": sender})
        assert self.look(wire.ready(), sms(row)).sms[0].sender is None

    @pytest.mark.parametrize(
        ("text", "kept"), [(" code 1\n", " code 1\n"), (905526, "905526"), (None, ""), (["x"], "")]
    )
    def test_texts(self, wire: Wire, text: object, kept: str) -> None:
        """A text is kept as it is; one that is no text at all does not break the others."""
        assert texts(self.look(wire.ready(), sms({"id": "m", "text": text}))) == [kept]

    def test_error_3_is_the_end(self, wire: Wire) -> None:
        """There is no way to ask for an order's state: an invalid request about it means that it is over."""
        wire.ready()
        self.look(wire, SMS)
        heard = self.look(wire, error(3))
        assert (heard.state, len(heard.sms)) == (OrderState.ENDED, 1)

    def test_a_look_is_one_request(self, wire: Wire) -> None:
        """A failing look is left to the waiting loop."""
        wire.ready().says("GetSms", error(2))
        with pytest.raises(ProviderUnavailable):
            wire.provider.messages(wire.order)
        assert (wire.actions, wire.pauses) == (["GetSms"], [])

    def test_no_text_in_repr_or_log(self, wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
        """Neither the message's repr nor any log at DEBUG shows what the SMS says."""
        with caplog.at_level(logging.DEBUG):
            heard = self.look(wire.ready(), SMS)
        assert "905526" not in repr(heard) + caplog.text


CLOSES = [("cancel", "CancelActivation"), ("finish", "ConfirmActivation")]


class TestClosing:
    """[3] and [4], once and again."""

    @pytest.mark.parametrize(("call", "action"), CLOSES)
    def test_error_3_is_told(self, wire: Wire, call: str, action: str) -> None:
        """It may mean wrong credentials or a fault, also after a close whose answer was lost: it proves nothing."""
        wire.ready().says(action, requests.ConnectionError("reset"), error(3))
        with pytest.raises(ProviderUnavailable):
            getattr(wire.provider, call)(wire.order)
        with pytest.raises(InvalidRequest, match=action):
            getattr(wire.provider, call)(wire.order)
        assert (wire.actions, wire.pauses) == ([action] * 2, [])

    def test_a_lost_cancel_and_then_an_sms(self, wire: Wire) -> None:
        """A repeated cancel that hears of an SMS says so: the order is open and can be finished."""
        wire.ready().says("CancelActivation", requests.ReadTimeout("read"), error(4))
        with pytest.raises(ProviderUnavailable):
            wire.provider.cancel(wire.order)
        with pytest.raises(SmsAlreadyReceived):
            wire.provider.cancel(wire.order)
        wire.says("ConfirmActivation", CLOSED)
        wire.provider.finish(wire.order)

    @pytest.mark.parametrize(("call", "action"), CLOSES)
    def test_other_refusals_are_told(self, wire: Wire, call: str, action: str) -> None:
        """401 says nothing of the order."""
        wire.ready().says(action, "", http=401)
        with pytest.raises(AuthenticationError):
            getattr(wire.provider, call)(wire.order)
