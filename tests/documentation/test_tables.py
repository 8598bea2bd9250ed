"""The tables of the documentation are complete, and show nothing that does not exist."""

from __future__ import annotations

import re

from pytest_otp import OtpError, errors
from pytest_otp.offline.scenarios import SCENARIOS
from pytest_otp.options import OPTIONS
from pytest_otp.providers.registry import BUILT_IN, load
from tests.documentation.pages import text_of


def test_every_setting_is_listed() -> None:
    """The table of settings has each option with its variable and ini name, in one row."""
    rows = text_of("docs/settings.md").splitlines()
    for option in OPTIONS:
        shown = f"`{option.flag} {option.metavar or ''}".replace("|", "\\|").rstrip() + "`" if option.flag else "none"
        start = f"| {shown} | `{option.variable}` | `{option.ini}` |"
        assert [row for row in rows if row.startswith(start)], start


def test_the_settings_stand_in_one_place() -> None:
    """Only the page about settings has their table."""
    assert "`PYTEST_OTP_TIMEOUT` |" not in text_of("README.md")


def test_every_credential_is_listed() -> None:
    """The table of credentials has each variable of each provider, and no other."""
    section = text_of("docs/settings.md").partition("## Credentials")[2].partition("\n## ")[0]
    listed = re.findall(r"\| `([A-Z_]+)` \|", section)
    assert listed == [variable.name for name in BUILT_IN for variable in load(name).variables]


def test_every_scenario_is_listed() -> None:
    """The table of scenarios has each of them, in order, and no other."""
    section = text_of("docs/offline.md").partition("## Scenarios")[2].partition("```")[0]
    assert re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE) == list(SCENARIOS)


def test_every_error_is_listed() -> None:
    """The table of errors has each class of the tree."""
    section = text_of("docs/writing-tests.md").partition("## Errors")[2]
    listed = set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
    tree = {name for name, item in vars(errors).items() if isinstance(item, type) and issubclass(item, OtpError)}
    assert listed == tree - {"OtpError"}
