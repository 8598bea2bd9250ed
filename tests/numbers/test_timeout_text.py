"""The text of a time-out: what came instead, why it was skipped, and what to do. All in virtual time."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from pytest_otp.errors import CodeTimeout
from pytest_otp.numbers.number import OtpNumber
from tests.numbers.renting import AWAY, offline, rented
from tests.scripted import ScriptedProvider, Time


@pytest.mark.parametrize("wait", [OtpNumber.wait_code, OtpNumber.wait_message])
def test_nothing_came(number: OtpNumber, wait: Callable[[OtpNumber, float], object]) -> None:
    """The error names provider, order, number and timeout, and is a TimeoutError too."""
    with pytest.raises(TimeoutError) as caught:
        wait(number, 5)
    assert isinstance(caught.value, CodeTimeout)
    assert str(caught.value) == (
        "scripted, order order-1, +12015550100: no SMS within 5 s. "
        "Check that the application sent the SMS to this number."
    )
    assert (caught.value.provider, caught.value.order_id, caught.value.number) == (
        "scripted",
        "order-1",
        "+12015550100",
    )
    assert caught.value.elapsed == pytest.approx(4.5)


@pytest.mark.parametrize(("timeout", "text"), [(0, "0 s"), (0.25, "0.25 s"), (120, "120 s"), (1000.5, "1000.5 s")])
def test_the_timeout_is_written_as_it_was_given(number: OtpNumber, timeout: float, text: str) -> None:
    """Seconds without needless decimals."""
    with pytest.raises(CodeTimeout, match=f": no SMS within {text}. Check"):
        number.wait_code(timeout)


def test_what_came_is_listed_masked(number: OtpNumber, provider: ScriptedProvider) -> None:
    """Messages without a code are listed by their shape, with the reason why each was skipped."""
    provider.receive("Hi Jo, card 9999!", sender="Shop")
    provider.receive("Welcome")
    with pytest.raises(CodeTimeout) as caught:
        number.wait_code(5)
    assert str(caught.value) == (
        "scripted, order order-1, +12015550100: no code within 5 s; skipped 2 SMS: "
        "from Shop: 'xx xx, xxxx 0000!' (no code found: '0000', labelled by 'card'); "
        "from an unknown sender: 'xxxxxxx' (no code found: nothing looks like one). "
        "Use --otp-show-sms to show the texts. Run pytest-otp codes 'TEXT' to see how a text is read, "
        "or use wait_code(pattern=...)."
    )


def test_what_came_is_listed_in_full(provider: ScriptedProvider, time: Time) -> None:
    """With show_sms the texts themselves are shown, on one line each."""
    provider.receive("Hi Jo,\ncard 9999!", sender="Shop")
    with pytest.raises(CodeTimeout) as caught:
        rented(provider, time, show_sms=True).wait_code(5)
    assert str(caught.value) == (
        "scripted, order order-1, +12015550100: no code within 5 s; skipped 1 SMS: "
        "from Shop: 'Hi Jo,\\ncard 9999!' (no code found: '9999', labelled by 'card'). "
        "Run pytest-otp codes 'TEXT' to see how a text is read, or use wait_code(pattern=...)."
    )


def test_what_could_be_a_code_is_masked(number: OtpNumber, provider: ScriptedProvider) -> None:
    """A candidate is shown as the text around it is: no digit of it appears without --otp-show-sms."""
    provider.receive("Card 9876 paid 1,357.00 EUR on 31.08.2019, see https://shop.example/a86420")
    with pytest.raises(CodeTimeout, match="no code found: '") as caught:
        number.wait_code(5)
    text = str(caught.value).partition("; skipped 1 SMS: ")[2]
    assert "'0000', labelled by 'card'" in text
    assert set(re.findall(r"\d", text)) == {"0"}


def test_filters_say_what_they_skipped(number: OtpNumber, provider: ScriptedProvider) -> None:
    """A code from another sender is not silently ignored, and the advice is about the filter."""
    provider.receive("code 111111", sender="Bank")
    advice = "Use --otp-show-sms to show the texts. Correct the filter, or remove it."
    with pytest.raises(CodeTimeout) as caught:
        number.wait_code(5, sender="Shop")
    assert str(caught.value).endswith(
        f": no code within 5 s; skipped 1 SMS: from Bank: 'xxxx 000000' (sender 'Bank', expected 'Shop'). {advice}"
    )
    with pytest.raises(CodeTimeout) as caught:
        number.wait_message(5, pattern="X(1)")
    assert str(caught.value).endswith(
        ": no matching SMS within 5 s; skipped 1 SMS: from Bank: 'xxxx 000000' (the pattern does not match). " + advice
    )


def test_what_was_handed_out_is_not_listed(number: OtpNumber, provider: ScriptedProvider) -> None:
    """A code that an earlier call returned is no news."""
    provider.receive("code 111111")
    number.wait_code()
    with pytest.raises(CodeTimeout) as caught:
        number.wait_code(5)
    assert ": no SMS within 5 s. " in str(caught.value)


def test_the_last_failure_is_named(number: OtpNumber, provider: ScriptedProvider) -> None:
    """A provider that was away until the end is named as a possible reason."""
    provider.always("messages", AWAY)
    with pytest.raises(CodeTimeout) as caught:
        number.wait_code(5)
    assert "no SMS within 5 s. The last request failed: the provider responded with 502 Bad Gateway. Check that" in str(
        caught.value
    )


def test_the_providers_own_hint() -> None:
    """The fake provider says how to send an SMS offline, in place of the general advice."""
    with pytest.raises(CodeTimeout) as caught:
        offline("manual").wait_code(0)
    assert "no SMS within 0 s. In the scenario manual, no SMS arrives by itself" in str(caught.value)
    assert "call otp_carrier.deliver(number, text)" in str(caught.value)
