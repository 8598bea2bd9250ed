"""Plain pages, each a snippet of HTML with one difficulty."""

from __future__ import annotations

from ..case import Page
from .finding import FINDING
from .keys import KEYS
from .phones import PHONES
from .places import PLACES
from .refusing import REFUSING
from .timing import TIMING

PAGES: dict[str, Page] = {page.name: page for page in (*FINDING, *PLACES, *TIMING, *KEYS, *REFUSING, *PHONES)}

__all__ = ["PAGES"]
