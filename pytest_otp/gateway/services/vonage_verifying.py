"""What Vonage's two verification APIs have in common: a request is a code that is sent by one step after another.

Only one request at a time may be under way for a number, and each may be checked three times. Sources: those of
`vonage_verify` and `vonage_verify_legacy`.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from ...clock import utc_now
from ..message import Backend, OutgoingSms
from ..seen import Channel
from .kept import Kept
from .verify_wording import text_in

MOST_CHECKS = 3
"""Wrong codes in one request; the next check ends it."""

Outcome = Literal["right", "wrong", "too many", "over"]


@dataclass(frozen=True, slots=True)
class Step:
    """One way of sending the code. Without a channel nothing is sent that could be received here."""

    to: str
    channel: Channel | None
    sender: str | None = None


@dataclass(slots=True)
class VerifyRequest:
    """One verification request."""

    brand: str
    language: str
    code: str = field(repr=False)
    steps: Sequence[Step]
    seconds: float
    """How long the code is valid."""
    started: float
    """By the gateway's clock."""
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    taken: int = 0
    """How many steps were taken."""
    status: Literal["pending", "completed", "failed", "cancelled"] = "pending"
    checks: list[tuple[datetime, str, bool]] = field(default_factory=list, repr=False)
    events: list[tuple[datetime, str]] = field(default_factory=list)
    finished: datetime | None = None

    @property
    def number(self) -> str:
        """What is verified: the address of the first step."""
        return self.steps[0].to

    def text(self, channel: Channel) -> str:
        """What is sent by a channel."""
        minutes = max(1, round(self.seconds / 60))
        if channel == "voice" and self.language == "en":
            return (
                f"Please enter your {self.brand} activation code {self.code}, I repeat {self.code}, "
                f"valid the next {minutes} minutes."
            )
        return text_in(self.language, "vonage", name=self.brand, code=self.code, minutes=minutes)


class VerifyRequests:
    """The requests of one API, safe to use from several threads.

    Args:
        backend: The gateway.
        clock: Seconds that only grow; codes expire by it.
    """

    def __init__(self, backend: Backend, clock: Callable[[], float]) -> None:
        self._backend = backend
        self.clock = clock
        self._requests: Kept[str, VerifyRequest] = Kept()
        self._latest: Kept[str, VerifyRequest] = Kept()
        self._lock = threading.Lock()

    def under_way(self, number: str) -> VerifyRequest | None:
        """The pending request for a number, or None."""
        request = self._latest.get(number)
        return request if request is not None and self.is_pending(request) else None

    def start(self, request: VerifyRequest) -> VerifyRequest | None:
        """Send the first code of a new request. Returns the one that is under way for the number instead, if any."""
        with self._lock:
            present = self.under_way(request.number)
            if present is not None:
                return present
            self._requests.put(request.request_id, request)
            self._latest.put(request.number, request)
        try:
            self.take_step(request)
        except Exception:
            self.end(request, "failed")
            raise
        return None

    def get(self, request_id: str) -> VerifyRequest | None:
        """A request, whatever its status."""
        return self._requests.get(request_id)

    def pending(self, request_id: str) -> VerifyRequest | None:
        """A request that is under way, or None."""
        request = self.get(request_id)
        return request if request is not None and self.is_pending(request) else None

    def is_pending(self, request: VerifyRequest) -> bool:
        """Whether its code can still be checked."""
        return request.status == "pending" and not self.is_expired(request)

    def is_expired(self, request: VerifyRequest) -> bool:
        """Whether its time is up."""
        return self.clock() >= request.started + request.seconds

    def take_step(self, request: VerifyRequest) -> bool:
        """Send the code by the next step; False if there is none left. Raises `OtpError` if it cannot be sent."""
        with self._lock:
            if request.taken >= len(request.steps):
                return False
            step = request.steps[request.taken]
            request.taken += 1
            request.events.append((utc_now(), "tts" if step.channel == "voice" else "sms"))
        if step.channel is not None:
            self._backend.send(OutgoingSms(step.to, request.text(step.channel), step.sender, step.channel))
        return True

    def check(self, request: VerifyRequest, code: str) -> Outcome:
        """Compare a code with that of a pending request, which the right one completes; then it is over."""
        with self._lock:
            if not self.is_pending(request):
                return "over"
            if len(request.checks) >= MOST_CHECKS:
                self.end(request, "failed")
                return "too many"
            right = code == request.code
            request.checks.append((utc_now(), code, right))
            if right:
                self.end(request, "completed")
            return "right" if right else "wrong"

    def end(self, request: VerifyRequest, status: Literal["completed", "failed", "cancelled"]) -> None:
        """End a request."""
        request.status, request.finished = status, utc_now()
