"""Chromium and its driver, for the tests that need a real browser."""

from __future__ import annotations

import os
import shutil

import pytest

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str:
    """The path of Chromium."""
    return program("CHROMIUM", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def program(variable: str, *names: str) -> str:
    """The path of a program: from the environment variable, else the first of the names that is on the PATH."""
    found = next(filter(None, map(shutil.which, [os.environ[variable]] if variable in os.environ else names)), None)
    if found is None:
        pytest.fail(f"{names[0]} is not there; `make browser` installs it, or set {variable} to its place")
    return found
