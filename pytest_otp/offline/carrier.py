"""The offline phone network: numbers that can be handed out, and messages that reach them.

Nothing here runs by itself. A message for later is one with a due time on the carrier's clock, and whoever waits for it
is told the delay at once, so that tests with a clock of their own never sleep.
"""

from __future__ import annotations

import bisect
import math
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ..clock import utc_now
from ..errors import InvalidRequest, NumberUnavailable, listed
from .numbering import check_region, numbers

__tracebackhide__ = True

TICK = 1e-6
"""Seconds that something may show early: sums of floats differ, and who slept as long as announced must meet it."""

LONGEST_DELAY = 86_400.0
"""Seconds that a message may be delayed: a day."""

_MOST_SHOWN = 12

Notify = Callable[[float], None]
"""Called with the seconds until something shows; 0 is now."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One SMS at its number. Its repr hides the text: reports are public."""

    id: str
    """A UUID that follows from the carrier's seed."""
    sender: str | None
    """The sender's number or name, None where none was given."""
    text: str = field(repr=False)
    """The whole text."""
    due: float
    """When it shows, on the carrier's clock."""
    received_at: datetime
    """When it shows, UTC; for people."""


@dataclass(frozen=True, slots=True)
class Stray:
    """An SMS to a number that nobody held. Its repr hides the text: reports are public."""

    to: str
    """The number as it was sent to."""
    sender: str | None
    """The sender's number or name, None where none was given."""
    text: str = field(repr=False)
    """The whole text."""


class Line:
    """One number of the carrier, and what it received. `Carrier.allocate` makes it.

    Attributes:
        e164: the number, `+12015550123`.
        region: the ISO 3166 code that it was asked for, `US`.
    """

    __slots__ = ("_clock", "_deliveries", "_ends", "_lock", "_subscribers", "e164", "region")

    def __init__(self, e164: str, region: str, clock: Callable[[], float]) -> None:
        self.e164 = e164
        self.region = region
        self._clock = clock
        self._lock = threading.Lock()
        self._deliveries: list[Delivery] = []
        self._subscribers: dict[object, Notify] = {}
        self._ends = math.inf

    def __repr__(self) -> str:
        return f"Line({self.e164!r}, {self.region!r})"

    @property
    def held(self) -> bool:
        """Whether it still receives."""
        with self._lock:
            return not self._shows(self._ends)

    def messages(self) -> tuple[Delivery, ...]:
        """What has come so far, oldest first; stays readable after the line was released."""
        with self._lock:
            return tuple(sms for sms in self._deliveries if sms.due <= self._ends and self._shows(sms.due))

    def subscribe(self, notify: Notify) -> Callable[[], None]:
        """Call `notify` for each message that is sent from now on or scheduled already, and for the line's end.

        What shows already is not announced: subscribe first, then look. `notify` is called from whatever thread sends,
        and may be called once more by one that overlaps with the end of the subscription.

        Returns:
            A function that ends the subscription.
        """
        ticket = object()
        with self._lock:
            self._subscribers[ticket] = notify
            now = self._clock()
            events = (*(sms.due for sms in self._deliveries), self._ends)
            delays = [due - now for due in events if due <= self._ends and TICK < due - now < math.inf]
        for delay in delays:
            notify(delay)

        def unsubscribe() -> None:
            with self._lock:
                self._subscribers.pop(ticket, None)

        return unsubscribe

    def _receive(self, message_id: str, text: str, sender: str | None, after: float) -> bool:
        with self._lock:
            if self._shows(self._ends):
                return False
            shows_at = utc_now() + timedelta(seconds=after)
            sms = Delivery(message_id, sender, text, self._clock() + after, shows_at)
            bisect.insort(self._deliveries, sms, key=lambda other: other.due)
            told = list(self._subscribers.values()) if sms.due <= self._ends else []
        for notify in told:
            notify(after)
        return True

    def _end(self, after: float) -> None:
        with self._lock:
            ends = self._clock() + after
            if ends >= self._ends:
                return
            self._ends = ends
            told = list(self._subscribers.values())
        for notify in told:
            notify(after)

    def _shows(self, due: float) -> bool:
        return due <= self._clock() + TICK


