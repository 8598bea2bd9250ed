"""Libraries that answer HTTP requests of this process in the provider's place.

An order may reach the provider all the same, or its polls may be refused: a number would be paid for that no test can
use. And those that record requests record the provider's credentials. Nothing is imported to find them.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from ..errors import SettingsError

__tracebackhide__ = True

ANY_URL = "https://provider.invalid/"
"""In the place of a provider's URLs if they are not known: what lets everything through lets this through."""

_PATCHED = (
    ("requests.adapters", "HTTPAdapter.send"),
    ("requests.sessions", "Session.send"),
    ("requests.sessions", "Session.get_adapter"),
    ("urllib3.connectionpool", "HTTPConnectionPool.urlopen"),
    ("urllib3.connectionpool", "HTTPConnectionPool.ConnectionCls"),
    ("urllib3.connectionpool", "HTTPSConnectionPool.ConnectionCls"),
    ("socket", "socket"),
)
"""What such libraries replace, by module."""

_REMEDIES = {
    "responses": "let the provider's URL through with responses.add_passthru(URL)",
    "requests_mock": "let other requests through with requests_mock.Mocker(real_http=True)",
    "vcr": "keep the provider out of the cassette with ignore_hosts=[HOST]",
    "httpretty": "disable it while numbers are ordered and used",
    "mocket": "disable it while numbers are ordered and used",
    "pook": "disable it while numbers are ordered and used",
}


def refuse_mocks(provider: str, urls: Sequence[str]) -> None:
    """Raise SettingsError if a known library would answer or record requests to one of these URLs.

    `urls` is empty if nobody knows where the provider's requests go.
    """
    for mock in active_mocks(urls or [ANY_URL]):
        raise SettingsError(
            f"{mock} is active in this process, and would answer or record the requests to the provider; nothing was "
            "ordered",
            provider=provider,
            hint=f"Let the keeper process speak to the provider (--otp-keeper on, and no otp_provider of your own), or "
            f"{_REMEDIES[mock]}. A provider object that sends no requests is declared by offline = True.",
        )


def active_mocks(urls: Iterable[str]) -> Iterator[str]:
    """Yield the names of the known libraries that would answer or record requests to one of these URLs."""
    urls = list(urls)
    found = dict.fromkeys(library for library, _ in _replacements())
    for library in found:
        replacements = [each for name, each in _replacements() if name == library]
        passes = _PASSES.get(library, lambda replacement, url: False)
        if not all(_is_passed(passes, each, url) for each in replacements for url in urls):
            yield library


def _is_passed(passes: Callable[[Any, str], bool], replacement: object, url: str) -> bool:
    with contextlib.suppress(Exception):  # a version of the library that is built in another way
        return passes(replacement, url)
    return False


def _replacements() -> Iterator[tuple[str, object]]:
    """What known libraries have replaced, by the library's name."""
    for module, path in _PATCHED:
        found: Any = sys.modules.get(module)
        for name in path.split("."):
            found = getattr(found, name, None)
        library = str(getattr(found, "__module__", "")).partition(".")[0]
        if library in _REMEDIES:
            yield library, found


def _enclosed(function: Any) -> Any:
    """The object whose method made the function."""
    names = function.__code__.co_freevars
    return function.__closure__[names.index("self")].cell_contents


def _responses_pass(send: Any, url: str) -> bool:
    prefixes = _enclosed(send).passthru_prefixes
    return any(url.startswith(each) if isinstance(each, str) else re.match(each, url) for each in prefixes)


def _requests_mock_passes(send: Any, url: str) -> bool:
    return bool(_enclosed(send).real_http)


def _vcr_passes(connection: Any, url: str) -> bool:
    if connection.cassette is None:  # a class of its own, made when vcr was imported
        return True
    request = sys.modules["vcr.request"].Request("GET", url, b"", {})
    return connection.cassette.filter_request(request) is None


_PASSES: dict[str, Callable[[Any, str], bool]] = {
    "responses": _responses_pass,
    "requests_mock": _requests_mock_passes,
    "vcr": _vcr_passes,
}
"""How to ask a library whether it lets a request through."""
