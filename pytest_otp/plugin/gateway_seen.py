"""What the gateway has seen, as a test's process gets to know it: from its own gateway, or from xdist's controller."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from ..errors import OtpError
from ..gateway.record import Record
from ..gateway.report import concerns, explained, troubles
from ..gateway.seen import GatewayRequest, SentMessage

if TYPE_CHECKING:
    from ..offline.carrier import Carrier, Witness
    from .relay import Hub
    from .relay_worker import Branch

REQUESTS = "gateway-requests"
MESSAGES = "gateway-messages"
KNOWN = "gateway-known"


def witness_of(record: Record, carrier: Carrier) -> Witness:
    """A carrier's witness, of a gateway in this process."""

    def witness(number: str, since: float, only_troubles: bool) -> str:
        return _explanation(record.since(since), number, carrier, (), only_troubles=only_troubles)

    return witness


class SharedRecord:
    """The record of the gateway in xdist's controller, as one of its workers sees it.

    It leaves out what is about numbers that other workers ordered.
    """

    def __init__(self, branch: Branch, carrier: Carrier) -> None:
        self._branch = branch
        self._carrier = carrier

    def requests(self) -> tuple[GatewayRequest, ...]:
        """The requests, oldest first. Raises `OtpError` if the controller does not answer."""
        requests, theirs = self._ask(0.0)
        return tuple(
            request for request in requests if not request.numbers or any(to not in theirs for to in request.numbers)
        )

    def sent_to(self, number: str) -> tuple[SentMessage, ...]:
        """The messages to a number, oldest first. Raises `OtpError` if the controller does not answer."""
        answers = self._branch.ask(MESSAGES, number)
        return tuple(SentMessage.from_plain(message) for answer in answers for message in answer)

    def witness(self, number: str, since: float, only_troubles: bool) -> str:
        """The carrier's witness."""
        try:
            requests, theirs = self._ask(since)
        except OtpError as error:
            return f"What the gateway saw is not known: {error.message}."
        return _explanation(requests, number, self._carrier, theirs, only_troubles=only_troubles)

    def known(self, numbers: Iterable[str]) -> list[str]:
        """Which of the numbers this worker ordered; asked by the controller."""
        return [number for number in numbers if self._carrier.knows(number)]

    def _ask(self, since: float) -> tuple[list[GatewayRequest], set[str]]:
        """The requests since a moment, and the numbers in them that other workers ordered."""
        answers = self._branch.ask(REQUESTS, since)
        requests = [GatewayRequest.from_plain(plain) for answer in answers for plain in answer["requests"]]
        return requests, {to for answer in answers for to in answer["known"] if not self._carrier.knows(to)}


def share(record: Record, hub: Hub) -> None:
    """In the controller: tell the workers what its gateway has seen."""
    hub.handle(REQUESTS, partial(_requests, record, hub))
    hub.handle(MESSAGES, lambda number: [message.plain() for message in record.sent_to(number)])


def _requests(record: Record, hub: Hub, since: float) -> dict[str, Any]:
    requests = record.since(since)
    numbers = sorted({number for request in requests for number in request.numbers})
    known = {number for answer in hub.ask(KNOWN, numbers) for number in answer} if numbers else set()
    return {"requests": [request.plain() for request in requests], "known": sorted(known)}


def _explanation(
    requests: Iterable[GatewayRequest], number: str, carrier: Carrier, theirs: Collection[str], *, only_troubles: bool
) -> str:
    relevant = [each for each in requests if concerns(each, number, ours=carrier.knows, theirs=theirs)]
    if not only_troubles:
        return explained(relevant, number, os.environ)
    wrong = troubles(request for request in relevant if request.outcome != "answered")
    return f"{wrong}." if wrong else ""
