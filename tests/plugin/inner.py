"""What tests of the plugin share: the texts of inner runs, and how these report what they saw."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

Run = Callable[..., pytest.RunResult]

OFFLINE = "otp: provider fake (default), offline: no SMS is sent, nothing is charged; "
KEY = "k3y-that-nobody-may-see"
XDIST = ("-p", "xdist", "-p", "xdist.looponfail")
USES_AUTO = """
    def test_it(otp_number):
        assert len(otp_number().wait_code()) == 6
"""
_PRINTS_SETTINGS = """
    import json

    def test_it(otp_settings):
        print("SEEN", json.dumps({name: getattr(otp_settings, name) for name in NAMES}))
"""


def prints(*names: str) -> str:
    """A test that prints these settings."""
    return _PRINTS_SETTINGS.replace("NAMES", repr(names))


def printed(result: pytest.RunResult) -> dict[str, object]:
    """What the one inner test printed as SEEN and JSON."""
    (line,) = {line for line in result.outlines if line.startswith("SEEN ")}
    values = json.loads(line.removeprefix("SEEN "))
    assert isinstance(values, dict)
    return values
