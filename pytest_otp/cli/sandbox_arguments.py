"""What the arguments of `pytest-otp sandbox` may be."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from ..errors import SettingsError


def port(text: str) -> int:
    """A port; 0 for any free one."""
    port = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"invalid port {text!r}: expected 0 (any free port) to 65535")
    return port


def host(text: str) -> str:
    """A host to allow: a name, `*.example.com` or `*`, but no SMS service."""
    from ..gateway.hosts import HOSTS  # noqa: PLC0415 - start-up cost: only if it is given

    name = _pattern(text)
    if HOSTS.is_sms_host(name):
        raise argparse.ArgumentTypeError(
            f"cannot allow {text}: it belongs to an SMS service, so applications would send real SMS; "
            "if they should, use --allow-real-sms"
        )
    return name


def sms_host(text: str) -> str:
    """The exact name of an SMS service."""
    from ..gateway.hosts import HOSTS  # noqa: PLC0415 - start-up cost: only if it is given

    name = _pattern(text)
    if not HOSTS.is_sms_host(name):
        raise argparse.ArgumentTypeError(f"{text} is not the exact name of an SMS service; use --allow-host")
    return name


def _pattern(text: str) -> str:
    from ..server.proxy import checked_hosts  # noqa: PLC0415 - start-up cost: only if it is given

    try:
        return checked_hosts([text], lambda host: False)[0]
    except SettingsError:
        raise argparse.ArgumentTypeError(f"invalid host {text!r}: expected example.com, *.example.com or *") from None


def own_name(text: str) -> str:
    """A host name that is no SMS service."""
    from ..gateway.hosts import HOSTS  # noqa: PLC0415 - start-up cost: only if it is given
    from ..server.proxy import is_host  # noqa: PLC0415

    name = text.lower().rstrip(".")
    if not is_host(name):
        raise argparse.ArgumentTypeError(f"invalid name {text!r}: expected a host name such as sandbox, without a port")
    if HOSTS.is_sms_host(name):
        raise argparse.ArgumentTypeError(f"cannot serve as {text}: this is the name of an SMS service")
    return name


def folder(text: str) -> Path:
    """A path."""
    if not text.strip():
        raise argparse.ArgumentTypeError("expected a path")
    return Path(text)


def seconds(text: str) -> float:
    """Seconds until an SMS arrives."""
    from ..offline.carrier import LONGEST_DELAY  # noqa: PLC0415 - start-up cost: only if it is given

    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= LONGEST_DELAY:
        raise argparse.ArgumentTypeError(f"invalid value {text!r}: expected 0 to {LONGEST_DELAY:.0f} seconds")
    return seconds
