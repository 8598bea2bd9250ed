"""The harness of the widgets sees what goes wrong: it is run with drivers that do it wrongly."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pytest_otp.errors import FillError
from widgets.case import Case
from widgets.runs import run_one
from widgets.site import Site

Told = list[tuple[str, str]]


class Pretending:
    """A driver without a browser: it tells the site what a page would tell."""

    name = "pretending"

    def __init__(self, told: Told, raises: FillError | None = None) -> None:
        self.told = told
        self.raises = raises

    def open(self, url: str, *, cpu: int = 1, frozen: bool = False) -> None:
        """Remember the run."""
        self.run = parse_qs(urlsplit(url).query)["run"][0]
        self.site = "{0.scheme}://{0.netloc}".format(urlsplit(url))

    def fill(self, case: Case) -> Any:
        """Tell what was to be told."""
        for number, (kind, value) in enumerate(self.told):
            body = json.dumps({"run": self.run, "number": number, "kind": kind, "value": value}).encode()
            urllib.request.urlopen(f"{self.site}/record", body, timeout=10).close()
        if self.raises:
            raise self.raises
        return SimpleNamespace(how="typed")

    def wait_for(self, selector: str) -> None:
        """Nothing has to come."""

    def type(self, selector: str, text: str) -> None:
        """Nothing is typed."""

    def focus(self) -> int:
        """The only field."""
        return 0

    def altered(self) -> str:
        """Nothing."""
        return ""

    def screenshot(self, path: str) -> None:
        """There is nothing to see."""

    def quit(self) -> None:
        """There is nothing to end."""


Verdict = Callable[..., str]


@pytest.fixture
def verdict() -> Iterator[Verdict]:
    """What the harness says of a run of the code 482913."""
    with Site() as site:

        def judge(told: Told, raises: FillError | None = None, **case: Any) -> str:
            made = Case(page="page", variant="code", path="/plain/one-input", value="482913", state="482913", **case)
            return run_one(Pretending(told, raises), site, made, 1).problem

        yield judge


WHOLE = ("state", "482913")
SENT = ("submission", "482913")


def test_a_good_run_has_no_problem(verdict: Verdict) -> None:
    """The whole code, sent once where the page sends it, is a pass."""
    assert verdict([WHOLE]) == ""
    assert verdict([WHOLE, SENT], submits=True) == ""
    assert verdict([WHOLE, SENT, ("state", "")], submits=True, ending="cleared") == ""
    assert verdict([SENT], submits=True, ending="gone") == ""


@pytest.mark.parametrize(
    ("told", "case", "problem"),
    [
        ([("state", "48291")], {}, "the application has '48291'"),
        ([], {}, "the application has ''"),
        ([WHOLE, SENT], {}, "submitted ['482913'], not []"),
        ([WHOLE, SENT, SENT], {"submits": True}, "submitted ['482913', '482913'], not ['482913']"),
        ([WHOLE, ("submission", "48291")], {"submits": True}, "submitted ['48291'], not ['482913']"),
        ([WHOLE, ("touched", "promo")], {}, "other fields were touched: ['promo']"),
        (
            [WHOLE, SENT, ("state", ""), WHOLE],
            {"submits": True, "ending": "cleared"},
            "the application ends with '482913'",
        ),
        ([WHOLE], {"error": ()}, "no FillError; the application has '482913'"),
    ],
)
def test_a_bad_run_is_seen(verdict: Verdict, told: Told, case: dict[str, Any], problem: str) -> None:
    """A missing digit, a second submission, a code typed twice and a touched field are failures."""
    assert verdict(told, **case) == problem


def test_an_error_where_none_should_be(verdict: Verdict) -> None:
    """A `FillError` on a page that takes the code is a failure, with its text."""
    assert verdict([], FillError("the field is covered")).startswith("FillError: ")


def test_errors_that_should_be(verdict: Verdict) -> None:
    """On a page that cannot take the code the error must come, say why, show no contents, and nothing may be sent."""
    assert verdict([], FillError("the field is covered"), error=("covered",)) == ""
    assert "does not say 'disabled'" in verdict([], FillError("the field is covered"), error=("disabled",))
    assert verdict([], FillError("it shows 482913"), error=()) == "the error shows contents of the page"
    assert verdict([("submission", "4829")], FillError("too short"), error=()) == "submitted ['4829']"
