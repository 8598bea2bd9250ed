"""Settings, resolved once: option > environment > .env > ini > default, each value with its source."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .options import OPTIONS, Option

if TYPE_CHECKING:
    from .errors import SettingsError


MANUAL_TIMEOUT = 10.0
"""Seconds that a wait takes by default where the test itself delivers the SMS."""
DEFAULT = "default"
_SILENT = ("manual", "never", "no-code", "cancel-refused")
_OURS = (b"PYTEST_OTP_", b"OTPCEPAT", b"OTPVIRT_")
_OTHER_VARIABLES = ("PYTEST_OTP_GATEWAY_URL",)


class Settings:
    """What a run was told, each value checked. The attributes are the options of the same names; they cannot be set.

    No dataclass: making one takes longer than all else that this plugin does in a run that does not use it.
    """

    provider: str
    service: str | None
    country: str | None
    operator: str | None
    timeout: float
    """Seconds; `timeout_for` tells what holds where nothing was set."""
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
    ledger: str | None
    """A path from the root folder; None: in the user's state folder."""
    env_file: str | None
    gateway: tuple[str, int] | None
    """Host and port; None: a free loopback port."""
    webhook: tuple[str, int] | None
    """Host and port; None: codes come by polling alone."""
    sources: Mapping[str, str]
    """Where each value came from: the option, the variable, `.env`, the ini name; a default is left out."""

    unknown: tuple[str, ...]
    """Variables that are named like ours and are none: misspelt, most likely."""

    def __init__(self, sources: Mapping[str, str] | None = None, unknown: tuple[str, ...] = (), **values: Any) -> None:
        """Take the values as they are, and the defaults of those that are left out."""
        known = {option.name: option.default for option in OPTIONS}
        strange = values.keys() - known.keys()
        if strange:
            raise TypeError(f"no such setting: {', '.join(sorted(strange))}; there are {', '.join(known)}")
        vars(self).update(known, **values, sources=dict(sources or {}), unknown=unknown)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"settings cannot be changed: use settings.replace({name}=…)")

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"

    def __eq__(self, other: object) -> bool:
        return vars(self) == vars(other) if isinstance(other, Settings) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # as of any value that holds a mapping

    def replace(self, **changes: Any) -> Settings:
        """The same settings but for these, whose source becomes `replace`. Raises SettingsError as `resolve`."""
        for known in OPTIONS:
            if changes.get(known.name) not in (None, ()) and not isinstance(changes[known.name], tuple):
                changes[known.name] = _parsed(known, changes[known.name], "replace")
        sources = {**self.sources, **dict.fromkeys(changes, "replace")}
        return Settings(**{**vars(self), **changes, "sources": sources})

    @property
    def offline(self) -> bool:
        """Whether the provider is the fake one."""
        return self.provider == "fake"

    def source(self, name: str) -> str:
        """Where a value came from."""
        return self.sources.get(name, DEFAULT)

    def timeout_for(self, provider: str, scenario: str) -> float:
        """Seconds that `wait_code()` waits by default; less offline, where no code comes by itself."""
        short = provider == "fake" and scenario in _SILENT and "timeout" not in self.sources
        return MANUAL_TIMEOUT if short else self.timeout

    def header(self) -> str:
        """One line for the report header."""
        parts = [
            f"provider {self.provider} ({self.source('provider')})"
            + (", offline: no SMS is sent, nothing is charged" if self.offline else "")
        ]
        parts += [f"{name} {value}" for name in ("service", "country", "operator") if (value := vars(self)[name])]
        if self.offline:
            parts.append(f"scenario {self.fake} ({self.source('fake')}), seed {self.fake_seed}")
        parts.append(f"timeout {self.timeout_for(self.provider, self.fake):g} s ({self.source('timeout')})")
        if self.keeper == "off" and not self.offline:
            parts.append(f"keeper off ({self.source('keeper')})")
        if self.webhook and self.provider == "otpvirt":
            host, port = self.webhook
            parts.append(f"webhook {f'[{host}]' if ':' in host else host}:{port} ({self.source('webhook')})")
        if self.max_orders is not None:
            parts.append(f"at most {self.max_orders} orders ({self.source('max_orders')})")
        if self.max_spend:
            parts.append(f"at most {' '.join(self.max_spend)} spent ({self.source('max_spend')})")
        if self.unknown:
            parts.append(f"ignored, since there is no such setting: {', '.join(self.unknown)}")
        return "otp: " + "; ".join(parts)

    def plain(self) -> dict[str, Any]:
        """As plain data, for a worker; no secret is in it."""
        return dict(vars(self))

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Settings:
        """What `plain` gave."""
        tuples = {name: tuple(value) for name, value in plain.items() if isinstance(value, (list, tuple))}
        return cls(**{**plain, **tuples})


