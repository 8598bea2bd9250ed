"""What the number fixtures do: the test's marker, this worker's share of numbers, what happens where none is to be had.

Apart from `plugin`, since pytest examines each name there at every start.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ..errors import NumberUnavailable, SettingsError
from ..numbers.number import OtpNumber, checked_seconds
from ..numbers.ordering import Numbers
from ..providers.base import Provider, lacking
from ..settings import Settings
from .run import STOP, guard_of, running_item

__tracebackhide__ = True

_MARKER_NAMES = ("service", "country", "operator", "timeout", "fake")
_LANES = 256


def numbers(provider: Provider, settings: Settings, request: pytest.FixtureRequest) -> Iterator[Numbers]:
    """One number fixture, whatever its scope: orders by the marker and the settings, closes at the end."""
    missing = lacking(provider)
    if missing:
        raise SettingsError(
            f"the fixture otp_provider gave {type(provider).__name__}, which lacks {', '.join(missing)}",
            hint="See the Provider protocol in pytest_otp.providers.base.",
        )
    marked = _marked(request.node)
    scenario = marked.get("fake", settings.fake)
    if "fake" in marked and provider.name == "fake":
        provider = _with_scenario(provider, scenario)
    timeout = marked.get("timeout", settings.timeout_for(provider.name, scenario))
    if settings.webhook:
        from .webhook_fixture import pushed  # noqa: PLC0415 - only for a run with a webhook

        provider = pushed(provider, request.config, settings)
    guard = guard_of(request.config, settings)
    with (
        _orderly_stop(request.config, provider) as before,
        Numbers(
            guard.guarded(provider),
            service=marked.get("service", settings.service),
            country=marked.get("country", settings.country),
            operator=marked.get("operator", settings.operator),
            unavailable=lambda error: _unavailable(error, settings.unavailable),
            before=before,
            ordered=lambda number: _report(number, request.session),
            timeout=checked_seconds(timeout, "@pytest.mark.otp: timeout"),
            poll_interval=settings.poll_interval,
            close_timeout=settings.close_timeout,
            show_sms=settings.show_sms,
        ) as order,
    ):
        yield order


def lane(config: pytest.Config) -> tuple[int, int]:
    """This worker's share of the offline numbers, and of how many; a replaced worker has one of its own too."""
    worker = getattr(config, "workerinput", {}).get("workerid", "")
    return (int(worker[2:]) % _LANES, _LANES) if worker[2:].isdecimal() else (0, 1)


@contextlib.contextmanager
def _orderly_stop(config: pytest.Config, provider: Provider) -> Iterator[Callable[[], None]]:
    """Gives what makes SIGTERM and SIGHUP end the run in order, from the first order until all are closed."""
    if provider.name == "fake":
        yield lambda: None
        return
    with config.stash[STOP] as stop:
        yield stop.arm


def _report(number: OtpNumber, session: pytest.Session) -> None:
    """Order and number go into the running test's reports, junit's too; no code does."""
    item = running_item(session)
    if item is not None:
        item.user_properties.append(("otp_order", f"{number.provider} {number.order_id}"))
        item.user_properties.append(("otp_number", number.e164))


def _marked(node: Any) -> dict[str, Any]:
    """What the otp markers say, the closest first."""
    marked: dict[str, Any] = {}
    for marker in node.iter_markers("otp"):
        unknown = [repr(value) for value in marker.args] + [name for name in marker.kwargs if name not in _MARKER_NAMES]
        if unknown:
            raise SettingsError(
                f"@pytest.mark.otp does not take {', '.join(unknown)}",
                hint=f"Give {', '.join(f'{name}=…' for name in _MARKER_NAMES)}.",
            )
        marked = {**marker.kwargs, **marked}
    return marked


def _with_scenario(provider: Any, scenario: object) -> Any:
    try:
        return provider.with_scenario(str(scenario))
    except SettingsError as error:
        raise SettingsError(f"@pytest.mark.otp: unknown scenario {scenario!r}", hint=error.hint) from None


def _unavailable(error: NumberUnavailable, what: str) -> None:
    if what == "skip":
        pytest.skip(str(error))
    if what == "xfail":
        pytest.xfail(str(error))
