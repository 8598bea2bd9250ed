"""Which values a run masks: the secrets of every installed provider, wherever they are set.

Asked only when there is text to mask, since the providers of other packages must be imported to learn their variables.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from ..errors import SettingsError
from ..providers.registry import confidential_values, confidential_variables, names
from ..redact import known_values
from .config_sources import env_file_of
from .report_scrubber import ReportScrubber, clean_error, clean_report

__tracebackhide__ = True

LEAST = 12
"""The shortest value that is masked if the run does not use its provider: a key of `test` must not garble reports."""


@dataclass(repr=False)
class _Confidential:
    used: str
    """The name of the run's provider."""
    variables: Mapping[str, tuple[str, ...]]
    """The names of each provider's variables."""
    seen: tuple[str | None, ...] = ()
    """Their values in the environment when it was last looked at."""


_KNOWN: pytest.StashKey[_Confidential] = pytest.StashKey()
_SCRUBBER = "otp-reports"


def mask(config: pytest.Config, text: object) -> None:
    """Mask the secrets in an exception, or in a report, that has text."""
    if learn_secrets(config):
        if isinstance(text, BaseException):
            clean_error(text)
        else:
            clean_report(text)


def learn_secrets(config: pytest.Config) -> bool:
    """Mask what is secret at the moment, also if a test has just set it. Return whether anything is masked."""
    if _KNOWN not in config.stash:
        use_provider(config, "")
    known = config.stash[_KNOWN]
    now = tuple(os.environ.get(name) for names_of_one in known.variables.values() for name in names_of_one)
    if now != known.seen:
        known.seen = now
        _learn(known, os.environ)
    if known_values and not config.pluginmanager.has_plugin(_SCRUBBER):
        config.pluginmanager.register(ReportScrubber(config), _SCRUBBER)
    return bool(known_values)


def use_provider(config: pytest.Config, name: str) -> None:
    """Note which provider the run uses, whose secrets are masked however short they are."""
    config.stash[_KNOWN] = known = _Confidential(name, {each: _variables(each) for each in names()})
    with contextlib.suppress(SettingsError):  # which the settings report, if anything is read from the file
        _learn(known, env_file_of(config))


def _variables(provider: str) -> tuple[str, ...]:
    try:
        return confidential_variables(provider)
    except Exception:  # noqa: BLE001 - another package's mistake must not break the reports of a run without it
        return ()


def _learn(known: _Confidential, source: Mapping[str, str]) -> None:
    for provider, variables in known.variables.items():
        least = 1 if provider == known.used else LEAST
        for variable in variables:
            for value in confidential_values(variable, source):
                if len(value) >= least:
                    known_values.add(value)
