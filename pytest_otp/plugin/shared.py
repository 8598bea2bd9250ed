"""The fixture otp_shared: something that one xdist worker starts, and that all workers of the run use."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ..errors import OtpError
from ..orders.process_locks import LivenessLock
from ..redact import scrub
from .run import running_item
from .shared_place import Place

if TYPE_CHECKING:
    Start = Callable[[], AbstractContextManager[Any] | Iterator[Any]]

__tracebackhide__ = True

_LOOK_EVERY = 0.02
"""Seconds between two looks at what another worker does."""
_END = object()
_TESTS = ""
"""Who uses what is not needed by anything that this worker started."""


def shared(request: pytest.FixtureRequest, temporary: pytest.TempPathFactory) -> Iterator[Shared]:
    """What this worker shares; at its end, waits for the workers that use what was started here."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "")
    base = temporary.getbasetemp()
    # With xdist, each worker's base directory is in that of the controller.
    made = Shared((base.parent if worker else base) / "otp-shared", worker)
    try:
        yield made
    finally:
        if made.has_started:
            _stop_timer(request)
        made.close()


def _stop_timer(request: pytest.FixtureRequest) -> None:
    """Keep pytest-timeout from counting the other workers' tests as part of this worker's last one."""
    cancel = getattr(request.config.hook, "pytest_timeout_cancel_timer", None)
    item = running_item(request.session)
    if cancel and item:
        cancel(item=item)


class Shared:
    """Starts things once over all processes that use the same directory.

    Args:
        folder: The directory; created if it is missing.
        worker: The name of this process in messages; may be empty.
    """

    def __init__(self, folder: Path, worker: str) -> None:
        self._folder = folder
        self._worker = worker
        self._lock = threading.RLock()
        self._starting: list[str] = []
        self._started: dict[str, _Started] = {}
        self._used: dict[str, _Used] = {}

    @property
    def has_started(self) -> bool:
        """Whether this process has started something, which it stops in `close`."""
        return bool(self._started)

    def __call__(self, name: str, start: Start) -> Any:
        """Return what `start` yielded, in the process that called this first with this name.

        Args:
            name: What it is called in all workers.
            start: Returns a context manager or a generator, which yields once. What it yields must be plain data, as
                in JSON: text, numbers, booleans, None, lists, and dictionaries with text as keys.

        Raises:
            OtpError: If `start` failed in another worker, or the worker that called it has died.
            TypeError: If `start` returns or yields something else.
        """
        with self._lock:
            if name in self._starting:
                raise OtpError(f"otp_shared({name!r}) is called by what it starts")
            place = Place(self._folder / hashlib.sha256(name.encode()).hexdigest()[:16])
            while True:
                with place.locked():
                    state = place.read()
                    if state["stage"] == "stopped":
                        place.write(stage="starting", by=self._worker, alive=place.become_starter())
                        break
                    if place.settled(state):
                        return self._joined(name, place, state)
                time.sleep(_LOOK_EVERY)
            return self._begun(name, place, start)

    def close(self) -> None:
        """Leave what others started; stop what this process started, once no other process uses it."""
        with self._lock, contextlib.ExitStack() as stack:
            for name, started in self._started.items():
                stack.callback(self._leave, name)
                stack.callback(started.stop)
            # Before any wait: the other process may be waiting for this one.
            self._leave(_TESTS)

    def _begun(self, name: str, place: Place, start: Start) -> Any:
        self._starting.append(name)
        started = _Started(place)
        try:
            value = started.enter(name, start)
        except BaseException as error:
            stage = "skipped" if isinstance(error, pytest.skip.Exception) else "failed"
            reason = str(error) if stage == "skipped" else scrub(f"{type(error).__name__}: {error}")
            place.change(stage=stage, by=self._worker, reason=reason)
            place.retire()
            self._leave(name)
            raise
        finally:
            self._starting.pop()
        place.change(stage="running", by=self._worker, alive=place.starter, value=value)
        self._started[name] = started
        return value

    def _joined(self, name: str, place: Place, state: dict[str, Any]) -> Any:
        where = f" in {state['by']}" if state["by"] else ""
        if state["stage"] == "skipped":
            pytest.skip(state["reason"])
        if state["stage"] == "failed":
            raise OtpError(f"otp_shared({name!r}) failed to start{where}: {state['reason']}")
        if not place.is_starter_alive(state):
            raise OtpError(
                f"otp_shared({name!r}): {state['by']}, the xdist worker that started it, has died",
                hint="What it started may have died with it, or may still be running.",
            )
        if name not in self._started:
            used = self._used.setdefault(name, _Used(place))
            used.hold(self._starting[-1] if self._starting else _TESTS)
        return state["value"]

    def _leave(self, user: str) -> None:
        for used in self._used.values():
            used.release(user)


class _Started:
    """What this process has started under one name."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._running = contextlib.ExitStack()

    def enter(self, name: str, start: Start) -> Any:
        """Start it, and return the value that all workers get."""
        made = start()
        if isinstance(made, Iterator):
            made = _once(name, made)
        if not isinstance(made, AbstractContextManager):
            raise TypeError(
                f"otp_shared({name!r}, start): start() must return a context manager or be a generator function, "
                f"not return {type(made).__name__}"
            )
        with contextlib.ExitStack() as undo:
            value = undo.enter_context(made)
            try:
                # Every worker gets what the file keeps, so that tests do not depend on which of them was first.
                kept = json.loads(json.dumps(value))
            except (TypeError, ValueError):
                kind = type(value).__name__
            else:
                self._running = undo.pop_all()
                return kept
        raise TypeError(f"otp_shared({name!r}, start): start() yielded {kind}, but only plain data reaches all workers")

    def stop(self) -> None:
        """Stop it as soon as nobody else uses it."""
        while not self._is_free():
            time.sleep(_LOOK_EVERY)
        try:
            self._running.close()
        finally:
            self._place.change(stage="stopped")
            self._place.retire()

    def _is_free(self) -> bool:
        with self._place.locked():
            free = not self._place.is_used()
            if free:
                self._place.write(**{**self._place.read(), "stage": "stopping"})
            return free


@contextlib.contextmanager
def _once(name: str, generator: Iterator[Any]) -> Iterator[Any]:
    """A generator that yields once, as a context manager."""
    value = next(generator, _END)
    if value is _END:
        raise TypeError(f"otp_shared({name!r}, start): start() yielded nothing; it must yield once")
    try:
        yield value
    finally:
        if next(generator, _END) is not _END:
            if isinstance(generator, Generator):
                generator.close()
            raise TypeError(f"otp_shared({name!r}, start): start() yielded again; it must yield once")


class _Used:
    """What this process uses, and another one has started."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._lock: LivenessLock | None = None
        self._users: set[str] = set()

    def hold(self, user: str) -> None:
        """Keep it from being stopped until this user, and all others, have released it."""
        self._users.add(user)
        self._lock = self._lock or self._place.use()

    def release(self, user: str) -> None:
        """Do without it. Does nothing if this user does not hold it."""
        self._users.discard(user)
        if self._lock and not self._users:
            self._lock.release()
            self._lock = None
