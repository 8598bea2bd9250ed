"""Which hosts are this machine."""

from __future__ import annotations

import pytest

from pytest_otp.loopback import is_loopback


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST", "localhost.", "a.localhost", "127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"],
)
def test_loopback(host: str) -> None:
    """Every spelling of this machine's own names and addresses is loopback."""
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["", "localhost.example", "notlocalhost", "10.0.0.1", "::ffff:10.0.0.1", "127.1", "a127.0.0.1", "0.0.0.0", "::"],
)
def test_other_hosts(host: str) -> None:
    """What only looks like this machine is not loopback."""
    assert not is_loopback(host)
