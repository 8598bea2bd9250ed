"""Looking up a provider's ID: of a service or country, by ID, name, ISO code or name in any language."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, Mapping
from difflib import get_close_matches
from typing import Protocol, TypeVar

from ..display import ID, NAME, quoted, shown
from ..errors import InvalidRequest, SettingsError, listed

__tracebackhide__ = True

_T = TypeVar("_T")
_MOST_SHOWN = 12


class CatalogueItem(Protocol):
    """An item that a provider lists: a country or a service."""

    @property
    def id(self) -> str:
        """The provider's ID."""
        ...

    @property
    def name(self) -> str:
        """The provider's name for it."""
        ...


class Cache:
    """Caches what was fetched. Thread-safe: threads that need the same value fetch it once."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._kept: dict[Hashable, object] = {}

    def get(self, key: Hashable, fetch: Callable[[], _T]) -> _T:
        """Return the cached value, or else that of `fetch()`; a failed fetch caches nothing."""
        with self._lock:
            if key not in self._kept:
                self._kept[key] = fetch()
            return self._kept[key]  # type: ignore[return-value]  # what fetch returned for the same key


def find(wanted: str, items: Iterable[CatalogueItem], *, kind: str, provider: str) -> str | None:
    """Return the ID of the item that `wanted` names: by ID, else by name; None if nothing matches.

    Raises InvalidRequest, which lists the candidates, if several items have this name.
    """
    from ..phone import folded  # noqa: PLC0415 - imports phonenumbers

    items = list(items)
    by_id = {item.id for item in items if item.id.casefold() == wanted.strip().casefold()}
    by_name = {item.id for item in items if folded(item.name) == folded(wanted)}
    return _only(by_id or by_name, items, wanted, kind, provider)


def find_country(
    wanted: str, items: Iterable[CatalogueItem], *, provider: str, regions: Mapping[str, str] | None = None
) -> str | None:
    """Like `find`, and also by ISO code or by the country's name in any language.

    `regions` gives the ISO codes of names that are not a country's.
    """
    items = list(items)
    found = find(wanted, items, kind="country", provider=provider)
    if found is not None:
        return found
    from ..phone import region_of  # noqa: PLC0415 - imports phonenumbers

    region = region_of(wanted)
    if region is None:
        return None
    same = {item.id for item in items if region_of_item(item, regions) == region}
    return _only(same, items, wanted, "country", provider)


def region_of_item(item: CatalogueItem, regions: Mapping[str, str] | None = None) -> str | None:
    """Return the ISO code of a provider's country; None if its name is not a country's."""
    from ..phone import region_of  # noqa: PLC0415 - imports phonenumbers

    return (regions or {}).get(item.name.casefold()) or region_of(item.name)


def unknown(wanted: str, items: Iterable[CatalogueItem], *, kind: str, provider: str) -> InvalidRequest:
    """Return the error for a name that no item matches; it lists the available items, the most similar names first."""
    from ..phone import folded  # noqa: PLC0415 - imports phonenumbers

    items = list(items)
    like = get_close_matches(folded(wanted), [folded(item.name) for item in items], n=_MOST_SHOWN)
    items.sort(key=lambda item: like.index(name) if (name := folded(item.name)) in like else _MOST_SHOWN)
    available = listed([_described(item) for item in items], _MOST_SHOWN) or "none"
    return InvalidRequest(
        f"unknown {kind} {quoted(wanted, NAME)}",
        provider=provider,
        hint=f"Available: {available}. Use a name or an ID.",
    )


def required(value: str | None, kind: str, provider: str) -> str:
    """Return the value, stripped. Raises SettingsError, which names every place to set it."""
    if value is None or not value.strip():
        raise SettingsError(
            f"provider {provider} needs a {kind} to order a number",
            hint=f"Set it with otp_number({kind}=...), @pytest.mark.otp({kind}=...), --otp-{kind}, "
            f"PYTEST_OTP_{kind.upper()} or the ini value otp_{kind}.",
        )
    return value.strip()


def _only(ids: set[str], items: Iterable[CatalogueItem], wanted: str, kind: str, provider: str) -> str | None:
    if len(ids) > 1:
        candidates = listed([_described(item) for item in items if item.id in ids], _MOST_SHOWN)
        raise InvalidRequest(
            f"ambiguous {kind} {quoted(wanted, NAME)}: could be {candidates}",
            provider=provider,
            hint="Use the ID instead.",
        )
    return next(iter(ids), None)


def _described(item: CatalogueItem) -> str:
    item_id = shown(item.id, ID)
    return item_id if item.name == item.id else f"{shown(item.name, NAME)} ({item_id})"
