"""Texts that an application names by an ID only: content templates, which the real services store."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping

from ..errors import SettingsError

__tracebackhide__ = True

_SID = re.compile(r"HX[0-9a-fA-F]{32}")
_PLACE = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")


class Templates:
    """The texts of content templates by their IDs. Safe to use from several threads.

    Args:
        on_add: Called with the ID and the text of each template that is added.
    """

    def __init__(self, on_add: Callable[[str, str], object] = lambda sid, body: None) -> None:
        self._on_add = on_add
        self._bodies: dict[str, str] = {}
        self._lock = threading.Lock()

    def add(self, sid: object, body: object) -> None:
        """Declare the text of a template, with `{{1}}` or `{{code}}` in place of each variable.

        Raises:
            SettingsError: If the ID is not `HX` and 32 hexadecimal digits, or the text is empty.
        """
        if not isinstance(sid, str) or not _SID.fullmatch(sid):
            raise SettingsError(f"invalid template ID {sid!r}: expected HX and 32 hexadecimal digits")
        if not isinstance(body, str) or not body.strip():
            raise SettingsError(f"the text of a template must not be empty; got {body!r}")
        with self._lock:
            self._bodies[sid] = body
        self._on_add(sid, body)

    def get(self, sid: str) -> str | None:
        """The text of a template, or None if nobody declared it."""
        with self._lock:
            return self._bodies.get(sid)


def rendered(body: str, variables: Mapping[str, str]) -> str:
    """A template's text with its variables. A variable that has no value stays as it is."""
    return _PLACE.sub(lambda place: variables.get(place[1], place[0]), body)
