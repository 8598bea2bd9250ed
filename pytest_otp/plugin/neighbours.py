"""Hooks that exist only with certain other plugins."""

from __future__ import annotations

import sys

import pytest


def register(config: pytest.Config, seed: int) -> None:
    """Register the hooks for those that are loaded. `seed` is that of a run that sets nothing."""
    if "pyfakefs" in sys.modules:
        from .fake_files import RealFiles  # noqa: PLC0415 - only with pyfakefs

        config.pluginmanager.register(RealFiles(seed), "otp-real-files")
    if "pytest_forked" in sys.modules:
        from .forked import ForkedTests  # noqa: PLC0415 - only with pytest-forked

        config.pluginmanager.register(ForkedTests(config, seed), "otp-forked")
