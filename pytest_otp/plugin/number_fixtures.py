"""What the number fixtures do: the test's marker, this worker's share of numbers, what happens if none is available.

A module of its own, since pytest examines every name in `plugin` at each start.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import pytest

from ..codes.formats import CodeFormat
from ..codes.shapes import Length
from ..display import ID, shown
from ..errors import NumberUnavailable, SettingsError
from ..numbers.number import OtpNumber
from ..numbers.options import NumberOptions, checked_seconds
from ..numbers.ordering import Numbers
from ..providers.base import Provider, lacking
from ..settings import Settings
from .run import STOP, guard_of, running_item

__tracebackhide__ = True

_MARKER = "@pytest.mark.otp"
_LANES = 256


@dataclass(frozen=True, slots=True)
class _Marked:
    """The arguments of a test's marker."""

    service: str | None
    country: str | None
    operator: str | None
    timeout: float | None = None
    """Seconds; None for that of the settings."""
    fake: str | None = None
    """The scenario of an offline provider; None for that of the settings."""
    length: Length | None = None
    """As in `wait_code`; None for that of the settings."""
    alphabet: str | None = None
    """As in `wait_code`; None for that of the settings."""


def numbers(provider: Provider, settings: Settings, request: pytest.FixtureRequest) -> Iterator[Numbers]:
    """One number fixture of any scope: orders what the marker and the settings say, and closes it at the end."""
    missing = lacking(provider)
    if missing:
        raise SettingsError(
            f"the fixture otp_provider must return a provider; {type(provider).__name__} has no {', '.join(missing)}",
            hint="See the Provider protocol in pytest_otp.providers.base.",
        )
    marked = _marked(request.node, _Marked(settings.service, settings.country, settings.operator))
    has_scenarios = hasattr(provider, "with_scenario")
    if marked.fake is not None and has_scenarios:
        provider = _with_scenario(provider, marked.fake)
    timeout = marked.timeout
    if timeout is None:
        timeout = settings.timeout_for((marked.fake or settings.fake) if has_scenarios else None)
    options = NumberOptions(
        timeout=checked_seconds(timeout, f"{_MARKER}: timeout"),
        poll_interval=settings.poll_interval,
        close_timeout=settings.close_timeout,
        show_sms=settings.show_sms,
        code_format=_code_format(marked, settings),
    )
    guard = guard_of(request.config, settings)
    provider = guard.guarded(provider)
    if settings.webhook:
        from .webhook_fixture import pushed  # noqa: PLC0415 - only for a run with a webhook

        provider = pushed(provider, request.config, settings)

    def ordered(number: OtpNumber) -> None:
        guard.placed += not getattr(provider, "offline", False)
        _report(number, request.session)

    with (
        _orderly_stop(request.config, provider) as before,
        Numbers(
            provider,
            service=marked.service,
            country=marked.country,
            operator=marked.operator,
            options=options,
            unavailable=lambda error: _unavailable(error, settings.unavailable),
            before=before,
            ordered=ordered,
        ) as order,
    ):
        yield order


def _code_format(marked: _Marked, settings: Settings) -> CodeFormat:
    try:
        return CodeFormat(settings.code_length, settings.code_alphabet).replaced(marked.length, marked.alphabet)
    except SettingsError as error:
        raise SettingsError(f"{_MARKER}: {error.message}", hint=error.hint) from None


def lane(config: pytest.Config) -> tuple[int, int]:
    """This worker's share of the offline numbers, and the number of shares; a replacement worker gets its own."""
    worker = getattr(config, "workerinput", {}).get("workerid", "")
    return (int(worker[2:]) % _LANES, _LANES) if worker[2:].isdecimal() else (0, 1)


@contextlib.contextmanager
def _orderly_stop(config: pytest.Config, provider: Provider) -> Iterator[Callable[[], None]]:
    """Yield what to call before an order: until all are closed, SIGTERM and SIGHUP then end the run gracefully."""
    if getattr(provider, "offline", False):
        yield lambda: None
        return
    with config.stash[STOP] as stop:
        yield stop.arm


def _report(number: OtpNumber, session: pytest.Session) -> None:
    """Add order and number, but no code, to the running test's reports, including JUnit's."""
    item = running_item(session)
    if item is not None:
        item.user_properties.append(("otp_order", f"{number.provider} {shown(number.order_id, ID)}"))
        item.user_properties.append(("otp_number", shown(number.e164, ID)))


def _marked(node: Any, default: _Marked) -> _Marked:
    """What the otp markers say; the closest one wins."""
    names = [field.name for field in fields(_Marked)]
    marked: dict[str, Any] = {}
    for marker in node.iter_markers("otp"):
        unknown = [repr(value) for value in marker.args] + [name for name in marker.kwargs if name not in names]
        if unknown:
            raise SettingsError(
                f"{_MARKER}: unexpected argument {', '.join(unknown)}",
                hint=f"Use {', '.join(f'{name}=…' for name in names)}.",
            )
        marked = {**marker.kwargs, **marked}
    for name in ("service", "country", "operator"):
        if not isinstance(marked.get(name), (str, type(None))):
            raise SettingsError(f"{_MARKER}: {name} must be a string; got {marked[name]!r}")
    return replace(default, **marked)


def _with_scenario(provider: Any, scenario: object) -> Any:
    try:
        return provider.with_scenario(str(scenario))
    except SettingsError as error:
        raise SettingsError(f"{_MARKER}: unknown scenario {scenario!r}", hint=error.hint) from None


def _unavailable(error: NumberUnavailable, what: str) -> None:
    if what == "skip":
        pytest.skip(str(error))
    if what == "xfail":
        pytest.xfail(str(error))
