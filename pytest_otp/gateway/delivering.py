"""From a service to the phone network: a message is delivered, unless a test asked for something to go wrong."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from functools import partial

from .agenda import Agenda
from .failures import Documented, Failure, SendingFailed
from .message import Outcome, OutgoingSms

Submit = Callable[[str, OutgoingSms], bool]
"""Delivers a message of a service; returns whether its number is held."""


class Delivering:
    """Delivers messages, and makes them fail. Safe to use from several threads.

    Args:
        submit: Delivers a message.
        lose: Called with the service, a message that is accepted but not delivered, and the failure that a test asked
            for.
        failure_of: Returns what is to go wrong with a message, by its service and its number.
        agenda: When messages that are late are delivered.
    """

    def __init__(
        self,
        submit: Submit,
        lose: Callable[[str, OutgoingSms, str], None],
        failure_of: Callable[[str, str], Failure | None],
        agenda: Agenda,
    ) -> None:
        self._submit = submit
        self._lose = lose
        self._failure_of = failure_of
        self._agenda = agenda
        self._held_back: defaultdict[str, list[Callable[[], object]]] = defaultdict(list)
        self._lock = threading.Lock()

    def deliver(self, service: str, documented: Documented, message: OutgoingSms) -> bool:
        """Deliver a message; returns whether its number is held, as far as that is known.

        Args:
            service: The service that accepted it.
            documented: What this service documents.
            message: The message.

        Raises:
            SendingFailed: If the service is not to accept it.
            OtpError: If the number cannot receive it.
        """
        failure = self._failure_of(service, message.to)
        if failure is None:
            return self._pass_on(service, message)
        if failure.error == "time_out":
            raise SendingFailed(failure)
        if failure.error == "twice":
            self._submit(service, message)
            return self._pass_on(service, message)
        if failure.error == "late":
            self._agenda.add(partial(self._pass_on, service, message), failure.seconds)
            return True
        if failure.error == "out_of_order":
            with self._lock:
                self._held_back[message.to].append(partial(self._pass_on, service, message))
            return True
        status, code, words = failure.by(documented) or (202, "", "")
        if status >= 400:
            raise SendingFailed(failure, status, code, words)
        self._lose(service, message, failure.error)
        message.report(Outcome(False, code or None, words or None))
        return False

    def close(self) -> None:
        """Drop the messages that are not delivered yet."""
        self._agenda.close()

    def _pass_on(self, service: str, message: OutgoingSms) -> bool:
        held = self._submit(service, message)
        message.report(Outcome(held))
        with self._lock:
            held_back = self._held_back.pop(message.to, ())
        for deliver in held_back:
            deliver()
        return held
