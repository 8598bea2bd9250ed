"""What the tests of the providers share."""

from __future__ import annotations

import pytest

from pytest_otp import redact

KEY = "kq7/Zw+4=p&Lx9-invented-key-tR2"
CLIENT_ID = "8c0d2f4e-51b7-4e9a-a3c6-0b1d2e3f4a5b"
PASSWORD = "Pw%9/vT+e=n&Q3-invented-word-uB8"


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
