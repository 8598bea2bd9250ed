"""Pastes a text into a widget that ignores keys, once."""

from __future__ import annotations

from .keys import Outcome, Typist
from .patience import Patience
from .reading import Reading
from .steps import Press, PressPaste, Steps
from .widget import Widget

_ARRIVES = 0.3
"""Seconds within which a paste by keys must have an effect."""


def paste(widget: Widget, typist: Typist, text: str) -> Steps[Outcome]:
    """Paste a text: from the clipboard, or where that does nothing, by an event of our own."""
    before = yield from widget.focus(0, "start")
    if before is not None and typist.pressed:
        yield Press("Backspace")  # a script may have kept the key
        before = yield from widget.rested()
    if before is None:
        return Outcome.GONE
    mac = yield from widget.ask("copy", text=text)
    if mac is not None:
        yield PressPaste(mac)
        if (yield from _has_effect(widget, before)):
            return (yield from typist.whole(before)) or Outcome.IGNORED
    yield from widget.ask("paste", id=widget.candidate.ids[max(before.active, 0)], text=text)
    return (yield from typist.whole(before)) or Outcome.IGNORED


def _has_effect(widget: Widget, before: Reading) -> Steps[bool]:
    patience = Patience(widget.watch.clock, _ARRIVES)
    while not patience.is_over:
        reading = yield from widget.read(again=False)
        if reading is None or reading.shown != before.shown or reading.changes > before.changes:
            return True
        yield from patience.pause()
    return False
