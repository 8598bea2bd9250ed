"""The HTTP client over real loopback sockets: no key in what fails, what is logged, and what is kept."""

from __future__ import annotations

import logging
import os
import re
import signal
import types

import pytest

from pytest_otp.errors import (
    OtpError,
)
from pytest_otp.providers.base import Repeat
from pytest_otp.redact import Secret
from tests.providers.clients import KEY, NO_ANSWERS, OK, PAGE, Client, failure, held, leaks
from tests.servers import (
    Asked,
    Hang,
    WireServer,
    closed_port,
    raw,
    reply,
    reset,
    stall,
)


class TestWhatFailuresHold:
    """What travels up with an exception."""

    @pytest.mark.parametrize("case", NO_ANSWERS)
    @pytest.mark.parametrize("repeat", Repeat)
    def test_no_key_and_no_library_frame(self, client: Client, case: str, repeat: Repeat) -> None:
        """Nothing that can be reached from a failure has the key, and no frame of requests or urllib3 is among them."""
        with WireServer(NO_ANSWERS[case][0]) as server, pytest.raises(OtpError) as caught:
            client.http.get(server.url, {"api_key": Secret(KEY)}, repeat=repeat)
        assert leaks(caught.value) == []
        self.assert_only_our_frames(caught.value)

    def assert_only_our_frames(self, error: BaseException) -> None:
        files = [thing.tb_frame.f_code.co_filename for thing in held(error) if isinstance(thing, types.TracebackType)]
        assert files
        assert not [file for file in files if re.search(r"site-packages/(requests|urllib3)|http/client\.py", file)]
        assert error.__context__ is None
        assert error.__cause__ is None

    def test_not_after_a_refused_connection_either(self, client: Client) -> None:
        """The same where nothing was sent."""
        error = failure(client, f"http://127.0.0.1:{closed_port()}/")
        assert leaks(error) == []
        self.assert_only_our_frames(error)

    @pytest.mark.parametrize("repeat", Repeat)
    def test_an_interrupt_leaves_the_frames_behind(self, client: Client, repeat: Repeat) -> None:
        """Ctrl-C in a hanging call goes on as itself, without the frames that hold the key."""
        before = signal.signal(signal.SIGUSR1, signal.default_int_handler)

        def interrupt(asked: Asked, hang: Hang) -> None:
            os.kill(os.getpid(), signal.SIGUSR1)
            hang.wait()

        try:
            with WireServer(interrupt) as server, pytest.raises(KeyboardInterrupt) as caught:
                client.http.post(server.url, {"password": Secret(KEY)}, repeat=repeat)
        finally:
            signal.signal(signal.SIGUSR1, before)
        assert leaks(caught.value) == []
        self.assert_only_our_frames(caught.value)

    def test_the_search_would_find_it(self) -> None:
        """The control: a naive client's failure holds the key in every way that is searched."""
        import requests

        with WireServer(stall) as server, pytest.raises(requests.Timeout) as caught:
            requests.get(server.url, params={"api_key": KEY}, timeout=0.1)
        assert leaks(caught.value)


class TestLogs:
    """What the libraries below us log."""

    def test_urllib3_at_debug(self, client: Client, caplog: pytest.LogCaptureFixture) -> None:
        """urllib3 logs each request; the key in it is masked, the rest is there."""
        with caplog.at_level(logging.DEBUG), WireServer(reply("", 500), OK) as server:
            url = server.url
            client.get(url + "/api", api_key=Secret(KEY), action="getBalance")
        assert f'{url} "GET /api?api_key=***&action=getBalance HTTP/1.1" 500 0' in caplog.messages
        assert "invented-key" not in caplog.text

    def test_bad_headers_that_echo_the_key(self, client: Client, caplog: pytest.LogCaptureFixture) -> None:
        """urllib3's warning of malformed headers brings an exception that quotes them; it is scrubbed too."""
        answer = f"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n bad {KEY}\r\nnonsense {KEY}\r\nX: y\r\n\r\n{{}}".encode()
        with caplog.at_level(logging.DEBUG), WireServer(raw(answer)) as server:
            client.get(server.url, api_key=Secret(KEY))
        assert "Failed to parse headers" in caplog.text
        assert "invented-key" not in caplog.text

    def test_our_own_log(self, client: Client, caplog: pytest.LogCaptureFixture) -> None:
        """What this package logs is scrubbed as well: an order's id may be what a server likes to put there."""
        Secret(KEY)
        with caplog.at_level(logging.INFO):
            logging.getLogger("pytest_otp").info("order %s", KEY)
        assert caplog.messages == ["order ***"]


def test_nothing_is_printed(client: Client, capfd: pytest.CaptureFixture[str]) -> None:
    """No call writes to the terminal, good or bad."""
    with WireServer(OK, reset, reply(PAGE, 502), OK) as server:
        client.get(server.url)
        client.get(server.url)
    assert capfd.readouterr() == ("", "")


def test_showing_the_client_shows_nothing(client: Client) -> None:
    """Neither the client nor anything in it contains what it sent."""
    with WireServer(OK) as server:
        client.get(server.url, api_key=Secret(KEY))
    assert leaks(client.http) == []
