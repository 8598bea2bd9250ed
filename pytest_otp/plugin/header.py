"""Our line in the report header."""

from __future__ import annotations

from ..display import LINE, NAME, shown
from ..providers.registry import takes_push
from ..settings import Settings
from .ending import reason


def header(settings: Settings) -> str:
    """Return one line: provider and timeout, where each came from, whether the run is offline, and its limits."""
    try:
        return _line(settings)
    except Exception as error:  # noqa: BLE001 - a provider's class may raise anything; the tests run all the same
        return f"otp: provider {settings.provider}; no further settings shown: {reason(error)}"


def _line(settings: Settings) -> str:
    offline, source = settings.offline, settings.source
    parts = [f"provider {settings.provider} ({source('provider')})"]
    if offline:
        parts[0] += ", offline: no SMS is sent, nothing is charged"
    wanted = [(name, getattr(settings, name)) for name in ("service", "country", "operator")]
    parts += [f"{name} {shown(value, NAME)}" for name, value in wanted if value]
    if settings.has_carrier:
        parts.append(f"scenario {settings.fake} ({source('fake')}), seed {settings.fake_seed}")
    timeout = settings.timeout_for(settings.fake if settings.has_carrier else None)
    parts.append(f"timeout {timeout:g} s ({source('timeout')})")
    if settings.keeper == "off" and not offline:
        parts.append(f"keeper off ({source('keeper')})")
    if settings.webhook and takes_push(settings.provider):
        host, port = settings.webhook
        parts.append(f"webhook {f'[{host}]' if ':' in host else host}:{port} ({source('webhook')})")
    if settings.max_orders is not None:
        parts.append(f"at most {settings.max_orders} orders ({source('max_orders')})")
    if settings.max_spend:
        parts.append(f"at most {' '.join(settings.max_spend)} spent ({source('max_spend')})")
    if settings.unknown:
        parts.append(f"ignored unknown variables: {', '.join(settings.unknown)}")
    return shown("otp: " + "; ".join(parts), LINE)
