"""A provider on loopback that remembers when each order was placed, answered and closed.

It speaks otpcepat's protocol and places an order before it answers, fast or slowly, so that a kill can come between the
two. It runs in the process that kills, where no kill reaches it, and has an account for each run.
"""

from __future__ import annotations

import contextlib
import json
import random
import socket
import socketserver
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from math import inf
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

Trouble = Literal["responds with 500", "hangs", "refuses cancels", "is unreachable"]

FAST = 0.01
"""Seconds that a fast answer takes at most."""
SLOW = (0.2, 1.0)
SLOW_CHANCE = 0.4
SMS_CHANCE = 1 / 3
"""How many orders get an SMS, within a second: they cannot be cancelled any more, only finished."""

_CANCEL, _FINISH = "2", "4"


@dataclass(slots=True, eq=False)
class Rented:
    """One order. All times are of the monotonic clock, and infinite until it happens."""

    id: str
    by: int
    """Id of the process that asked for it."""
    placed: float
    sms: float
    answered: float = inf
    """When the answer to the order request was sent."""
    closed: float = inf
    status: str = "Waiting SMS"

    def seen(self) -> str:
        """Its status as the provider reports it."""
        return "Recieved" if self.closed == inf and self.sms <= time.monotonic() else self.status


class Account:
    """The orders of one api key."""

    def __init__(self, rng: random.Random, slow_chance: float) -> None:
        self._rng = rng
        self._slow_chance = slow_chance
        self._orders: dict[str, Rented] = {}
        self._lock = threading.Lock()

    @property
    def orders(self) -> list[Rented]:
        """Every order, oldest first."""
        with self._lock:
            return list(self._orders.values())

    @property
    def open(self) -> list[Rented]:
        """What nobody has closed so far."""
        return [order for order in self.orders if order.closed == inf]

    def act(self, query: dict[str, str]) -> dict[str, object]:
        """Do what a request asks, and return the answer when it is time to send it."""
        order, answer = self._place(query) if query["action"] == "get_order" else (None, self._look_up(query))
        with self._lock:
            slow = order is not None and self._rng.random() < self._slow_chance
            pause = self._rng.uniform(*(SLOW if slow else (0.0, FAST)))
        time.sleep(pause)
        if order:
            order.answered = time.monotonic()
        return answer

    def _place(self, query: dict[str, str]) -> tuple[Rented, dict[str, object]]:
        with self._lock:
            now = time.monotonic()
            sms = now + self._rng.random() if self._rng.random() < SMS_CHANCE else inf
            order = Rented(f"{self._rng.getrandbits(64):016x}", int(query["operator_id"]), now, sms)
            self._orders[order.id] = order
            number = f"62812{len(self._orders):08d}"
        return order, _done({"order_id": order.id, "number": number, "price": 99, "status": order.status})

    def _look_up(self, query: dict[str, str]) -> dict[str, object]:
        if query["action"] not in ("get_status", "set_status"):
            return _refused("BAD ACTION")
        with self._lock:
            order = self._orders.get(query.get("order_id", ""))
            if order is None:
                return _refused("WRONG ORDER ID")
            if query["action"] == "get_status":
                text = "Your code is 482913" if order.sms <= time.monotonic() else None
                return _done({"order_id": order.id, "status": order.seen(), "sms": text})
            wanted = query.get("status")
            if order.closed < inf or wanted not in (_CANCEL, _FINISH):
                return _refused("WRONG STATUS")
            if wanted == _CANCEL and order.seen() == "Recieved":
                return _refused("WRONG STATUS")
            order.status = "Cancel" if wanted == _CANCEL else "Done"
            order.closed = time.monotonic()
        return {"status": True, "msg": "success"}


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
        """For `OTPCEPAT_BASE_URL`."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def account(self, key: str) -> Account:
        """Make the account of an api key."""
        account = self._accounts[key] = Account(random.Random(f"{self._seed} {key}"), self._slow_chance)
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

    def reply(self, query: dict[str, str]) -> tuple[int, dict[str, object]] | None:
        """HTTP status and answer to a request; None to drop the connection."""
        if self._trouble == "hangs":
            self._well.wait()
            return None
        if self._trouble == "responds with 500":
            return 500, {}
        if self._trouble == "refuses cancels" and query.get("action") == "set_status":
            return 200, _refused("TOO EARLY")
        account = self._accounts.get(query.get("api_key", ""))
        return 200, account.act(query) if account else _refused("You don't have Access!")


def _done(data: dict[str, object]) -> dict[str, object]:
    return {"status": True, "data": data}


def _refused(words: str) -> dict[str, object]:
    return {"status": "false", "msg": words}


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
        reply = self.server.provider.reply(dict(parse_qsl(urlsplit(self.path).query)))
        if reply is None:
            self.close_connection = True
            return
        body = json.dumps(reply[1]).encode()
        self.send_response(reply[0])
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the class above names it
        pass
