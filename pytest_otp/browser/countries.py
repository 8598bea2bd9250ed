"""Chooses a phone number's country in whatever a page has for that: a list, a field for the code, a menu of its own."""

from __future__ import annotations

import re
from typing import Any

from .patience import Patience
from .phone_forms import Wanted, is_list_of_countries, option_for
from .steps import Click, Pause, Press, Steps
from .widget import Widget

_SETTLES = 0.03
"""Seconds in which a page may follow a choice."""
_OPENS = 0.4
"""Seconds within which a menu must open."""
_FINDS = 2.0
"""Seconds within which a menu must show the country that was searched for."""
_CODE_FIELD = re.compile(r"code|dial|prefix|country|\bcc\b|vorwahl|indicatif", re.IGNORECASE)
_LONGEST_SEARCH = 12
_FEWEST = 2
"""Entries with country codes that make a menu a list of countries."""

Around = dict[str, Any]
"""What stands around a phone field, as the page describes it."""


class Countries:
    """The means to choose a country beside one phone field."""

    def __init__(self, widget: Widget, wanted: Wanted) -> None:
        self.was_picked = False
        """Whether a menu has been tried."""
        self.missing = ""
        """The number's country, if the page has a list of countries without it."""
        self._widget = widget
        self._wanted = wanted

    def around(self) -> Steps[Around | None]:
        """What stands around the field now; None if it is gone."""
        answer: Around | None = yield from self._widget.ask(
            "surroundings", id=self._widget.candidate.first.id, region=self._wanted.phone.region
        )
        return answer

    def choose(self, around: Around) -> Steps[bool]:
        """Choose the country in a list, or type its code into a field of its own. Returns whether there is one."""
        option = option_for(around, self._wanted)
        if option is not None:
            select, index, is_chosen = option
            if not is_chosen:
                yield from self._widget.ask("choose", id=select, index=index)
                yield Pause(_SETTLES)
            return True
        if any(is_list_of_countries(select) for select in around["selects"]):
            self._misses(around)
        for code in around["codes"]:
            if _CODE_FIELD.search(code["name"]):
                if re.sub(r"\D", "", code["value"]) != self._wanted.dial:
                    yield from self._type(code["id"], f"+{self._wanted.dial}")
                return True
        return False

    def pick(self, around: Around) -> Steps[bool]:
        """Choose the country in a menu that the page draws itself. Returns whether that was possible."""
        self.was_picked = True
        opened = yield from self._entries()
        if opened is None or not _is_open(opened):
            opened = yield from self._open(around)
        searches = [name[:_LONGEST_SEARCH] for name in around["names"][:1]] + [f"+{self._wanted.dial}"]
        searched = False
        patience = turn = Patience(self._widget.watch.clock, _FINDS)
        while opened is not None and not patience.is_over:
            for entry in opened["entries"]:
                certain = entry["iso"] or entry["name"] or (entry["dial"] and searched)
                if certain and (yield Click(self._widget.candidate.place, entry["id"])):
                    yield Pause(_SETTLES)
                    return True
            if opened["search"] is not None and searches and (not searched or turn.is_over):
                searched = True
                turn = Patience(self._widget.watch.clock, _FINDS / 2)
                yield from self._type(opened["search"], searches.pop(0))
            yield from patience.pause()
            opened = yield from self._entries()
        if searched or (opened is not None and opened["listed"] >= _FEWEST):
            self._misses(around)
        return False

    def _misses(self, around: Around) -> None:
        name = (around["names"] or [self._wanted.phone.region or "the country"])[-1]
        self.missing = f"{name} (+{self._wanted.dial})"

    def _open(self, around: Around) -> Steps[dict[str, Any] | None]:
        for button in around["buttons"]:
            yield Click(self._widget.candidate.place, button["id"])
            patience = Patience(self._widget.watch.clock, _OPENS)
            while not patience.is_over:
                opened = yield from self._entries()
                if opened is not None and _is_open(opened):
                    return opened
                yield from patience.pause()
        return None

    def _entries(self) -> Steps[dict[str, Any] | None]:
        answer: dict[str, Any] | None = yield from self._widget.ask(
            "entries",
            id=self._widget.candidate.first.id,
            dial=self._wanted.dial,
            region=self._wanted.phone.region,
        )
        return answer

    def _type(self, field: int, text: str) -> Steps[None]:
        """Type into another field than the number's."""
        fields = self._widget.candidate.ids
        yield from self._widget.ask("begin", fields=[*fields, field], drawing=False, id=None)
        yield from self._widget.ask("focus", fields=fields, drawing=False, id=field, select="all")
        for char in text:
            yield Press(char)
        yield from self._widget.ask("begin", fields=fields, drawing=False, id=None)


def _is_open(opened: dict[str, Any]) -> bool:
    return bool(opened["entries"]) or opened["search"] is not None or opened["listed"] >= _FEWEST
