"""The offline rental desk: orders on a carrier, following a scenario."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from ..clock import utc_now
from ..display import SafeRepr
from ..errors import InvalidRequest, NumberUnavailable, SettingsError
from ..providers.base import OrderState
from .carrier import LONGEST_DELAY, TICK
from .scenarios import Scenario

__tracebackhide__ = True

if TYPE_CHECKING:
    from .carrier import Carrier, Delivery, Line

Reason = Literal["no-numbers", "no-balance", "sms-received", "closed", "unknown"]
Trouble = Literal["502", "reset", "429"]

_TROUBLES: tuple[Trouble, ...] = ("502", "reset", "429")
_TROUBLE_CHANCE = 1 / 3
_LONGEST_SMS_AFTER = LONGEST_DELAY / 2  # leaves room for a second SMS after the first


class Refused(Exception):
    """The desk refuses.

    Attributes:
        reason: `no-numbers` and `no-balance` (for an order), `sms-received` (for a cancel that came too late), `closed`
            (the order is over), `unknown` (there is no such order).
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


@dataclass(slots=True, eq=False, repr=False)
class Rental(SafeRepr):
    """One order at the desk; only its desk changes it."""

    id: str
    """A UUID, derived from the carrier's seed."""
    line: Line
    """The number."""
    scenario: Scenario
    """How the order goes."""
    service: str | None
    """As ordered."""
    country: str | None
    """As ordered."""
    operator: str | None
    """As ordered."""
    ordered_at: datetime
    """In UTC; for display."""
    resends: int = 0
    """How often another SMS was requested."""
    _clock: Callable[[], float] = field(repr=False, kw_only=True)
    _ends: float = field(repr=False, kw_only=True)
    _closed: OrderState | None = field(default=None, init=False)
    _read: int = field(default=0, init=False, repr=False)

    @property
    def state(self) -> OrderState:
        """`waiting`, `received`, `waiting` again from a resend until the next SMS; once closed, how it ended."""
        if self._closed is not None:
            return self._closed
        if self._ends <= self._clock() + TICK:
            return OrderState.ENDED
        return OrderState.RECEIVED if len(self.messages()) > self._read else OrderState.WAITING

    def messages(self) -> tuple[Delivery, ...]:
        """The SMS so far, oldest first; also after the order was closed."""
        return () if self.scenario.deaf else self.line.messages()


