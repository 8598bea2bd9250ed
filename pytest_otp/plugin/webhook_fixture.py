"""The webhook of a run: where it listens, and how a push gets to the process whose test waits for it.

With xdist it listens in the controller, which asks the workers over the relay whose order a push is for.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pytest

from ..loopback import LOOPBACK
from ..providers.registry import built_alike
from ..push.pushed import Outcome, Push, Pushed, Pushes
from ..push.webhook import PATH, TOKEN_VARIABLE, Webhook, WebhookAddress, check_token
from ..redact import Secret
from ..server.server import Server
from ..settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..providers.base import Provider
    from .relay import Hub

__tracebackhide__ = True

TOPIC = "push"
_NAME = "otpvirt"
_SETTING = "--otp-webhook (PYTEST_OTP_WEBHOOK)"


@dataclass(frozen=True)
class _Joined:
    """This process's part."""

    address: WebhookAddress
    pushes: Pushes


_JOINED: pytest.StashKey[_Joined] = pytest.StashKey()


def check(settings: Settings, values: Mapping[str, Any]) -> None:
    """Look at the token before any test. Raises SettingsError."""
    if is_wanted(settings) and values.get(TOKEN_VARIABLE) is not None:
        check_token(values[TOKEN_VARIABLE])


def is_wanted(settings: Settings) -> bool:
    """Whether the settings ask for a webhook that somebody posts to."""
    return settings.webhook is not None and settings.provider == _NAME


def address_of(config: pytest.Config, settings: Settings) -> WebhookAddress:
    """Where the webhook is; it starts now where it does not listen yet. Raises SettingsError."""
    return _joined(config, settings).address if is_wanted(settings) else WebhookAddress(None)


def pushed(provider: Provider, config: pytest.Config, settings: Settings) -> Provider:
    """The provider, with what is pushed to this run; as it is where nothing is."""
    if not (is_wanted(settings) and provider.name == _NAME):
        return provider
    wrapper = cast("Provider", Pushed(provider, _joined(config, settings).pushes))  # the rest is the provider's own
    built_alike(wrapper, provider)
    return wrapper


class SharedWebhook:
    """Listens in xdist's controller for all workers: an `xdist.SharedService`."""

    name = "otp_webhook"

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._config = config
        self._settings = settings
        self._drawn = ""
        self._server: Server | None = None

    def start(self, hub: Hub) -> None:
        """Listen, and ask the workers whose order a push is for."""

        def take(push: Push) -> Outcome:
            answers = hub.ask(TOPIC, push.plain(), until=lambda answer: answer != Outcome.UNKNOWN)
            return next((Outcome(answer) for answer in answers if answer != Outcome.UNKNOWN), Outcome.UNKNOWN)

        from .credentials import credentials_of  # noqa: PLC0415 - which imports this module too

        values = credentials_of(self._config, self._settings)
        token, self._drawn = _token(values)
        self._server = _listening(self._settings, values, token, take)

    def plain(self) -> dict[str, Any]:
        """No secret but one that dies with the run: a fixed token each worker reads for itself."""
        return {"url": self._server.url, "drawn": self._drawn} if self._server else {}

    def strays(self) -> list[str]:
        """None: what is refused is not looked at any further."""
        return []

    def stop(self) -> None:
        """The port is free again."""
        if self._server:
            self._server.stop()


def _joined(config: pytest.Config, settings: Settings) -> _Joined:
    if _JOINED not in config.stash:
        from .credentials import credentials_of  # noqa: PLC0415 - which imports this module too

        values = credentials_of(config, settings)
        told = getattr(config, "workerinput", {})
        by_controller = SharedWebhook.name in told
        joined = _with_controller(config, values, told) if by_controller else _alone(config, settings, values)
        config.stash[_JOINED] = joined
    return config.stash[_JOINED]


def _alone(config: pytest.Config, settings: Settings, values: Mapping[str, Any]) -> _Joined:
    pushes = Pushes()
    token, _ = _token(values)
    server = _listening(settings, values, token, pushes.take)
    config.add_cleanup(server.stop)
    return _Joined(_address(server.url, token), pushes)


def _with_controller(config: pytest.Config, values: Mapping[str, Any], told: Mapping[str, Any]) -> _Joined:
    from .relay_worker import branch_of  # noqa: PLC0415 - only with xdist

    pushes = Pushes()
    branch_of(config).handle(TOPIC, lambda plain: pushes.take(Push(**plain)).value)
    shared = told[SharedWebhook.name]
    token = Secret(shared["drawn"]) if shared["drawn"] else values[TOKEN_VARIABLE]
    return _Joined(_address(shared["url"], token), pushes)


def _listening(settings: Settings, values: Mapping[str, Any], token: Secret, take: Callable[[Push], Outcome]) -> Server:
    host, port = settings.webhook or (LOOPBACK, 0)
    app = Webhook(token, values["OTPVIRT_CLIENT_ID"], values["OTPVIRT_API_PASSWORD"], take)
    server = Server(app, host=host, port=port, setting=_SETTING)
    server.start()
    return server


def _token(values: Mapping[str, Any]) -> tuple[Secret, str]:
    """The token, and what it was drawn as where none is set: a text that no attribute may keep but `workerinput`."""
    fixed = values.get(TOKEN_VARIABLE)
    if fixed is not None:
        return fixed, ""
    drawn = secrets.token_urlsafe(24)
    return Secret(drawn), drawn


def _address(url: str, token: Secret) -> WebhookAddress:
    return WebhookAddress(f"{url}{PATH}{token.reveal()}")
