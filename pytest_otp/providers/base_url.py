"""Which URLs a provider's requests may go to. Imports no HTTP client, so a run checks its settings without one."""

from __future__ import annotations

from urllib.parse import urlsplit

from ..display import quoted
from ..errors import SettingsError
from ..loopback import is_loopback
from ..redact import scrub, url_without_password

__tracebackhide__ = True


def check_url(url: str, allow_http: frozenset[str]) -> None:
    """Raise SettingsError unless the URL is https, or http to loopback or to an allowed host."""
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise SettingsError(
            "the URL contains a user name or password", hint="Remove it: it would appear in error messages."
        )
    scheme, host = _scheme_and_host(url)
    written = quoted(scrub(url_without_password(url)))
    if scheme not in ("http", "https") or not host:
        raise SettingsError(f"{written} is not an http:// or https:// URL")
    if not _can_be_requested(url, host):
        raise SettingsError(
            f"{written} is not a valid URL", hint="It may have a space, or another character that no URL has."
        )
    if scheme == "http" and not (is_loopback(host) or host in allow_http):
        raise SettingsError(
            f"{written} would send credentials without TLS",
            hint=f"Use https, or allow the host with --otp-allow-http {host} (PYTEST_OTP_ALLOW_HTTP).",
        )


def _scheme_and_host(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
        return parts.scheme, "" if parts.port == 0 else (parts.hostname or "").lower()
    except ValueError:  # an invalid port or address
        return "", ""


def _can_be_requested(url: str, host: str) -> bool:
    """Whether a request to the URL, and to addresses below it, reaches what it names."""
    if any(char.isspace() or not char.isprintable() or char in "\\#" for char in url):
        return False
    try:
        host.encode("idna")  # as for the look-up of its address
    except UnicodeError:  # a label that is empty or too long
        return False
    return True
