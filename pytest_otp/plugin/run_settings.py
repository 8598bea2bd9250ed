"""The settings of a run. They are resolved before the first test, so that no test can change them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import pytest

from ..errors import SettingsError
from ..providers.registry import has_secrets
from ..settings import Settings, resolve
from .config_sources import env_file_of, lookups

__tracebackhide__ = True

_SETTINGS: pytest.StashKey[Settings] = pytest.StashKey()


def resolve_settings(config: pytest.Config, seed: int) -> None:
    """Resolve and check the settings of a run that sets some, and connect a worker to what its controller serves.

    Raises pytest.UsageError.
    """
    try:
        env_file = env_file_of(config)
        settings = _from_controller(config) or resolve(*lookups(config), os.environ, env_file, seed=seed)
        if settings.gateway_services:
            from ..gateway.service_sources import services_of_file  # noqa: PLC0415 - only with such a file

            services_of_file(config.rootpath / settings.gateway_services)
        if not settings.has_carrier:
            from .credentials import real_provider  # noqa: PLC0415 - start-up cost: not with the default one

            settings = real_provider(config, settings, env_file)
        elif has_secrets(os.environ, env_file):
            from .masking import learn_secrets  # noqa: PLC0415 - start-up cost: only if a provider's secrets are set

            learn_secrets(config)
    except SettingsError as error:
        raise pytest.UsageError(str(error)) from None
    config.stash[_SETTINGS] = settings
    if "otp_hub" in getattr(config, "workerinput", {}):
        from .relay_worker import join  # noqa: PLC0415 - only if the controller serves something for the workers

        join(config)


def settings_of(config: pytest.Config, seed: int) -> Settings:
    """Return the settings of a run: the defaults with this seed if none were resolved, since it sets nothing."""
    if _SETTINGS not in config.stash:
        config.stash[_SETTINGS] = _from_controller(config) or Settings(fake_seed=seed)
    return config.stash[_SETTINGS]


def _from_controller(config: pytest.Config) -> Settings | None:
    plain: Mapping[str, Any] | None = getattr(config, "workerinput", {}).get("otp")
    return Settings.from_plain(plain) if plain else None
