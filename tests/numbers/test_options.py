"""The options of a number: their defaults, and what is refused before anything is ordered."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import pytest

from pytest_otp.errors import SettingsError
from pytest_otp.numbers.options import LONGEST_TIME, NumberOptions, checked_seconds
from pytest_otp.numbers.ordering import order_number
from pytest_otp.options import OPTIONS

SECONDS = "a number of seconds, 0 or more"
WRONG = [
    ("timeout", "5", f"timeout must be {SECONDS}; got '5'"),
    ("timeout", -1, f"timeout must be {SECONDS}; got -1"),
    ("timeout", None, f"timeout must be {SECONDS}; got None"),
    ("timeout", True, f"timeout must be {SECONDS}; got True"),
    ("timeout", float("nan"), f"timeout must be {SECONDS}; got nan"),
    ("timeout", float("inf"), f"timeout must be {SECONDS}; got inf"),
    ("poll_interval", 0, "poll_interval must be a number of seconds greater than 0; got 0"),
    ("poll_interval", "fast", "poll_interval must be a number of seconds greater than 0; got 'fast'"),
    ("close_timeout", -0.5, f"close_timeout must be {SECONDS}; got -0.5"),
    ("show_sms", "no", "show_sms must be True or False; got 'no'"),
    ("show_sms", 1, "show_sms must be True or False; got 1"),
]


def test_the_defaults_are_those_of_the_settings() -> None:
    """Without pytest a number waits and closes as it does with it."""
    ours = dataclasses.asdict(NumberOptions())
    assert ours.pop("code_format") == {"length": None, "alphabet": None}
    assert ours == {option.name: option.default for option in OPTIONS if option.name in ours}
    parameters = inspect.signature(order_number).parameters
    assert {name: parameters[name].default for name in ours} == ours


@pytest.mark.parametrize(("name", "value", "error"), WRONG, ids=[f"{name}={value!r}" for name, value, _ in WRONG])
def test_an_invalid_option(name: str, value: Any, error: str) -> None:
    """The error names the option, says what is allowed, and quotes the value."""
    with pytest.raises(SettingsError) as caught:
        NumberOptions(**{name: value})
    assert str(caught.value) == error


def test_times_are_seconds_of_a_day_at_most() -> None:
    """Integers become floats, 0 is allowed, and a time that no lock can wait for is cut to a day."""
    options = NumberOptions(timeout=5, poll_interval=10**9, close_timeout=0)
    assert (options.timeout, options.poll_interval, options.close_timeout) == (5.0, LONGEST_TIME, 0.0)
    assert isinstance(options.timeout, float)
    assert checked_seconds(10**400, "timeout") == LONGEST_TIME


def test_options_cannot_be_changed() -> None:
    """They are frozen, and have no other attributes."""
    options = NumberOptions()
    with pytest.raises(dataclasses.FrozenInstanceError):
        options.timeout = 5.0  # type: ignore[misc]
    assert not hasattr(options, "__dict__")
    assert options == NumberOptions(120.0, 0.75, 20.0, show_sms=False)
