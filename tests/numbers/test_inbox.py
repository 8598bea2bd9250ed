"""The messages of an order, and which were handed out. How numbers use them is tested in test_receiving.py."""

from __future__ import annotations

import threading
from collections import Counter

import pytest

from pytest_otp.numbers.inbox import Inbox
from pytest_otp.providers.base import SmsMessage


def sms(name: str) -> SmsMessage:
    return SmsMessage(name, None, f"text {name}", None, None)


def text(message: SmsMessage) -> str:
    return message.text


def test_each_message_is_handed_out_once() -> None:
    """The oldest comes first, and what was handed out does not come again when the provider shows it again."""
    inbox = Inbox()
    inbox.add([sms("1"), sms("2")])
    assert [inbox.hand_out(text), inbox.hand_out(text), inbox.hand_out(text)] == ["text 1", "text 2", None]
    inbox.add([sms("1"), sms("2"), sms("3")])
    assert inbox.hand_out(text) == "text 3"
    assert [message.id for message in inbox.messages] == ["1", "2", "3"]


def test_what_was_skipped_stays_unread() -> None:
    """A message that a filter did not take stays for a later call."""
    inbox = Inbox()
    inbox.add([sms("1"), sms("2")])
    assert inbox.hand_out(lambda message: message.text if message.id == "2" else None) == "text 2"
    assert [message.id for message in inbox.unread] == ["1"]


def test_a_failing_filter_hands_nothing_out() -> None:
    """An error of the caller's function leaves the message where it is."""
    inbox = Inbox()
    inbox.add([sms("1")])
    with pytest.raises(ZeroDivisionError):
        inbox.hand_out(lambda message: 1 / 0)
    assert inbox.hand_out(text) == "text 1"


def test_another_is_wanted_once_for_each_last_message() -> None:
    """No other is requested before a message came, and one after each."""
    inbox = Inbox()
    assert not inbox.wants_another()
    inbox.add([sms("1")])
    assert inbox.wants_another()
    inbox.another_requested()
    assert not inbox.wants_another()
    inbox.add([sms("2")])
    assert inbox.wants_another()


def test_threads_get_different_messages() -> None:
    """Eight threads that take until nothing is left get each message exactly once."""
    inbox = Inbox()
    inbox.add([sms(str(number)) for number in range(200)])
    taken: list[str] = []

    def take() -> None:
        while (found := inbox.hand_out(text)) is not None:
            taken.append(found)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(taken) == Counter(f"text {number}" for number in range(200))
