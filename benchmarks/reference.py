"""What stands beside the figures of the gateway and the webhook: a POST to a server that does nothing but answer."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

PATIENCE = 60.0
"""Seconds for any answer, on a machine that is busy."""


@contextmanager
def bare_server() -> Iterator[str]:
    """The URL of a server of the standard library that reads each POST and answers 202."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Bare) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def post(url: str, to: str, text: str) -> None:
    """POST an SMS to the plain gateway, or to the bare server. Raises HTTPException unless the answer is 202."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)
    with contextlib.closing(connection):
        connection.request("POST", "/sms", json.dumps({"to": to, "text": text}), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 202:
            raise http.client.HTTPException(f"answered {answer.status}")


class _Bare(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass
