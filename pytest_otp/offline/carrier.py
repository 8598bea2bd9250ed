"""The offline phone network: numbers that can be handed out, and messages that reach them.

Nothing here runs in the background. A delayed message has a due time on the carrier's clock, and subscribers get the
delay at once, so that tests with a clock of their own never sleep.
"""

from __future__ import annotations

import bisect
import math
import random
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ..clock import monotonic, utc_now
from ..display import SafeRepr
from ..errors import InvalidRequest, NumberUnavailable, listed
from .numbering import check_region, numbers

__tracebackhide__ = True

TICK = 1e-6
"""Seconds by which a message may arrive early: floats round, and it must be there after the announced delay."""

LONGEST_DELAY = 86_400.0
"""The longest delay of a message in seconds: a day."""

_MOST_SHOWN = 12

Notify = Callable[[float], None]
"""Called with the seconds until a message arrives or the line ends; 0 means now."""

Witness = Callable[[str, float, bool], str]
"""Called with a number and the time when it was allocated, on the carrier's clock; says why no SMS came to it.

If the third argument is true, it says what went wrong, and nothing if it knows of nothing.
"""


@dataclass(frozen=True, slots=True, repr=False)
class Delivery(SafeRepr):
    """An SMS that was delivered to a number of the offline carrier, as `Line.messages()` returns it.

    Its repr hides the text: reports are public.
    """

    id: str
    """A UUID, derived from the carrier's seed."""
    sender: str | None
    """The sender's number or name; None if none was given."""
    text: str = field(repr=False)
    """The whole text."""
    due: float
    """When it arrives, in seconds on the carrier's clock."""
    received_at: datetime
    """When it arrives, in UTC; for display."""


@dataclass(frozen=True, slots=True, repr=False)
class Stray(SafeRepr):
    """An SMS to a number that no test held, as `Carrier.strays` lists it.

    Its repr hides the text: reports are public.
    """

    to: str
    """The recipient, as given by the application."""
    sender: str | None
    """The sender's number or name; None if none was given."""
    text: str = field(repr=False)
    """The whole text."""


