"""Keys are pressed one by one, each seen to arrive, and the last one once."""

from __future__ import annotations

import pytest

from pytest_otp.browser.drivers import run
from pytest_otp.browser.keys import Outcome, Typist
from pytest_otp.browser.steps import Steps
from tests.browser.seen import FakePage, moves_on

CODE = "482913"


def typed(page: FakePage) -> Outcome:
    """What becomes of the code."""
    typist = Typist(page.widget, CODE)

    def steps() -> Steps[Outcome]:
        outcome = yield from typist.all_but_last(young=False)
        return (yield from typist.last()) if outcome is Outcome.STANDS else outcome

    return run(page, steps())


def test_each_key_is_pressed_once() -> None:
    """Where the widget answers, nothing is pressed twice."""
    page = FakePage(6, moves_on)
    assert typed(page) is Outcome.STANDS
    assert page.keys == list(CODE)


def test_boxes_without_a_script_get_the_focus() -> None:
    """Where nothing moves the focus on, each box is focused in turn."""
    page = FakePage(6, lambda page, key: page.values.__setitem__(page.active, key))
    assert typed(page) is Outcome.STANDS
    assert page.values == list(CODE)


def test_a_key_that_changes_nothing_is_pressed_again() -> None:
    """A widget that is not ready for the second key gets it once more."""
    lost = ["8"]
    page = FakePage(6, lambda page, key: lost.remove(key) if key in lost else moves_on(page, key))
    assert typed(page) is Outcome.STANDS
    assert page.keys == list("4882913")


def test_the_last_key_is_never_pressed_again() -> None:
    """A last key that changes nothing may have sent the code all the same."""
    page = FakePage(6, lambda page, key: None if key == CODE[-1] else moves_on(page, key))
    assert typed(page) is Outcome.IGNORED
    assert page.keys == list(CODE)


def test_keys_are_no_closer_together_than_the_page_takes_them() -> None:
    """A page that ignores a key soon after another gets more time before each later one, and the last one once."""
    at: list[float] = []

    def takes_calm_keys(page: FakePage, key: str) -> None:
        if not at or page.time - at[-1] > 0.05:
            moves_on(page, key)
        at.append(page.time)

    page = FakePage(6, takes_calm_keys)
    assert typed(page) is Outcome.STANDS
    assert page.keys == list("4882913")


def test_a_key_that_the_browser_has_put_in_is_not_pressed_again_soon() -> None:
    """A script that takes its time over a key which has arrived gets more of it than one that has not heard of it."""

    def late(page: FakePage, key: str) -> None:
        page.inputs += 1
        page.later(1.5, lambda: moves_on(page, key))

    page = FakePage(6, late)
    assert typed(page) is Outcome.STANDS
    assert page.keys == list(CODE)


def test_a_focus_that_never_stays_is_told_apart_from_ignored_keys() -> None:
    """Keys that do not reach the fields, since the focus is elsewhere, are pressed again and then given up."""
    page = FakePage(6, lambda page, key: None)
    page.is_robbed = True
    assert typed(page) is Outcome.STOLEN


def test_keys_that_a_widget_ignores_are_given_up() -> None:
    """Three tries of the first key, and no other one."""
    page = FakePage(6, lambda page, key: None)
    assert typed(page) is Outcome.IGNORED
    assert page.keys == ["4"] * 3


@pytest.mark.parametrize(
    ("kind", "outcome"), [("put in", Outcome.HIDDEN), ("changed", Outcome.HIDDEN), ("prevented", Outcome.IGNORED)]
)
def test_a_first_key_that_may_be_kept_out_of_sight_is_pressed_once(kind: str, outcome: Outcome) -> None:
    """A widget that takes the first key and shows nothing may have it: a second one would make a wrong code."""

    def takes(page: FakePage, key: str) -> None:
        page.inputs += kind == "put in"
        page.prevented += kind != "put in"
        page.changes += kind == "changed"

    page = FakePage(6, takes)
    assert typed(page) is outcome
    assert page.keys == ["4"]


def test_a_later_key_that_a_script_prevents_is_pressed_again_after_a_rest() -> None:
    """A widget that shows its keys, and after a rest still not this one, does not have it."""
    lost = ["8"]

    def prevents(page: FakePage, key: str) -> None:
        if key in lost:
            lost.remove(key)
            page.prevented += 1
        else:
            moves_on(page, key)

    page = FakePage(6, prevents)
    assert typed(page) is Outcome.STANDS
    assert page.keys == list("4882913")


def test_a_key_that_a_script_shows_late_is_not_pressed_again() -> None:
    """A script that keeps the browser from putting a key in and shows it by itself has time for that."""

    def late(page: FakePage, key: str) -> None:
        page.prevented += 1
        page.later(1.5, lambda: moves_on(page, key))

    page = FakePage(6, late)
    assert typed(page) is Outcome.STANDS
    assert page.keys == list(CODE)


@pytest.mark.parametrize("ending", ["cleared", "gone"])
def test_a_widget_that_clears_itself_or_vanishes_has_taken_the_code(ending: str) -> None:
    """After the last key, an empty or missing widget is the page's answer."""

    def ends(page: FakePage, key: str) -> None:
        moves_on(page, key)
        if key == CODE[-1]:
            page.values = [""] * 6
            page.is_gone = ending == "gone"

    page = FakePage(6, ends)
    assert typed(page) is Outcome.TAKEN
    assert page.keys == list(CODE)


def test_a_wrong_text_is_not_completed() -> None:
    """The last key is not pressed if other characters show."""
    page = FakePage(6, lambda page, key: moves_on(page, "7" if key == "9" else key))
    assert typed(page) is Outcome.WRONG
    assert CODE[-1] not in page.keys


def test_a_widget_that_takes_shorter_codes_is_not_completed() -> None:
    """A widget that empties itself after four digits may have sent them."""

    def four(page: FakePage, key: str) -> None:
        moves_on(page, key)
        if len(page.keys) == 4:
            page.values, page.active = [""] * 6, 0

    page = FakePage(6, four)
    assert typed(page) is Outcome.EMPTIED
    assert page.keys == list(CODE[:4])
