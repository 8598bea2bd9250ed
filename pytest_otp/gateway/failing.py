"""What tests ask of the gateway about the next messages: how they fail, and what the templates say that they use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..errors import SettingsError
from .failures import ArmedFailure

__tracebackhide__ = True


@dataclass(frozen=True, slots=True)
class FailsOnDemand:
    """The part of a gateway's address by which tests ask for failures."""

    on_fail: Callable[..., ArmedFailure] | None = field(default=None, kw_only=True, repr=False, compare=False)
    """Does what `fail` is asked for; None with a real provider."""
    on_template: Callable[[str, str], None] | None = field(default=None, kw_only=True, repr=False, compare=False)
    """Does what `add_template` is asked for; None with a real provider."""

    def fail(
        self,
        number: object = None,
        service: str | None = None,
        *,
        error: str | int,
        times: int | None = 1,
        seconds: float | None = None,
    ) -> ArmedFailure:
        """Make the next messages fail as the service documents it, at most until the current test ends.

        What each error means is in the documentation, "Failures on demand". `late` and `twice` deliver the message all
        the same. Several failures are used in the order in which they were asked for.

        Args:
            number: The number whose messages fail: an `OtpNumber`, or a text. Defaults to all numbers that the tests of
                this process (an xdist worker) ordered.
            service: The name of the service, such as `twilio`. Defaults to each that has this error.
            error: One of `unsubscribed`, `unreachable`, `blocked`, `rate_limited`, `server_error`, `time_out`,
                `undelivered`, `late`, `twice` and `out_of_order`, or one of the service's own codes, such as 21610.
            times: How many messages fail. None means each until the test ends.
            seconds: With `late`, the seconds until the message is delivered (defaults to 5); with `rate_limited`, those
                in `Retry-After` (defaults to 1); with `time_out`, those until the connection is closed (defaults to
                120).

        Returns:
            The failure: `used` says how many messages it made fail, and `end()` or a `with` block ends it.

        Raises:
            SettingsError: If an argument is invalid, or with a real provider.
        """
        if self.on_fail is None:
            raise _not_offline("otp_gateway.fail")
        return self.on_fail(number, service, error, times, seconds)

    def add_template(self, sid: str, body: str) -> None:
        """Declare the text of a Twilio content template that the application sends by its ID.

        For templates that are stored at Twilio. Those that the application creates itself are known.

        Args:
            sid: The template's ID: `HX` and 32 hexadecimal digits.
            body: The text, with `{{1}}` or `{{code}}` in place of each variable.

        Raises:
            SettingsError: If an argument is invalid, or with a real provider.
        """
        if self.on_template is None:
            raise _not_offline("otp_gateway.add_template")
        self.on_template(sid, body)


def _not_offline(what: str) -> SettingsError:
    return SettingsError(
        f"{what} is not available with a real provider",
        hint="Skip the test if otp_gateway.url is None.",
    )
