"""How a number waits and closes, checked before anything is ordered."""

from __future__ import annotations

from dataclasses import dataclass

from ..codes.formats import ANY_FORMAT, CodeFormat
from ..errors import SettingsError

__tracebackhide__ = True

LONGEST_TIME = 86_400.0
"""Seconds, a day. Longer times are cut to it: locks cannot wait for arbitrarily long."""


@dataclass(frozen=True, slots=True)
class NumberOptions:
    """How a number waits for messages, what its codes look like, and how long it tries to close its order.

    Raises `SettingsError` if a value is out of range or of the wrong type. Times longer than a day are cut to a day.
    """

    timeout: float = 120.0
    """Seconds that `wait_code()` waits by default, 0 or more."""
    poll_interval: float = 0.75
    """Seconds between polls, greater than 0. Later polls of a long wait are further apart."""
    close_timeout: float = 20.0
    """Seconds that `close()` retries while the provider is unavailable or refuses, 0 or more."""
    show_sms: bool = False
    """Whether errors show SMS texts instead of masking their letters and digits."""
    code_format: CodeFormat = ANY_FORMAT
    """What codes look like, unless the test says otherwise."""

    def __post_init__(self) -> None:
        for name in ("timeout", "poll_interval", "close_timeout"):
            # The only way to set an attribute of a frozen class.
            object.__setattr__(self, name, checked_seconds(getattr(self, name), name, zero=name != "poll_interval"))
        if not isinstance(self.show_sms, bool):
            raise SettingsError(f"show_sms must be True or False; got {self.show_sms!r}")
        if not isinstance(self.code_format, CodeFormat):
            raise SettingsError(f"code_format must be a CodeFormat; got {self.code_format!r}")


def checked_seconds(value: object, name: str, *, zero: bool = True) -> float:
    """Return the value as seconds, a day at most. Raises `SettingsError` unless it is a finite number in range."""
    if not isinstance(value, bool) and isinstance(value, (int, float)) and 0 <= value < float("inf"):
        seconds = float(min(value, LONGEST_TIME))
        if zero or seconds > 0:
            return seconds
    allowed = "a number of seconds, 0 or more" if zero else "a number of seconds greater than 0"
    raise SettingsError(f"{name} must be {allowed}; got {value!r}")


DEFAULTS = NumberOptions()