class RentalDesk:
    """Rents out the numbers of a carrier. Thread-safe.

    The same seed and the same calls give the same numbers, IDs, codes and failures.

    Args:
        carrier: the phone network that the numbers belong to.
        scenario: how orders go, unless one chooses another.
        sms_after: seconds from an order, or a resend, to its own SMS; by default those of the scenario. Has no effect
            on `late`, nor on a scenario without an SMS.
        clock: monotonic seconds, the same as the carrier's, which is also the default.

    Attributes:
        carrier: as given.
        scenario: as given.

    Raises:
        SettingsError: `sms_after` is below 0 or above half a day.
    """

    def __init__(
        self,
        carrier: Carrier,
        *,
        scenario: Scenario,
        sms_after: float | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        if sms_after is not None and not 0 <= sms_after <= _LONGEST_SMS_AFTER:
            raise SettingsError(
                f"--sms-after must be between 0 and {_LONGEST_SMS_AFTER:.0f} seconds; got {sms_after!r}"
            )
        self.carrier = carrier
        self.scenario = scenario
        self._sms_after = sms_after
        self._clock = clock or carrier.clock
        self._lock = threading.Lock()
        self._rentals: dict[str, Rental] = {}
        self._luck = carrier.stream("troubles")
        self._in_trouble = False

    @property
    def rentals(self) -> tuple[Rental, ...]:
        """Every order so far, oldest first."""
        with self._lock:
            return tuple(self._rentals.values())

    def order(
        self,
        region: str,
        *,
        service: str | None = None,
        country: str | None = None,
        operator: str | None = None,
        scenario: Scenario | None = None,
    ) -> Rental:
        """Rent a number in a region (ISO 3166 code).

        Raises:
            Refused: `no-numbers` or `no-balance`.
            InvalidRequest: unknown region.
        """
        course = scenario or self.scenario
        if course.refusal is not None:
            raise Refused(course.refusal)
        try:
            line = self.carrier.allocate(region)
        except NumberUnavailable:
            raise Refused("no-numbers") from None
        rental = Rental(
            self.carrier.new_id(),
            line,
            course,
            service,
            country,
            operator,
            utc_now(),
            _clock=self._clock,
            # Set before the line's own end: whoever is notified of that one must find the order ended.
            _ends=self._clock() + course.ends_after,
        )
        if course.ends_after < math.inf:
            self.carrier.release(line, after=course.ends_after)
        with self._lock:
            self._rentals[rental.id] = rental
        self._send_own_sms(rental)
        return rental

    def find(self, rental_id: str) -> Rental:
        """Return the order of that ID. Raises Refused (`unknown`)."""
        with self._lock:
            rental = self._rentals.get(rental_id)
        if rental is None:
            raise Refused("unknown")
        return rental

    def messages(self, rental: Rental) -> tuple[Delivery, ...]:
        """Return the SMS of the order so far, oldest first; also after it was closed."""
        return rental.messages()

    def resend(self, rental: Rental) -> None:
        """Expect another SMS, and send it if the scenario sends any. Raises Refused (`closed`)."""
        with self._lock:
            self._check_open(rental)
            rental.resends += 1
            rental._read = len(rental.messages())
        if rental.scenario.resend_sends:
            self._send_own_sms(rental)

    def cancel(self, rental: Rental) -> None:
        """Close an order without an SMS. Raises Refused (`closed`, `sms-received`)."""
        with self._lock:
            self._check_open(rental)
            if rental.messages():
                raise Refused("sms-received")
            if not rental.scenario.sms_at_cancel:
                rental._closed = OrderState.CANCELLED
        # Subscribers are notified below, without our lock: they may call the desk.
        if rental.scenario.sms_at_cancel:
            self._send(rental, [0.0])
            raise Refused("sms-received")
        self.carrier.release(rental.line)

    def finish(self, rental: Rental) -> None:
        """Close an order. Raises Refused (`closed`)."""
        with self._lock:
            self._check_open(rental)
            rental._closed = OrderState.FINISHED
        self.carrier.release(rental.line)

    def trouble(self, scenario: Scenario | None = None) -> Trouble | None:
        """Return how the next call fails, None if it does not. Call this before each call.

        `flaky` never fails twice in a row, and callers do not apply it to orders: a client could not
        know whether a number was rented. `down` fails every call.
        """
        answers = (scenario or self.scenario).answers
        if answers == "never":
            return "reset"
        if answers == "always":
            return None
        with self._lock:
            self._in_trouble = not self._in_trouble and self._luck.random() < _TROUBLE_CHANCE
            return self._luck.choice(_TROUBLES) if self._in_trouble else None

    def _check_open(self, rental: Rental) -> None:
        if rental.state not in (OrderState.WAITING, OrderState.RECEIVED):
            raise Refused("closed")

    def _send_own_sms(self, rental: Rental) -> None:
        course = rental.scenario
        if not course.sms_after:
            return
        shift = 0.0 if self._sms_after is None or course.keeps_time else self._sms_after - course.sms_after[0]
        self._send(rental, [delay + shift for delay in course.sms_after])

    def _send(self, rental: Rental, delays: Sequence[float]) -> None:
        text = self._text(rental)
        # Another thread may have closed the order meanwhile; then nobody holds the number.
        with contextlib.suppress(InvalidRequest):
            for delay in delays:
                self.carrier.deliver(rental.line, text, sender=rental.service or "Verify", after=delay)

    def _text(self, rental: Rental) -> str:
        if not rental.scenario.has_code:
            return f"{rental.service or 'Security'}: we noticed a new login. If it was not you, contact support."
        return f"Your {rental.service or 'verification'} code is {self.carrier.code()}. Do not share it with anyone."