class Line:
    """A number of the carrier, with the SMS it received. Created by `Carrier.allocate`.

    Attributes:
        e164: the number, such as `+12015550123`.
        region: the ISO 3166 code of the region that it was allocated in, such as `US`.
        since: when it was allocated, in seconds on the carrier's clock.
    """

    __slots__ = ("_clock", "_deliveries", "_ends", "_lock", "_subscribers", "e164", "region", "since")

    def __init__(self, e164: str, region: str, clock: Callable[[], float]) -> None:
        self.e164 = e164
        self.region = region
        self.since = clock()
        self._clock = clock
        self._lock = threading.Lock()
        self._deliveries: list[Delivery] = []
        self._subscribers: dict[object, Notify] = {}
        self._ends = math.inf

    def __repr__(self) -> str:
        return f"Line({self.e164!r}, {self.region!r})"

    @property
    def held(self) -> bool:
        """Whether it still receives SMS."""
        with self._lock:
            return not self._shows(self._ends)

    def messages(self) -> tuple[Delivery, ...]:
        """Return the SMS received so far, oldest first, even after the line was released."""
        with self._lock:
            return tuple(sms for sms in self._deliveries if sms.due <= self._ends and self._shows(sms.due))

    def subscribe(self, notify: Notify) -> Callable[[], None]:
        """Call `notify` for each message that is scheduled or will be sent, and for the line's end.

        Messages that have already arrived are not announced: subscribe first, then read them. `notify` is called by
        the thread that sends, and may be called once more while the subscription ends.

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
            subscribers = list(self._subscribers.values()) if sms.due <= self._ends else []
        for notify in subscribers:
            notify(after)
        return True

    def _end(self, after: float) -> None:
        with self._lock:
            ends = self._clock() + after
            if ends >= self._ends:
                return
            self._ends = ends
            subscribers = list(self._subscribers.values())
        for notify in subscribers:
            notify(after)

    def _shows(self, due: float) -> bool:
        return due <= self._clock() + TICK


class Carrier:
    """The offline phone network: allocates numbers and delivers SMS to them, in memory. Thread-safe.

    Args:
        seed: determines every number, ID and code; random by default.
        lane: which of the `lanes` shares of all numbers this carrier allocates from, counted from 0. Carriers of
            different lanes never allocate the same number, whatever their seeds.
        lanes: how many carriers share the numbers.
        clock: a monotonic clock, in seconds.

    Attributes:
        seed: the seed in use.
        clock: the clock in use.
        witnesses: asked when no SMS came; a gateway that delivers to this carrier adds itself.

    Raises:
        ValueError: `lane` is not between 0 and `lanes - 1`.
    """

    def __init__(
        self, *, seed: int | None = None, lane: int = 0, lanes: int = 1, clock: Callable[[], float] = monotonic
    ) -> None:
        if not 0 <= lane < lanes:
            raise ValueError(f"lane must be between 0 and lanes - 1; got lane {lane} of {lanes}")
        self.seed = random.SystemRandom().getrandbits(32) if seed is None else seed
        self.clock = clock
        self.witnesses: list[Witness] = []
        self._lane = lane
        self._lanes = lanes
        self._lock = threading.Lock()
        self._lines: dict[str, Line] = {}
        self._strays: list[tuple[float, Stray]] = []
        self._handed_out: set[int] = set()
        self._numbers: dict[str, Iterator[int]] = {}
        self._ids = self.stream("ids")
        self._codes = self.stream("codes")

    @property
    def lines(self) -> tuple[Line, ...]:
        """The numbers that are currently held, in order of allocation."""
        with self._lock:
            lines = tuple(self._lines.values())
        return tuple(line for line in lines if line.held)

    @property
    def strays(self) -> tuple[Stray, ...]:
        """The SMS that were submitted for numbers that no test held, oldest first."""
        return self.strays_since(0.0)

    def strays_since(self, moment: float) -> tuple[Stray, ...]:
        """The same, of those that were submitted after a moment of the carrier's clock."""
        with self._lock:
            return tuple(stray for at, stray in self._strays if at >= moment)

    def allocate(self, region: str) -> Line:
        """Allocate a number that is new in this run and valid in a region (ISO 3166 code) by phonenumbers' rules.

        If the country's regulator reserves numbers for fiction that can receive SMS and that phonenumbers accepts, it
        is one of these; otherwise it is made up: a mobile number, if the region has its own.

        Raises:
            InvalidRequest: the region is unknown.
            NumberUnavailable: this lane has no more numbers in the region.
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
        """Stop a line from receiving SMS, now or in `after` seconds, and notify its subscribers.

        Does nothing if the line was already released. The number is not allocated again.
        """
        line._end(after)

    def deliver(self, number: object, text: str, *, sender: str | None = None, after: float = 0.0) -> None:
        """Deliver an SMS to a number that a test holds.

        Args:
            number: with country code, in any usual format (`+1 201-555-0123`), or any object with `.e164`.
            text: the whole text.
            sender: the sender's number or name.
            after: seconds until it arrives, at most a day.

        Raises:
            InvalidRequest: no test holds the number (the error lists those that are held), or an argument is invalid.
        """
        to = getattr(number, "e164", number)
        if not isinstance(to, str):
            kind = type(number).__name__
            raise InvalidRequest(f"number must be a string or have an attribute .e164; got {kind}")
        if not self._send(to, text, sender, after):
            raise InvalidRequest(f"no test holds the number {to!r}", hint=self._held_now())

    def submit(self, to: str, text: str, *, sender: str | None = None) -> bool:
        """Deliver an SMS as a gateway does: if no test holds the number, the SMS is kept in `strays`, without an error.

        Returns:
            Whether the number is held.

        Raises:
            InvalidRequest: an argument is invalid.
        """
        if self._send(to, text, sender, 0.0):
            return True
        with self._lock:
            self._strays.append((self.clock(), Stray(to, sender, text)))
        return False

    def knows(self, number: str) -> bool:
        """Return whether the number was ever allocated."""
        return self._find(number) is not None

    def code(self) -> str:
        """Return the next code: six digits, determined by the seed."""
        with self._lock:
            return f"{self._codes.randrange(10**6):06}"

    def new_id(self) -> str:
        """Return the next UUID, determined by the seed."""
        with self._lock:
            return str(uuid.UUID(int=self._ids.getrandbits(128), version=4))

    def exclude(self, numbers: Iterable[str]) -> None:
        """Never allocate these numbers, such as `+12015550123`, since a copy of this carrier did."""
        with self._lock:
            self._handed_out.update(int(number.removeprefix("+")) for number in numbers)

    def diverge(self, branch: int) -> None:
        """Give this copy of a carrier, in a forked process, IDs and codes other than those of the original.

        The same seed and the same `branch` give the same ones.
        """
        with self._lock:
            self._ids = self.stream(f"ids/{branch}")
            self._codes = self.stream(f"codes/{branch}")

    def stream(self, purpose: str) -> random.Random:
        """Return a source of random values, determined by seed, lane and purpose, and independent of all others."""
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
        from ..phone import e164  # noqa: PLC0415 - start-up: 35 ms that only an unusual notation needs

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
