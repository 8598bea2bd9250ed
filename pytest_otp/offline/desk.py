"""The offline rental desk: orders over a carrier, going by a scenario."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from ..clock import utc_now
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
    """The desk says no.

    Attributes:
        reason: `no-numbers` and `no-balance` (an order), `sms-received` (a cancel that came too late), `closed` (the
            order is over), `unknown` (there is no such order).
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


@dataclass(slots=True, eq=False)
class Rental:
    """One order at the desk; only its desk changes it."""

    id: str
    """A UUID that follows from the carrier's seed."""
    line: Line
    """The number."""
    scenario: Scenario
    """How the order goes."""
    service: str | None
    """As it was ordered."""
    country: str | None
    """As it was ordered."""
    operator: str | None
    """As it was ordered."""
    ordered_at: datetime
    """UTC; for people."""
    resends: int = 0
    """How often another SMS was asked for."""
    _clock: Callable[[], float] = field(repr=False, kw_only=True)
    _ends: float = field(repr=False, kw_only=True)
    _closed: OrderState | None = field(default=None, init=False)
    _read: int = field(default=0, init=False, repr=False)

    @property
    def state(self) -> OrderState:
        """`waiting`, `received`, again `waiting` from a resend to the SMS after it; when it is over, how it ended."""
        if self._closed is not None:
            return self._closed
        if self._ends <= self._clock() + TICK:
            return OrderState.ENDED
        return OrderState.RECEIVED if len(self.messages()) > self._read else OrderState.WAITING

    def messages(self) -> tuple[Delivery, ...]:
        """What has come so far, oldest first; also after the order was closed."""
        return () if self.scenario.deaf else self.line.messages()


class RentalDesk:
    """Rents out the numbers of a carrier. Safe to use from several threads.

    With the same seed and the same calls come the same numbers, ids, codes and troubles.

    Args:
        carrier: the phone network that the numbers belong to.
        scenario: how orders go that ask for no other.
        sms_after: seconds from an order, or a resend, to its own SMS, None for what the scenario says. It does not
            change `late`, and no SMS comes where the scenario has none.
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
        """Rent a number of a region (ISO 3166 code).

        Raises:
            Refused: `no-numbers` or `no-balance`.
            InvalidRequest: phonenumbers does not know the region.
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
            # Read off before the line's own end is set: who is told of that one finds the order ended already.
            _ends=self._clock() + course.ends_after,
        )
        if course.ends_after < math.inf:
            self.carrier.release(line, after=course.ends_after)
        with self._lock:
            self._rentals[rental.id] = rental
        self._send_own_sms(rental)
        return rental

    def find(self, rental_id: str) -> Rental:
        """The order of that id. Raises Refused (`unknown`)."""
        with self._lock:
            rental = self._rentals.get(rental_id)
        if rental is None:
            raise Refused("unknown")
        return rental

    def messages(self, rental: Rental) -> tuple[Delivery, ...]:
        """What the order's number received so far, oldest first; also after it was closed."""
        return rental.messages()

    def resend(self, rental: Rental) -> None:
        """Expect another SMS, and send it where the scenario sends any. Raises Refused (`closed`)."""
        with self._lock:
            self._check_open(rental)
            rental.resends += 1
            rental._read = len(rental.messages())
        if rental.scenario.resend_sends:
            self._send_own_sms(rental)

    def cancel(self, rental: Rental) -> None:
        """Close an order that got no SMS. Raises Refused (`closed`, `sms-received`)."""
        with self._lock:
            self._check_open(rental)
            if rental.messages():
                raise Refused("sms-received")
            if not rental.scenario.sms_at_cancel:
                rental._closed = OrderState.CANCELLED
        # Subscribers are told below, without our lock: they may come back to the desk.
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
        """What goes wrong with the next call, None where nothing does; to be asked before each call.

        `flaky` is never in trouble twice in a row, and callers leave it out before an order: nobody could tell whether
        a number was rented. `down` is for every call.
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
        # Another thread may have closed the order by now: then nobody holds the number.
        with contextlib.suppress(InvalidRequest):
            for delay in delays:
                self.carrier.deliver(rental.line, text, sender=rental.service or "Verify", after=delay)

    def _text(self, rental: Rental) -> str:
        if not rental.scenario.has_code:
            return f"{rental.service or 'Security'}: we noticed a new login. If it was not you, contact our support."
        return f"Your {rental.service or 'verification'} code is {self.carrier.code()}. Do not share it with anyone."
