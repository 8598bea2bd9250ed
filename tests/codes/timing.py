"""Texts that make a bad pattern explode, and a check that it does not, which no slow machine can fail."""

from __future__ import annotations

import time
from collections.abc import Callable

SHORT, LONG = 1600, 6400
_FACTOR = 10
"""Four times the text may take so many times as long. What grows with the square takes 16 times as long."""
_FLOOR = 0.002
"""Seconds that a short text may always take: less is noise."""
_TRIES = 5

FRAGMENTS = (
    *("1", "1-", "1.", "1,", "1 ", "1/", "1:", "1'", "1_", "a", "a.", "a-", "a@", "a/", "a1", "a1.", "a_1", "A1-"),
    *("123 ", "123-", "123,", "123.", "12:34", "12:34 ", "12/", "1/1/", "12.12.", "1,111", "111.111", "1.1.1 "),
    *("$1,", "$ ", "10%", "+", "+1 ", "+1 2", "(12) ", "1 (", "0-", "0-12-", "800 ", "1 800 12", "900-12 "),
    *("x", "xX", "xx1", "1x", "*", "*1", "**1", "1*", "4*4*", "..", ".1", "…1", "1234 ", "1234-xxxx-", "1234 *** "),
    *("jan", "jan ", "1jan", "1 jan ", "jan 1 ", "1年", "1年1", "1月 1", "1時 ", "1h", "12h34", "1 am ", "v1.", "v"),
    *("http://", "http://a", "http://a?code=1234&", "//1234/", "www.", "a.b/", "@", "@a #1\n", "#", "#1", "#a-"),
    *("code ", "code 123456 ", "your code is 482913. ", "one time ", "send to ", "never share ", "order 1234 "),
    *("12 min ", "min 12 ", "rs 12 ", "usd 1.", "enter 1 ", "otp1234 ", "abc: ", "[a] ", "A B C ", "A1B C2D "),
    *("ABCD ", "ABCD-", "1 - 1", "1·1", "Aa1+", "รหัส", "รหัส1", "验证码", "验证码1", "123456是", "कोड ", "كود 12 "),
    *(" ", "\n", "\n1", "1\n", "?", ". ", "-", "'", "\u200e1", "\u202e", "१२३", "\ud800", "ﷺ", "e\u0301"),
)


def assert_grows_with_its_length(function: Callable[[str], object], fragment: str, end: str = "") -> None:
    """Assert that a long text of repeated fragments takes a function no unlikely many times as long as a short one."""
    short, long = (_repeated(fragment, length, end) for length in (SHORT, LONG))
    taken_by_short = taken_by_long = float("inf")
    for _ in range(_TRIES):
        taken_by_short = min(taken_by_short, _seconds(function, short))
        taken_by_long = min(taken_by_long, _seconds(function, long))
        if taken_by_long <= _FACTOR * max(taken_by_short, _FLOOR):
            return
    raise AssertionError(f"{fragment!r}: {taken_by_short:.4f} s for {SHORT} characters, {taken_by_long:.4f} for {LONG}")


def _repeated(fragment: str, length: int, end: str) -> str:
    return (fragment * (length // len(fragment) + 1))[: length - len(end)] + end


def _seconds(function: Callable[[str], object], text: str) -> float:
    begin = time.process_time()
    function(text)
    return time.process_time() - begin