class Carrier:
    """Hands out numbers and delivers messages to them, all in memory. Safe to use from several threads.

    Args:
        seed: what every number, id and code follows from; None draws one.
        lane: which of `lanes` shares of all numbers is this carrier's, from 0. Carriers of different lanes never hand
            out the same number, whatever their seeds.
        lanes: how many carriers share the numbers.
        clock: seconds that only ever grow.

    Attributes:
        seed: the seed in use.
        clock: the clock in use.
    """

    def __init__(
        self, *, seed: int | None = None, lane: int = 0, lanes: int = 1, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if not 0 <= lane < lanes:
            raise ValueError(f"lane must be between 0 and lanes - 1; got lane {lane} of {lanes}")
        self.seed = random.SystemRandom().getrandbits(32) if seed is None else seed
        self.clock = clock
        self._lane = lane
        self._lanes = lanes
        self._lock = threading.Lock()
        self._lines: dict[str, Line] = {}
        self._strays: list[Stray] = []
        self._handed_out: set[int] = set()
        self._numbers: dict[str, Iterator[int]] = {}
        self._ids = self.stream("ids")
        self._codes = self.stream("codes")

    @property
    def lines(self) -> tuple[Line, ...]:
        """The numbers that are held now, in the order in which they were handed out."""
        with self._lock:
            lines = tuple(self._lines.values())
        return tuple(line for line in lines if line.held)

    @property
    def strays(self) -> tuple[Stray, ...]:
        """What was submitted to numbers that nobody held, oldest first."""
        with self._lock:
            return tuple(self._strays)

    def allocate(self, region: str) -> Line:
        """A number that this run has not seen, valid in a region (ISO 3166 code) by phonenumbers' rules.

        It is one of those that the country's regulator keeps for fiction, where there are any that receive SMS and that
        phonenumbers accepts; else a made-up one, a mobile one where the region has its own.

        Raises:
            InvalidRequest: phonenumbers does not know the region.
            NumberUnavailable: every number of the region that this lane can make was handed out.
        """
        wanted = region.strip().upper()
        with self._lock:
            if wanted not in self._numbers:
                check_region(wanted)
                shuffle = random.Random(f"{self.seed}/numbers/{wanted}")  # noqa: S311 - made-up numbers, no secrets
                self._numbers[wanted] = numbers(wanted, shuffle, self._is_free)
            number = next(self._numbers[wanted], None)
            if number is None:
                raise NumberUnavailable(f"the offline carrier has no more numbers in {wanted}")
            self._handed_out.add(number)
            line = Line(f"+{number}", wanted, self.clock)
            self._lines[str(number)] = line
        return line

    def release(self, line: Line, *, after: float = 0.0) -> None:
        """The line receives no more, from now or in `after` seconds; its subscribers are told.

        Doing it twice is doing it once. The number is not handed out again.
        """
        line._end(after)

    def deliver(self, number: object, text: str, *, sender: str | None = None, after: float = 0.0) -> None:
        """Send an SMS to a number that is held.

        Args:
            number: `+1 201-555-0123` in any usual writing with the country code, or anything with `.e164`.
            text: the whole text.
            sender: the sender's number or name.
            after: seconds until it shows, a day at most.

        Raises:
            InvalidRequest: nobody holds the number (the message lists what is held), or an argument is of no use.
        """
        to = getattr(number, "e164", number)
        if not isinstance(to, str):
            kind = type(number).__name__
            raise InvalidRequest(f"number must be a string or have an attribute .e164; got {kind}")
        if not self._send(to, text, sender, after):
            raise InvalidRequest(f"no test holds the number {to!r}", hint=self._held_now())

    def submit(self, to: str, text: str, *, sender: str | None = None) -> bool:
        """Send an SMS as a gateway does: what goes to a number that nobody holds is no error, but kept in `strays`.

        Returns:
            Whether somebody holds the number.

        Raises:
            InvalidRequest: an argument is of no use.
        """
        if self._send(to, text, sender, 0.0):
            return True
        with self._lock:
            self._strays.append(Stray(to, sender, text))
        return False

    def knows(self, number: str) -> bool:
        """Whether it has ever handed out the number."""
        return self._find(number) is not None

    def code(self) -> str:
        """A code of six digits, the next of those that follow from the seed."""
        with self._lock:
            return f"{self._codes.randrange(10**6):06}"

    def new_id(self) -> str:
        """A UUID, the next of those that follow from the seed."""
        with self._lock:
            return str(uuid.UUID(int=self._ids.getrandbits(128), version=4))

    def stream(self, purpose: str) -> random.Random:
        """Random values that follow from seed, lane and purpose, and from nothing else that is drawn."""
        return random.Random(f"{self.seed}/{self._lane}/{purpose}")  # noqa: S311 - repeatable on purpose, no secrets

    def _is_free(self, number: int) -> bool:
        return number % self._lanes == self._lane and number not in self._handed_out

    def _send(self, to: str, text: str, sender: str | None, after: float) -> bool:
        _check_message(text, sender, after)
        line = self._find(to)
        return line is not None and line._receive(self.new_id(), text, sender, float(after))

    def _find(self, written: str) -> Line | None:
        digits = "".join(char for char in written if char in "0123456789").removeprefix("00")
        with self._lock:
            line = self._lines.get(digits)
        return line or self._find_by_e164(written)

    def _find_by_e164(self, written: str) -> Line | None:
        """The line of a number whose digits alone do not settle it, `+44 (0)7400 123456`."""
        from ..phone import e164  # noqa: PLC0415 - start-up: 35 ms that only an unusual writing needs

        number = e164(written)
        with self._lock:
            return self._lines.get((number or "").removeprefix("+"))

    def _held_now(self) -> str:
        held = [line.e164 for line in self.lines]
        if not held:
            return "No number is held right now: order one first, and deliver before it is closed."
        return f"Held right now: {listed(held, _MOST_SHOWN)}."


def _check_message(text: object, sender: object, after: object) -> None:
    if not isinstance(text, str):
        raise InvalidRequest(f"text must be a string; got {type(text).__name__}")
    if not text.strip():
        raise InvalidRequest("text must not be empty")
    if not (sender is None or isinstance(sender, str)):
        raise InvalidRequest(f"sender must be a string or None; got {type(sender).__name__}")
    if isinstance(after, bool) or not isinstance(after, (int, float)):
        raise InvalidRequest(f"after must be a number of seconds; got {type(after).__name__}")
    if not 0 <= after <= LONGEST_DELAY:
        raise InvalidRequest(f"after must be between 0 and {LONGEST_DELAY:.0f} seconds; got {after!r}")
