"""What else than a code or the user's own number a field can be for, by the words of `words.ini`."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path

_FILE = Path(__file__).with_name("words.ini")


def _read() -> dict[str, str]:
    parser = ConfigParser(interpolation=None)
    parser.read_string(_FILE.read_text(encoding="utf-8"))
    return {
        name: "|".join(word.strip() for word in parser[name]["words"].replace("\n", " ").split(","))
        for name in parser.sections()
    }


_WORDS = _read()


def _any(*names: str) -> re.Pattern[str]:
    return re.compile("|".join(_WORDS[name] for name in names), re.IGNORECASE)


FOREIGN = _any("offers", "invitations", "groups", "places", "cards", "searches", "others")
"""What is beside a field for something else than a code that was sent."""
FOREIGN_CLASSES = _any("classes")
"""The same in the names of CSS classes."""
FOREIGN_HEADINGS = _any("offers", "invitations", "groups", "cards", "searches")
"""The same in a heading or legend, which may name several fields."""
APPLIES = _any("applies")
"""Buttons of fields for offers, invitations and searches."""
PAYS = _any("pays")
"""Buttons of payments."""
GOES_ON = _any("goes on")
"""Buttons of the step in which a code is entered."""
SENT = _any("sent")
"""Texts that say that a code was sent."""
OTHER_PEOPLE = _any("other people")
"""Whose number is not the user's own."""
NO_SMS = _any("no sms")
"""Numbers that take no SMS."""
LESS_OWN = _any("less own")
"""Numbers that are the user's own less often than a plain one."""
