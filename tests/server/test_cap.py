"""Many connections at once: strangers make room for requests, and a request waits for its turn."""

from __future__ import annotations

import itertools
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from pytest_otp.server.pool import Pool
from pytest_otp.server.server import Server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

REQUEST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
HEAD, BODY = REQUEST[:-2], REQUEST[-2:]
OK = b"HTTP/1.1 200 "

Connect = Callable[..., socket.socket]


def hello(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """A function that connects to a server and sends something; all connections are closed at the end."""
    with ExitStack() as stack:

        def connected(server: Server, sent: bytes = b"") -> socket.socket:
            address = ("127.0.0.1", urlsplit(server.url).port or 0)
            client = stack.enter_context(socket.create_connection(address, timeout=60))
            client.sendall(sent)
            return client

        yield connected


@contextmanager
def serving(limit: int, *apps: WSGIApplication, tick: float = 0.02) -> Iterator[list[Server]]:
    """Servers that share a number of connections. Their clock is that much later each time it is read."""
    pool = Pool(lambda: limit, clock=itertools.count(0.0, tick).__next__)
    with ExitStack() as stack:
        servers = [Server(app, head_timeout=1e6, body_timeout=1e6, pool=pool) for app in apps or [hello]]
        yield [stack.enter_context(server) for server in servers]


def is_over(client: socket.socket) -> bool:
    """Whether the server has closed the connection, as far as has been heard."""
    return bool(select.select([client], [], [], 0)[0])


def test_the_oldest_silent_stranger_makes_room(connect: Connect) -> None:
    """At the cap a request takes the place of the client that has been silent for longest; others stay."""
    with serving(2) as (server,):
        first, second = connect(server), connect(server)
        assert connect(server, REQUEST).recv(4096).startswith(OK)
        assert first.recv(1) == b""
        assert not is_over(second)


def test_strangers_that_begin_a_request_make_room_too(connect: Connect) -> None:
    """A part of a head is no request: one of those that sent no more makes room."""
    with serving(3) as (server,):
        strangers = [connect(server, b"POST / HT") for _ in range(3)]
        assert connect(server, REQUEST).recv(4096).startswith(OK)
        assert sum(map(is_over, strangers)) == 1


def test_one_cap_for_all_ports(connect: Connect) -> None:
    """Strangers at one port make room for a request at another."""
    with serving(2, hello, hello) as (server, other):
        silent, begun = connect(server), connect(server, b"POST")
        assert connect(other, REQUEST).recv(4096).startswith(OK)
        assert silent.recv(1) == b""
        assert not is_over(begun)
        connect(server)
        connect(server, b"POST")
        assert connect(other, REQUEST).recv(4096).startswith(OK)


def test_who_is_idle_within_a_request_makes_room(connect: Connect) -> None:
    """A client that has sent its head only is closed after a while, if another one needs the connection."""
    with serving(1, tick=0.1) as (server,):
        idle = connect(server, HEAD + BODY[:1])
        assert connect(server, REQUEST).recv(4096).startswith(OK)
        assert idle.recv(1) == b""


def test_requests_wait_for_their_turn(connect: Connect) -> None:
    """While all connections are being answered, requests wait in the queue; none is refused, none cut off."""
    asked, go_on = threading.Semaphore(0), threading.Event()

    def slow(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked.release()
        go_on.wait(60)
        return hello(environ, start_response)

    with serving(2, slow, tick=0.001) as (server,):
        clients = [connect(server, REQUEST) for _ in range(2)]
        for _ in clients:
            assert asked.acquire(timeout=60)
        clients += [connect(server, REQUEST) for _ in range(40)]
        assert not asked.acquire(blocking=False)
        go_on.set()
        assert all(client.recv(4096).startswith(OK) for client in clients)


def test_a_silent_client_is_closed_in_the_end(connect: Connect) -> None:
    """Who sends nothing within the time for a head is closed, without another one needing the connection."""
    with Server(hello, head_timeout=0.01) as server:
        assert connect(server).recv(1) == b""


@pytest.mark.parametrize(
    ("server", "sent"),
    [
        (Server(hello, head_timeout=0.05), b"POST / HTTP/1.1\r\nX: "),
        (Server(hello, body_timeout=0.05), HEAD.replace(b"2", b"9999")),
    ],
    ids=["head", "body"],
)
def test_head_and_body_have_an_end(connect: Connect, server: Server, sent: bytes) -> None:
    """A client that goes on to send its head or its body byte by byte is cut off: the time is for all of it."""
    with server:
        slow = connect(server, sent)
        while not select.select([slow], [], [], 0.01)[0]:
            with suppress(ConnectionError):
                slow.sendall(b"x")
        with suppress(ConnectionError):
            assert not slow.recv(4096).startswith(OK)


SCARCE = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
from pytest_otp.server.server import Server
from tests.server.test_cap import hello

with Server(hello) as server:
    print(server.url, flush=True)
    files = [open("/dev/null") for _ in range(30)]
    print("opened", flush=True)
    sys.stdin.readline()
    try:
        while True:
            files.append(open("/dev/null"))
    except OSError:
        print("opened", flush=True)
    sys.stdin.readline()
    del files
"""


def test_strangers_leave_file_descriptors_to_the_tests() -> None:
    """Where a process may open 64 files, 100 strangers leave it room for 30, and requests are answered all the same.

    So they are where the process itself has left none: a stranger makes room.
    """
    command = [sys.executable, "-c", SCARCE]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process,
        ExitStack() as stack,
    ):
        assert process.stdin
        assert process.stdout
        address = ("127.0.0.1", urlsplit(process.stdout.readline().strip()).port or 0)
        for _ in range(100):
            stack.enter_context(socket.create_connection(address, timeout=60))
        for _ in ("30 files", "all files"):
            assert process.stdout.readline() == "opened\n"
            with socket.create_connection(address, timeout=60) as client:
                client.sendall(REQUEST)
                assert client.recv(4096).startswith(OK)
            print(file=process.stdin, flush=True)
        assert process.wait(60) == 0
