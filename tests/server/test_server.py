"""The loopback server: where it listens, how it stops, and what it never logs."""

from __future__ import annotations

import http.client
import logging
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from pytest_otp.errors import SettingsError
from pytest_otp.server.server import Server, reset_connection

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def hello(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]


def failing(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    raise ValueError("words with " + environ["QUERY_STRING"])


def get(url: str, path: str = "/") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


def serving_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "pytest-otp-server"]


def test_it_serves_on_a_free_loopback_port_until_the_block_ends() -> None:
    """Port 0 becomes a real port of 127.0.0.1, which is closed and without a thread afterwards."""
    with Server(hello) as server:
        url = server.url
        assert url.startswith("http://127.0.0.1:")
        assert get(url) == (200, b"hello")
    with pytest.raises(ConnectionRefusedError):
        get(url)
    assert serving_threads() == []


def test_the_port_is_free_again_at_once() -> None:
    """After stop() the same port can be served again, also right after answers."""
    with Server(hello) as server:
        port = port_of(server.url)
        get(server.url)
    with Server(hello, port=port) as server:
        assert get(server.url) == (200, b"hello")


def test_start_and_stop_may_be_repeated() -> None:
    """A second start or stop does nothing; a stopped server starts again and has no url in between."""
    server = Server(hello)
    server.stop()
    server.start()
    url = server.url
    server.start()
    assert server.url == url
    server.stop()
    server.stop()
    with pytest.raises(RuntimeError, match="the server is not running"):
        _ = server.url
    with server:
        assert get(server.url) == (200, b"hello")


def test_stop_cuts_a_connection_that_never_asked() -> None:
    """stop() does not wait for a client that connected and fell silent; that client sees the end."""
    server = Server(hello)
    server.start()
    with socket.create_connection(("127.0.0.1", port_of(server.url)), timeout=30) as idle:
        assert get(server.url) == (200, b"hello")  # accepted after the idle one, so that one is being handled
        server.stop()
        assert idle.recv(1) == b""


