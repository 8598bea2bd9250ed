"""The webhook of a run: where it listens, and how a push gets to the process whose test waits for it.

With xdist it listens in the controller, which asks the workers over the relay whose order an SMS is for.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pytest

from ..loopback import LOOPBACK
from ..providers.push import PushedSms, PushEndpoint
from ..providers.registry import push_of, takes_push
from ..push.pushed import Outcome, Pushed, Pushes
from ..push.webhook import Webhook, WebhookAddress
from ..redact import Secret
from ..server.server import Server
from ..settings import Settings
from .credentials import Values, credentials_of
from .relay import SECRET

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..gateway.seen import GatewayRequest
    from ..providers.base import Provider
    from .relay import Hub

__tracebackhide__ = True

TOPIC = "push"
_SETTING = "--otp-webhook (PYTEST_OTP_WEBHOOK)"


@dataclass(frozen=True)
class _Joined:
    """This process's part."""

    address: WebhookAddress
    pushes: Pushes


_JOINED: pytest.StashKey[_Joined] = pytest.StashKey()


def is_wanted(settings: Settings) -> bool:
    """Return whether the settings ask for a webhook, and the provider can push SMS to it."""
    return settings.webhook is not None and takes_push(settings.provider)


def address_of(config: pytest.Config, settings: Settings) -> WebhookAddress:
    """Return the webhook's address, after starting it if necessary. Raises SettingsError."""
    return _joined(config, settings).address if is_wanted(settings) else WebhookAddress(None)


def pushed(provider: Provider, config: pytest.Config, settings: Settings) -> Provider:
    """Wrap the provider so that it returns pushed SMS; return it unchanged if nothing is pushed to this run."""
    if not is_wanted(settings) or getattr(provider, "push", None) is not push_of(settings.provider):
        return provider  # or an overridden otp_provider returned another one than that of the settings
    return cast("Provider", Pushed(provider, _joined(config, settings).pushes))  # the rest is the provider's own


class SharedWebhook:
    """Listens in xdist's controller for all workers: an `xdist.SharedService`."""

    name = "otp_webhook"

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._config = config
        self._settings = settings
        self._drawn = ""
        self._server: Server | None = None

    def start(self, hub: Hub) -> None:
        """Listen, and ask the workers whose order an SMS is for."""

        def take(sms: PushedSms) -> Outcome:
            answers = hub.ask(TOPIC, sms.plain(), until=lambda answer: answer != Outcome.UNKNOWN)
            return next((Outcome(answer) for answer in answers if answer != Outcome.UNKNOWN), Outcome.UNKNOWN)

        values = credentials_of(self._config, self._settings)
        endpoint = _endpoint(self._settings)
        token, self._drawn = _token(endpoint, values)
        self._server = _listening(self._settings, endpoint, token, values, take)

    def plain(self) -> dict[str, Any]:
        """Return what workers need. Its only secret ends with the run: each worker reads a fixed token itself."""
        return {"url": self._server.url, SECRET: self._drawn} if self._server else {}

    def strays(self) -> list[str]:
        """Return an empty list: refused requests are not examined."""
        return []

    def troubles(self) -> list[GatewayRequest]:
        """Return an empty list: applications do not send requests here."""
        return []

    def stop(self) -> None:
        """Close the port."""
        if self._server:
            self._server.stop()


def _joined(config: pytest.Config, settings: Settings) -> _Joined:
    if _JOINED not in config.stash:
        given = getattr(config, "workerinput", {})
        join = _with_controller if SharedWebhook.name in given else _alone
        config.stash[_JOINED] = join(config, settings, credentials_of(config, settings))
    return config.stash[_JOINED]


def _alone(config: pytest.Config, settings: Settings, values: Values) -> _Joined:
    pushes = Pushes()
    endpoint = _endpoint(settings)
    token, _ = _token(endpoint, values)
    server = _listening(settings, endpoint, token, values, pushes.take)
    config.add_cleanup(server.stop)
    return _Joined(_address(server.url, endpoint, token), pushes)


def _with_controller(config: pytest.Config, settings: Settings, values: Values) -> _Joined:
    from .relay_worker import branch_of  # noqa: PLC0415 - start-up: only with xdist

    pushes = Pushes()
    branch_of(config).handle(TOPIC, lambda plain: pushes.take(PushedSms(**plain)).value)
    shared = config.workerinput[SharedWebhook.name]  # type: ignore[attr-defined]  # set by xdist
    endpoint = _endpoint(settings)
    token = Secret(shared[SECRET]) if shared[SECRET] else _fixed_token(endpoint, values)
    return _Joined(_address(shared["url"], endpoint, cast("Secret", token)), pushes)


def _endpoint(settings: Settings) -> PushEndpoint:
    return cast("PushEndpoint", push_of(settings.provider))  # there is one, since `is_wanted`


def _listening(
    settings: Settings, endpoint: PushEndpoint, token: Secret, values: Values, take: Callable[[PushedSms], Outcome]
) -> Server:
    host, port = settings.webhook or (LOOPBACK, 0)
    server = Server(Webhook(endpoint, token, values, take), host=host, port=port, setting=_SETTING)
    server.start()
    return server


def _token(endpoint: PushEndpoint, values: Values) -> tuple[Secret, str]:
    """The token, and its text if it was just generated, which only `workerinput` may keep."""
    fixed = _fixed_token(endpoint, values)
    if fixed is not None:
        return fixed, ""
    drawn = secrets.token_urlsafe(24)
    return Secret(drawn), drawn


def _fixed_token(endpoint: PushEndpoint, values: Values) -> Secret | None:
    return cast("Secret | None", values.get(endpoint.variable))  # the registry checked that the variable is secret


def _address(url: str, endpoint: PushEndpoint, token: Secret) -> WebhookAddress:
    return WebhookAddress(f"{url}{endpoint.path}{token.reveal()}")
