"""Services of one's own that a run has without a test adding them: those of a TOML file, and those of plugins."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from ..errors import SettingsError
from .description import ServiceDescription

__tracebackhide__ = True

GROUP = "pytest_otp.gateway_services"
"""The entry point group: each entry point is a `ServiceDescription`, or a list of some."""

_FLAG = "--otp-gateway-services (PYTEST_OTP_GATEWAY_SERVICES)"
_LONGEST = 1024 * 1024


def services_of_file(path: Path) -> list[ServiceDescription]:
    """The services that a TOML file describes, each in a table `[[services]]`.

    Raises `SettingsError` if the file cannot be read, or describes no valid service.
    """
    content = _read(path)
    tables = content.get("services")
    others = [key for key in content if key != "services"]
    if not isinstance(tables, list) or others:
        found = f"found {others[0]!r}" if others else "found none"
        raise SettingsError(f"{_FLAG}: {path}: expected tables [[services]] only; {found}")
    return [
        ServiceDescription.from_plain(each, what=f"{path}: services[{number}]") for number, each in enumerate(tables)
    ]


def services_of_plugins() -> list[ServiceDescription]:
    """The services that installed packages register.

    Raises `SettingsError` if one cannot be imported, or is no service.
    """
    points = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    return [service for point in points for service in _loaded(point)]


def _read(path: Path) -> dict[str, Any]:
    # pytest itself depends on tomli where there is no tomllib.
    toml = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        written = path.read_bytes()
        if len(written) > _LONGEST:
            raise ValueError(f"larger than {_LONGEST} bytes")
        content: dict[str, Any] = toml.loads(written.decode())
    except OSError as error:
        reason = f"cannot read {path}: {error.strerror or error}"
    except (ValueError, RecursionError) as error:
        reason = f"{path} is not valid TOML: {error}"
    else:
        return content
    raise SettingsError(f"{_FLAG}: {reason}", hint="A relative path is relative to pytest's rootdir.")


def _loaded(point: EntryPoint) -> Iterator[ServiceDescription]:
    what = f"the entry point {point.name} ({point.value}) of {GROUP}"
    try:
        loaded = point.load()
    except (ImportError, AttributeError) as error:
        raise SettingsError(f"{what} cannot be imported: {error}", hint="Reinstall its package.") from error
    for each in loaded if isinstance(loaded, (list, tuple)) else [loaded]:
        if not isinstance(each, ServiceDescription):
            raise SettingsError(f"{what}: expected a ServiceDescription or a list of some; got a {type(each).__name__}")
        yield each