def test_stop_lets_an_answer_come_to_its_end() -> None:
    """A request that is being answered while stop() is called gets its whole answer."""
    asked, stopping = threading.Event(), threading.Event()

    def slow(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked.set()
        stopping.wait(30)
        return hello(environ, start_response)

    server = Server(slow, stop_timeout=60)
    server.start()
    url = server.url
    answers: list[tuple[int, bytes]] = []
    client = threading.Thread(target=lambda: answers.append(get(url)))
    stopper = threading.Thread(target=server.stop)
    with socket.create_connection(("127.0.0.1", port_of(url)), timeout=30) as idle:
        client.start()
        assert asked.wait(30)
        stopper.start()
        assert idle.recv(1) == b""  # the stop has come to where it cuts connections
        stopping.set()
        client.join()
        stopper.join()
    assert answers == [(200, b"hello")]


def test_stop_does_not_wait_for_ever_for_an_answer() -> None:
    """A request that takes longer than `stop_timeout` is cut off."""
    asked, over = threading.Event(), threading.Event()

    def stuck(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked.set()
        over.wait(30)
        return hello(environ, start_response)

    server = Server(stuck, stop_timeout=0.01)
    server.start()
    with socket.create_connection(("127.0.0.1", port_of(server.url)), timeout=30) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert asked.wait(30)
        server.stop()
        assert raw.recv(1) == b""
    over.set()


def test_two_requests_are_answered_at_the_same_time() -> None:
    """Each request has its thread: two that wait for each other are both answered."""
    both = threading.Barrier(2, timeout=30)

    def meeting(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        both.wait()
        return hello(environ, start_response)

    with Server(meeting) as server:
        url = server.url
        answers: list[tuple[int, bytes]] = []
        threads = [threading.Thread(target=lambda: answers.append(get(url))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == [(200, b"hello")] * 2


def test_a_port_in_use_is_a_settings_error_that_names_the_setting() -> None:
    """The error names the option to change."""
    with Server(hello) as first:
        port = port_of(first.url)
        with pytest.raises(SettingsError) as caught:
            Server(hello, port=port, setting="--otp-gateway").start()
    assert str(caught.value) == (
        f"--otp-gateway: cannot listen on 127.0.0.1:{port}: "
        "the port is already in use; choose another one, or 0 for any free port"
    )


@pytest.mark.parametrize(
    ("host", "port", "reason"),
    [
        ("no-such-host.invalid", 0, "cannot listen on no-such-host.invalid:0: unknown host"),
        ("x" * 300, 0, "unknown host"),
        ("192.0.2.1", 0, "cannot listen on 192.0.2.1:0: this machine does not have that address"),
        ("127.0.0.1", 65536, "invalid port 65536: expected 0 (any free port) to 65535"),
        ("127.0.0.1", -1, "invalid port -1"),
    ],
)
def test_an_impossible_address_is_a_settings_error(host: str, port: int, reason: str) -> None:
    """Each kind of impossible address has its own message, after the option's name."""
    with pytest.raises(SettingsError) as caught:
        Server(hello, host=host, port=port).start()
    assert str(caught.value).startswith("--port: ")
    assert reason in str(caught.value)


def test_a_port_that_is_not_permitted_is_a_settings_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A low port without the permission for it has a message of its own."""

    def refuse(*args: object, **kwargs: object) -> socket.socket:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket, "create_server", refuse)
    with pytest.raises(
        SettingsError, match=r"^--port: cannot listen on 127\.0\.0\.1:80: permission denied; choose a port above"
    ):
        Server(hello, port=80).start()


def test_an_unexpected_refusal_keeps_the_systems_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error without a message of ours keeps the system's own."""

    def refuse(*args: object, **kwargs: object) -> socket.socket:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(socket, "create_server", refuse)
    with pytest.raises(SettingsError, match="Too many open files"):
        Server(hello).start()


def test_all_addresses_are_reached_over_loopback() -> None:
    """The url of a server on every address is one that a client on this machine can use."""
    with Server(hello, host="0.0.0.0") as server:
        assert server.url.startswith("http://127.0.0.1:")
        assert get(server.url) == (200, b"hello")


def test_ipv6_loopback_has_brackets_in_its_url() -> None:
    """An IPv6 address is served and written as a URL wants it."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with Server(hello, host="::1") as server:
        assert server.url.startswith("http://[::1]:")
        assert get(server.url) == (200, b"hello")


def test_requests_leave_no_trace(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    """No request, good or broken, leaves a log record or a line on the terminal: its path holds a key."""
    caplog.set_level(logging.DEBUG)
    with Server(hello) as server:
        get(server.url, "/handler_api.php?api_key=sesame")
        with socket.create_connection(("127.0.0.1", port_of(server.url)), timeout=30) as raw:
            raw.sendall(b"no HTTP api_key=sesame\r\n\r\n")
            while raw.recv(4096):
                pass
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


def test_a_failing_application_is_500_and_its_words_stay_inside(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """The client gets an answer, and the log the error's type and place, but not its message nor the path."""
    with Server(failing) as server:
        assert get(server.url, "/?api_key=sesame") == (500, b"Internal Server Error\n")
    assert "request failed: ValueError" in caplog.text
    assert "in failing" in caplog.text
    assert "sesame" not in caplog.text
    assert capfd.readouterr() == ("", "")


def test_a_reset_reaches_the_client_as_a_reset(capfd: pytest.CaptureFixture[str]) -> None:
    """reset_connection() ends the TCP connection with a reset, not with an empty answer, and the server goes on."""
    seen: list[str] = []

    def resetting(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/":
            seen.append("/")
            reset_connection(environ)
        return hello(environ, start_response)

    with Server(resetting) as server:
        with socket.create_connection(("127.0.0.1", port_of(server.url)), timeout=30) as raw:
            raw.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            with pytest.raises(ConnectionResetError):
                raw.recv(1)
        assert seen == ["/"]
        assert get(server.url, "/again") == (200, b"hello")
    assert capfd.readouterr() == ("", "")


def test_a_reset_without_a_socket_is_the_bare_exception() -> None:
    """Under another WSGI server there is no socket to cut, and the exception alone has to do."""
    with pytest.raises(ConnectionResetError, match="reset on purpose"):
        reset_connection({})


def test_importing_the_server_imports_the_standard_library_only() -> None:
    """Neither the server nor the gateway imports werkzeug or phonenumbers before something is served."""
    program = (
        "import sys, pytest_otp.server.server, pytest_otp.server.authority, pytest_otp.gateway.app\n"
        "print([name for name in ('werkzeug', 'phonenumbers', 'requests', 'sqlite3') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
