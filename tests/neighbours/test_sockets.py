"""pytest-socket: tests may open no connections, or only to this machine; the keeper and the gateway work."""

from __future__ import annotations

import socket

import pytest

from tests.neighbours.beside import GETS_A_CODE, Beside

BY_GATEWAY = """
    import requests
    import pytest

    @pytest.mark.parametrize("at", range(4))
    @pytest.mark.otp(fake="manual")
    def test_it(otp_number, otp_gateway, at):
        number = otp_number()
        answer = requests.post(otp_gateway.url + "/sms", json={"to": number.e164, "text": f"Your code is 48291{at}"})
        answer.raise_for_status()
        assert number.wait_code(timeout=60) == f"48291{at}"
"""
PLUGINS = ("pytest_socket",)
LOCAL = ("--disable-socket", "--allow-hosts=127.0.0.1")
XDIST = ("xdist", "xdist.looponfail")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.neighbour("pytest-socket")
@pytest.mark.short
@pytest.mark.parametrize("args", [("--disable-socket",), LOCAL], ids=["all", "others"])
def test_blocked(beside: Beside, args: tuple[str, ...]) -> None:
    """With all sockets blocked, or all hosts but this one, codes arrive."""
    beside.passes(GETS_A_CODE, *args, plugins=PLUGINS)


@pytest.mark.neighbour("pytest-socket")
def test_blocked_with_xdist(beside: Beside) -> None:
    """The same in workers."""
    beside.passes(GETS_A_CODE, *LOCAL, "-n2", plugins=(*PLUGINS, *XDIST))


@pytest.mark.neighbour("pytest-socket")
@pytest.mark.short
@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "xdist"])
@pytest.mark.parametrize("fixed", [True, False], ids=["fixed", "free"])
def test_gateway(offline: Beside, workers: tuple[str, ...], fixed: bool) -> None:
    """A test sends through the gateway, also where xdist's controller serves it and passes the SMS on to workers."""
    port = ("--otp-gateway", f"127.0.0.1:{free_port()}") if fixed else ()
    offline.passes(BY_GATEWAY, *LOCAL, *workers, *port, plugins=(*PLUGINS, *(XDIST if workers else ())), passed=4)
