"""The scenarios of the provider `fake`: how offline orders succeed or fail."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from ..errors import SettingsError

__tracebackhide__ = True

_MOMENT = 0.05


@dataclass(frozen=True, slots=True)
class Scenario:
    """How orders go. All times are seconds."""

    name: str
    """As in `--otp-fake NAME`."""
    help: str
    """What happens, in one line."""
    sms_after: tuple[float, ...] = ()
    """When the order's own SMS arrive, counted from the order and from each resend: the same text each time."""
    resend_sends: bool = True
    """Whether they arrive again after each resend."""
    keeps_time: bool = False
    """Whether `sms_after` holds, whatever delay the desk was given."""
    has_code: bool = True
    """Whether the order's own SMS contain a code."""
    deaf: bool = False
    """Whether everything that is sent to the number is dropped."""
    refusal: Literal["no-numbers", "no-balance"] | None = None
    """Why every order is refused."""
    answers: Literal["always", "mostly", "never"] = "always"
    """How often the provider responds."""
    ends_after: float = math.inf
    """When the provider ends the order by itself."""
    sms_at_cancel: bool = False
    """Whether an SMS arrives just as the order is cancelled."""

    @property
    def sends_code(self) -> bool:
        """Whether an SMS with a code arrives by itself."""
        return bool(self.sms_after) and self.has_code


SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {
        scenario.name: scenario
        for scenario in (
            Scenario("manual", "SMS come from the test or the gateway"),
            Scenario("auto", "an SMS with a random code arrives just after the order", sms_after=(_MOMENT,)),
            Scenario("late", "the SMS arrives 5 s after the order", sms_after=(5.0,), keeps_time=True),
            Scenario("never", "no SMS ever arrives, whatever is sent", deaf=True),
            Scenario("duplicate", "the same SMS arrives twice, 0.2 s apart", sms_after=(_MOMENT, _MOMENT + 0.2)),
            Scenario(
                "no-code",
                "an SMS arrives without a code",
                sms_after=(_MOMENT,),
                resend_sends=False,
                has_code=False,
            ),
            Scenario("no-numbers", "every order is refused: no numbers available", refusal="no-numbers"),
            Scenario("no-balance", "every order is refused: the balance is too low", refusal="no-balance"),
            Scenario("down", "the provider does not respond", answers="never"),
            Scenario(
                "flaky",
                "an SMS after 1 s; occasional 502, 429 and connection resets",
                sms_after=(1.0,),
                answers="mostly",
            ),
            Scenario("cancelled", "the provider ends the order 0.2 s after it was placed", ends_after=0.2),
            Scenario("cancel-refused", "an SMS arrives just as the order is cancelled", sms_at_cancel=True),
        )
    }
)


def scenario(name: str) -> Scenario:
    """Return the scenario of that name. Raises SettingsError, which lists all names."""
    try:
        return SCENARIOS[name]
    except KeyError:
        raise SettingsError(
            f"--otp-fake (PYTEST_OTP_FAKE): unknown scenario {name!r}", hint=f"Choose from: {', '.join(SCENARIOS)}."
        ) from None
