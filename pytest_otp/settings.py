"""Settings, resolved once: option > environment > .env > ini > default, each value with its source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .errors import SettingsError
from .offline.scenarios import scenario as scenario_of
from .options import OPTIONS, Option
from .options.values import KINDS
from .providers.registry import has_carrier, is_offline

MANUAL_TIMEOUT = 10.0
"""Seconds that a wait takes by default if only the test itself can deliver a code."""
DEFAULT = "default"
REPLACED = "replace"
"""The source of a value that `Settings.replace` set."""
_BY_NAME = {option.name: option for option in OPTIONS}
_OTHER_VARIABLES = ("PYTEST_OTP_GATEWAY_URL", "PYTEST_OTP_GATEWAY_HOSTS", "PYTEST_OTP_GATEWAY_BUNDLE")

Lookup = Callable[[Option], object]
"""Returns the value that one source has for an option, or None."""


class Settings:
    """The settings of a run, each value checked. The attributes have the names of the options and are read-only."""

    provider: str
    service: str | None
    country: str | None
    operator: str | None
    timeout: float
    """Seconds. `timeout_for` returns what applies if none was set."""
    poll_interval: float
    """Seconds."""
    fake: str
    unavailable: str
    fake_seed: int
    close_timeout: float
    """Seconds."""
    show_sms: bool
    allow_http: tuple[str, ...]
    keeper: str
    max_orders: int | None
    max_spend: tuple[str, str] | None
    """Amount and ISO 4217 code."""
    code_length: int | tuple[int, int] | None
    """Characters of a code, or the minimum and maximum. None: any."""
    code_alphabet: str | None
    """The characters that a code may have. None: any."""
    ledger: str | None
    """A path, relative to pytest's rootdir. None: in the user state directory."""
    env_file: str | None
    gateway: tuple[str, int] | None
    """Host and port. None: a free loopback port."""
    webhook: tuple[str, int] | None
    """Host and port. None: codes are received by polling only."""

    sources: Mapping[str, str]
    """Where each value came from: the option, the variable, `.env`, the ini name. Defaults are left out."""
    unknown: tuple[str, ...]
    """Variables that start with our prefix but match no setting: most likely misspelt."""

    def __init__(self, sources: Mapping[str, str] | None = None, unknown: tuple[str, ...] = (), **values: Any) -> None:
        """Use the values unchecked, and the default for every other setting. Raises TypeError for an unknown name."""
        _check_names(values)
        defaults = {option.name: option.default for option in OPTIONS}
        vars(self).update(defaults, **values, sources=dict(sources or {}), unknown=unknown)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"settings are read-only: use settings.replace({name}=...)")

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"

    def __eq__(self, other: object) -> bool:
        return vars(self) == vars(other) if isinstance(other, Settings) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # as of any value that holds a mapping

    def replace(self, **changes: Any) -> Settings:
        """Return a copy with these settings changed; their source becomes `replace`.

        Raises SettingsError for an invalid value, and TypeError for an unknown name. None is valid for the settings
        that default to None.
        """
        _check_names(changes)
        checked = {name: _replaced(_BY_NAME[name], value) for name, value in changes.items()}
        sources = {**self.sources, **dict.fromkeys(changes, REPLACED)}
        return Settings(**{**vars(self), **checked, "sources": sources})

    @property
    def offline(self) -> bool:
        """Whether the provider sends no real SMS and charges nothing."""
        return is_offline(self.provider)

    @property
    def has_carrier(self) -> bool:
        """Whether the numbers are those of `otp_carrier`. A plugin's own offline provider has other numbers."""
        return has_carrier(self.provider)

    def source(self, name: str) -> str:
        """Return where a value came from."""
        return self.sources.get(name, DEFAULT)

    def timeout_for(self, scenario: str | None) -> float:
        """Return the seconds that `wait_code()` waits by default, given the provider's scenario.

        Unless a timeout was set, it is shorter for a scenario in which no code arrives by itself. None stands for a
        provider without scenarios.
        """
        is_manual = scenario is not None and not scenario_of(scenario).sends_code
        return MANUAL_TIMEOUT if is_manual and "timeout" not in self.sources else self.timeout

    def plain(self) -> dict[str, Any]:
        """Return plain data for an xdist worker, without secrets."""
        return dict(vars(self))

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Settings:
        """Restore the settings from the result of `plain`."""
        tuples = {name: tuple(value) for name, value in plain.items() if isinstance(value, (list, tuple))}
        return cls(**{**plain, **tuples})


def resolve(
    option: Lookup, ini: Lookup, environ: Mapping[str, str], env_file: Mapping[str, str], *, seed: int = 0
) -> Settings:
    """Take each setting from the first source that has it; `seed` is the default of `fake_seed`.

    Raises SettingsError for an invalid value; the message quotes it, names its source, and says what is expected.
    """
    values: dict[str, Any] = {"fake_seed": seed}
    sources: dict[str, str] = {}
    for known in OPTIONS:
        given, source = _first(known, option, ini, environ, env_file)
        if source != DEFAULT:
            values[known.name] = _checked(known, given, source)
            sources[known.name] = source
    ours = {*(known.variable for known in OPTIONS), *_OTHER_VARIABLES}
    unknown = sorted(name for name in {*environ, *env_file} if name.startswith("PYTEST_OTP_") and name not in ours)
    return Settings(**values, sources=sources, unknown=tuple(unknown))


def env_file_name(option: Lookup, ini: Lookup, environ: Mapping[str, str]) -> str | None:
    """Return the configured name of the .env file, or None. It cannot be set in a .env file itself."""
    known = _BY_NAME["env_file"]
    given, source = _first(known, option, ini, environ, {})
    return None if source == DEFAULT else str(_checked(known, given, source))


def _first(
    known: Option, option: Lookup, ini: Lookup, environ: Mapping[str, str], env_file: Mapping[str, str]
) -> tuple[object, str]:
    given = option(known)
    if given is not None:
        return given, known.flag or known.name
    for variables, source in ((environ, known.variable), (env_file, f"{known.variable} in .env")):
        if variables.get(known.variable, "").strip():
            return variables[known.variable], source
    given = ini(known)
    if given not in (None, "", []):
        return given, known.ini
    return None, DEFAULT


def _replaced(known: Option, value: object) -> Any:
    if value is None and known.default is None:
        return None
    return _checked(known, value, f"Settings.replace({known.name}=...)")


def _checked(known: Option, given: object, source: str) -> Any:
    hint = f"Set it with {known.names}."
    kind = KINDS[known.name]
    try:
        return kind.parse(given)
    except SettingsError as error:
        message, hint = error.message, error.hint
    except ValueError:
        message = f"invalid value {given!r}: expected {kind.expected}"
    raise SettingsError(f"{source}: {message}", hint=hint)


def _check_names(values: Mapping[str, Any]) -> None:
    unknown = sorted(values.keys() - _BY_NAME.keys())
    if unknown:
        raise TypeError(f"unknown setting: {', '.join(unknown)} (choose from {', '.join(_BY_NAME)})")
