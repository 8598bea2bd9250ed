"""A provider on loopback that remembers when each order was placed, answered and closed.

It speaks otpcepat's and OTP-virt's protocols, and places an order before it answers, fast or slowly, so that a kill can
come between the two. It runs in the process that kills, where no kill reaches it, and has an account for each run.
"""

from __future__ import annotations

import contextlib
import json
import random
import socket
import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from .accounts import Account
from .protocols import Answer, otpcepat, otpvirt, refused, request_of

Trouble = Literal["responds with 500", "hangs", "refuses cancels", "is unreachable"]

SLOW_CHANCE = 0.4
_CLOSES = ("set_status", "CancelActivation", "ConfirmActivation")


class Provider:
    """The server, a context manager. All accounts have its trouble."""

    def __init__(self, seed: str, *, slow_chance: float = SLOW_CHANCE) -> None:
        self._seed = seed
        self._slow_chance = slow_chance
        self._accounts: dict[str, Account] = {}
        self._trouble: Trouble | None = None
        self._well = threading.Event()
        self._well.set()
        self._server = _Server(self, 0)

    @property
    def url(self) -> str:
        """Where it is: otpcepat at the root, OTP-virt below `native`."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def account(self, key: str, *, fails: bool = False) -> Account:
        """Make the account of an api key or client id; one that `fails` reports a fault on one call in five."""
        account = self._accounts[key] = Account(random.Random(f"{self._seed} {key}"), self._slow_chance, fails=fails)
        return account

    def __enter__(self) -> Provider:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.recover()
        self._server.stop()

    def suffer(self, trouble: Trouble) -> None:
        """Misbehave until `recover`."""
        self._trouble = trouble
        self._well.clear()
        if trouble == "is unreachable":
            self._server.stop()
            # Bound and not listening: it refuses connections, and nobody else takes the port.
            self._server = _Server(self, self._server.server_address[1])

    def recover(self) -> None:
        """End the trouble. Requests that hang are dropped."""
        trouble, self._trouble = self._trouble, None
        if trouble == "is unreachable":
            self._server.start()
        self._well.set()

    def get(self, query: dict[str, str]) -> tuple[int, Answer] | None:
        """HTTP status and answer to a request of otpcepat; None to drop the connection."""
        trouble = self._troubled(query.get("action", ""))
        if trouble == "hangs":
            return None
        if trouble:
            return (500, {}) if trouble == "responds with 500" else (200, refused("TOO EARLY"))
        return 200, otpcepat(self._accounts.get(query.get("api_key", "")), query)

    def post(self, action: str, body: bytes, encoding: str) -> tuple[int, Answer] | None:
        """HTTP status and answer to a request of OTP-virt; None to drop the connection."""
        trouble = self._troubled(action)
        if trouble == "hangs":
            return None
        if trouble:
            return (500, {}) if trouble == "responds with 500" else (200, {"status": 4, "error": 77})
        request = request_of(body, encoding)
        return 200, otpvirt(self._accounts.get(request["clientId"]), action, request)

    def _troubled(self, action: str) -> Trouble | None:
        """What is wrong with this call; returns when the trouble is over if that is to hang."""
        trouble = self._trouble
        if trouble == "hangs":
            self._well.wait()
        return None if trouble == "refuses cancels" and action not in _CLOSES else trouble


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, provider: Provider, port: int) -> None:
        self.provider = provider
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler, bind_and_activate=False)
        self.server_bind()

    def start(self) -> None:
        self.server_activate()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: whoever is killed leaves broken connections behind."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one piece, which saves the pause of a delayed acknowledgement
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def do_GET(self) -> None:
        self._answer(self.server.provider.get(dict(parse_qsl(urlsplit(self.path).query))))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        action = self.path.rpartition("/")[2]
        self._answer(self.server.provider.post(action, body, self.headers.get("Content-Encoding", "")))

    def _answer(self, answer: tuple[int, Answer] | None) -> None:
        if answer is None:
            self.close_connection = True
            return
        body = json.dumps(answer[1]).encode()
        self.send_response(answer[0])
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the class above names it
        pass
