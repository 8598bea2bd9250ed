"""What is settled before the first test of a run that rents real numbers.

Apart from `plugin`, since pytest examines each name there at every start.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import pytest

from ..orders.location import ledger_path
from ..providers.registry import credentials
from ..redact import Secret
from ..settings import Settings, env_file_of
from .report_scrubber import ReportScrubber
from .run import RUN, new_run

Values = Mapping[str, "str | Secret | None"]

_CREDENTIALS: pytest.StashKey[Values] = pytest.StashKey()


def real_provider(config: pytest.Config, settings: Settings, env_file: Mapping[str, str]) -> Settings:
    """Check the credentials, guard the reports, and settle where the ledger is. Raises SettingsError.

    The ledger's place and the run's name are settled here, before a test can change the environment, or fork.
    """
    allow_http = frozenset(settings.allow_http)
    config.stash[_CREDENTIALS] = credentials(settings.provider, os.environ, env_file, allow_http=allow_http)
    if settings.webhook:
        from .webhook_fixture import check  # noqa: PLC0415 - only for a run with a webhook

        check(settings, config.stash[_CREDENTIALS])
    config.stash[RUN] = new_run()
    config.pluginmanager.register(ReportScrubber(), "otp-reports")
    return Settings(**{**vars(settings), "ledger": str(ledger_path(settings.ledger, config.rootpath))})


def credentials_of(config: pytest.Config, settings: Settings) -> Values:
    """What `real_provider` found; where an overridden otp_settings chose the provider, it looks now."""
    if _CREDENTIALS not in config.stash:
        real_provider(config, settings, env_file_of(config, os.environ))
    return config.stash[_CREDENTIALS]
