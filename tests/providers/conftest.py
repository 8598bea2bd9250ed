"""What the tests of the providers share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_otp import redact
from tests.providers.clients import Client


@pytest.fixture(autouse=True)
def _no_known_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of secrets belongs to the process: each test has its own."""
    redact.known_values.forget()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy in the environment of whoever runs the tests is none of theirs."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def client() -> Iterator[Client]:
    """An HTTP client whose pauses are recorded instead of slept."""
    made = Client()
    yield made
    made.http.close()
