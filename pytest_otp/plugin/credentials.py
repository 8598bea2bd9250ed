"""What is settled before the first test of a run that rents real numbers: credentials, ledger, masked reports."""

from __future__ import annotations

import os
from collections.abc import Mapping

import pytest

from ..orders.location import ledger_path
from ..providers.base import Provider
from ..providers.registry import Recipe, credentials, push_of
from ..redact import Secret
from ..settings import Settings
from .config_sources import env_file_of
from .masking import learn_secrets, use_provider
from .run import controller_of, guard_of, name_run

Values = Mapping[str, "str | Secret | None"]

_CREDENTIALS: pytest.StashKey[Values] = pytest.StashKey()


def real_provider(config: pytest.Config, settings: Settings, env_file: Mapping[str, str]) -> Settings:
    """Check the credentials, mask them in reports, and settle where the ledger is. Raises SettingsError.

    The ledger's location, the run's name and its xdist controller are settled here, before a test can change the
    environment, or fork.
    """
    use_provider(config, settings.provider)
    allow_http = frozenset(settings.allow_http)
    config.stash[_CREDENTIALS] = credentials(settings.provider, os.environ, env_file, allow_http=allow_http)
    if settings.webhook:
        _check_webhook(settings, config.stash[_CREDENTIALS])
    name_run(config)
    controller_of(config)
    learn_secrets(config)
    return Settings(**{**vars(settings), "ledger": str(ledger_path(settings.ledger, config.rootpath))})


def credentials_of(config: pytest.Config, settings: Settings) -> Values:
    """What `real_provider` found; if an overridden otp_settings chose the provider, it is called now."""
    if _CREDENTIALS not in config.stash:
        real_provider(config, settings, env_file_of(config))
    return config.stash[_CREDENTIALS]


def provider_of(config: pytest.Config, settings: Settings) -> Provider:
    """The real provider of these settings, spoken to by the keeper unless that is off."""
    recipe = Recipe(settings.provider, credentials_of(config, settings), frozenset(settings.allow_http))
    return guard_of(config, settings).provider(recipe)


def _check_webhook(settings: Settings, values: Values) -> None:
    from ..push.webhook import check_token  # noqa: PLC0415 - start-up: only for a run with a webhook

    endpoint = push_of(settings.provider)
    token = values.get(endpoint.variable) if endpoint else None
    if endpoint and isinstance(token, Secret):
        check_token(token, endpoint.variable)
