"""Removes what is in a widget before it is typed into."""

from __future__ import annotations

from .patience import Patience
from .reading import Reading, shown_in
from .steps import Press, Steps
from .widget import Widget

_ROUNDS = 4
_CLEARED = 0.2
"""Seconds within which a key must remove something."""


def clear(widget: Widget) -> Steps[Reading | None]:
    """Remove what is in a widget, and focus its first field. Returns what it shows then; None if it is gone."""
    reading = widget.reading or (yield from widget.read())
    for turn in range(_ROUNDS):
        if reading is None or not reading.shown:
            break
        for index in reversed(range(widget.box_count)):
            if shown_in(reading.values[index] or "") or (index == 0 and reading.drawn):
                reading = yield from _clear_field(widget, reading, index, turn)
                if reading is None:
                    return None
    if reading is not None and (reading.active != 0 or any(reading.values)):
        reading = yield from widget.focus(0, "start")
    return reading


def _clear_field(widget: Widget, before: Reading, index: int, turn: int) -> Steps[Reading | None]:
    """With all selected at first, then character by character, and in the last round without keys."""
    if turn == _ROUNDS - 1:
        yield from widget.ask("put", id=widget.candidate.ids[index], text="")
        return (yield from widget.read())
    reading = yield from widget.focus(index, "all" if turn == 0 else "end")
    for _ in range(1 if turn == 0 else len(before.shown)):
        yield Press("Backspace")
    patience = Patience(widget.watch.clock, _CLEARED)
    while True:
        reading = yield from widget.read()
        if reading is None or reading.shown != before.shown or patience.is_over:
            return reading
        yield from patience.pause()
