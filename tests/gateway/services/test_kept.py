"""What services remember between requests."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from pytest_otp.gateway.services.kept import MOST_KEPT, Kept


def test_entries_are_found_replaced_and_removed() -> None:
    """The newest come first; one that is put again is the newest."""
    kept: Kept[str, int] = Kept()
    for number, name in enumerate(("a", "b", "c")):
        kept.put(name, number)
    kept.put("a", 7)
    kept.remove("b")
    kept.remove("nobody")
    assert (kept.get("a"), kept.get("b")) == (7, None)
    assert kept.newest() == [7, 2]


def test_the_oldest_are_dropped() -> None:
    """Also when many threads add to it."""
    kept: Kept[int, int] = Kept()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: kept.put(number, number), range(MOST_KEPT + 200)))
    assert len(kept.newest()) == MOST_KEPT
    kept.put(-1, -1)
    assert kept.newest()[0] == -1
    assert len(kept.newest()) == MOST_KEPT
