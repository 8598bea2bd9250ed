"""Hooks that exist only with pytest-xdist."""

from __future__ import annotations

from typing import Any

import pytest

from .settings import Settings


class XdistHooks:
    """In the controller: tells each worker the settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def check(self, config: pytest.Config) -> None:
        """Raise SettingsError for what workers cannot share."""
        if self._settings.gateway and self._settings.gateway[1] and config.getoption("dist", "no") != "no":
            from .errors import SettingsError  # noqa: PLC0415 - a good run needs no errors

            raise SettingsError(
                "--otp-gateway (PYTEST_OTP_GATEWAY): xdist workers cannot share one port",
                hint="Leave it out, or give port 0: each worker then takes a free port.",
            )

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Plain data, without secrets: each worker reads its own environment for those."""
        node.workerinput["otp"] = self._settings.plain()