def resolve(
    option: Callable[[Option], object],
    ini: Callable[[Option], object],
    environ: Mapping[str, str],
    env_file: Mapping[str, str],
) -> Settings:
    """Take each setting from the first source that has it. `option` and `ini` give None where nothing is set.

    Raises SettingsError that quotes the value and names the option, the variable and what is allowed.
    """
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for known in OPTIONS:
        given, source = _first(known, option, ini, environ, env_file)
        if source != DEFAULT:
            values[known.name] = _parsed(known, given, source)
            sources[known.name] = source
    values.setdefault("fake_seed", int.from_bytes(os.urandom(3), "big"))
    ours = {*(known.variable for known in OPTIONS), *_OTHER_VARIABLES}
    unknown = sorted(name for name in {*environ, *env_file} if name.startswith("PYTEST_OTP_") and name not in ours)
    return Settings(**values, sources=sources, unknown=tuple(unknown))


def read_env_file(named: str | None, root: Path) -> dict[str, str]:
    """The variables of .env, without touching the environment; {} where there is no file or nothing of ours in it.

    Raises SettingsError where a file that was named does not exist, or the file cannot be read.
    """
    path = root / (named or ".env")
    text = _content(path, named)
    if "OTP" not in text:
        return {}
    import io  # noqa: PLC0415

    from dotenv import dotenv_values  # noqa: PLC0415 - only for a file with something of ours
    from dotenv.parser import parse_stream  # noqa: PLC0415 - dotenv_values passes over what it cannot read

    wrong = next(
        (
            line.original.line
            for line in parse_stream(io.StringIO(text))
            if line.error and "OTP" in line.original.string
        ),
        None,
    )
    if wrong is not None:
        raise _bad(f"{path}, line {wrong}, cannot be read", hint="It must be a UTF-8 file of NAME=value lines.")
    values = dotenv_values(stream=io.StringIO(text), interpolate=False)  # a key may hold ${ as it is
    return {name: value for name, value in values.items() if value is not None}


def _content(path: Path, named: str | None) -> str:
    content: bytes | None = None
    try:
        content = path.read_bytes() if path.is_file() else None
        if content is None and named:
            raise _bad(
                f"--otp-env-file (PYTEST_OTP_ENV_FILE): there is no file {path}",
                hint="Give its path from the root folder.",
            )
        return (content or b"").decode("utf-8-sig")  # editors of Windows put a mark in front
    except (OSError, UnicodeDecodeError) as error:
        if not named and not any(ours in (content or b"") for ours in _OURS):
            return ""  # an application's own file, in its own encoding
        raise _bad(f"{path} cannot be read ({error})", hint="It must be a UTF-8 file of NAME=value lines.") from None


def settings_of(config: Any, environ: Mapping[str, str], env_file: Mapping[str, str]) -> Settings:
    """The settings of a run, from its `pytest.Config` and environment. Raises as `resolve`."""
    return resolve(*_lookups(config), environ, env_file)


def env_file_of(config: Any, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of a run's .env file, which cannot itself be named in a .env file. Raises as `read_env_file`."""
    known = next(known for known in OPTIONS if known.name == "env_file")
    given, source = _first(known, *_lookups(config), environ, {})
    return read_env_file(None if source == DEFAULT else str(_parsed(known, given, source)), config.rootpath)


def _lookups(config: Any) -> tuple[Callable[[Option], object], Callable[[Option], object]]:
    def ini(option: Option) -> object:
        try:
            return config.getini(option.ini)
        except Exception as error:
            if not isinstance(error.__cause__ or error, TypeError):
                raise
            # pytest 9's [tool.pytest] is typed and insists on text: take the number or list as it stands there.
            with warnings.catch_warnings():  # deprecated since 9.1, without another way before 9.2
                warnings.simplefilter("ignore")
                value = config.inicfg[option.ini]
            return getattr(value, "value", value)

    return lambda option: config.getoption(option.flag), ini


def _bad(message: str, hint: str = "") -> SettingsError:
    from .errors import SettingsError  # noqa: PLC0415 - sixteen classes that a good run does not need

    return SettingsError(message, hint=hint)


def _first(
    known: Option,
    option: Callable[[Option], object],
    ini: Callable[[Option], object],
    environ: Mapping[str, str],
    env_file: Mapping[str, str],
) -> tuple[object, str]:
    given = option(known)
    if given is not None:
        return given, known.flag
    for variables, source in ((environ, known.variable), (env_file, f"{known.variable} in .env")):
        if variables.get(known.variable, "").strip():
            return variables[known.variable], source
    given = ini(known)
    if given not in (None, "", []):
        return given, known.ini
    return None, DEFAULT


def _parsed(known: Option, given: object, source: str) -> Any:
    try:
        return known.parse(given)
    except (ValueError, KeyError, OverflowError):
        raise _bad(
            f"{known.flag} ({known.variable}, ini {known.ini}): {given!r}, from {source}, is not allowed",
            hint=f"Give {known.allowed}.",
        ) from None
