"""The server of the pages: two loopback ports, for two origins, and a record of what reached the pages."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import defaultdict
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from .case import Page
from .plain import PAGES

HERE = Path(__file__).parent
BUILT = HERE.parent / ".widgets" / "built"
TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html"}
SHELL = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in</title>{head}</head>
<body>{body}</body></html>"""
WELCOME = SHELL.format(head="", body="<h1>Welcome!</h1>")
AROUND_CODE = "<h1>Enter the code</h1><p>We sent it to your phone.</p>"
AROUND_PHONE = "<h1>Your phone number</h1>"
BELOW = (
    '<p><button type="button">Continue</button></p>'
    '<p><label>Referral code (optional) <input name="referral"></label></p>'
)


@dataclass
class Told:
    """What one run's page told."""

    states: list[tuple[int, str]] = field(default_factory=list)
    submissions: list[str] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)

    @property
    def state(self) -> str:
        """What the application has now."""
        return max(self.states)[1] if self.states else ""


class Record:
    """What the pages of all runs told, and a way to wait for it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._runs: defaultdict[str, Told] = defaultdict(Told)

    def add(self, event: dict[str, str | int]) -> None:
        """Take what a page told."""
        with self._changed:
            told = self._runs[str(event["run"])]
            if event["kind"] == "state":
                told.states.append((int(event["number"]), str(event["value"])))
            else:
                (told.submissions if event["kind"] == "submission" else told.touched).append(str(event["value"]))
            self._changed.notify_all()

    def of(self, run: str) -> Told:
        """What has been told so far in one run."""
        with self._changed:
            return self._runs[run]

    def wait(self, run: str, state: str, submissions: int, seconds: float) -> None:
        """Wait until the state and the number of submissions are such, or the time is over."""
        with self._changed:
            told = self._runs[run]
            self._changed.wait_for(lambda: told.state == state and len(told.submissions) >= submissions, seconds)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a page that went away before its answer came."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # the stub's narrow types


class Site(AbstractContextManager["Site"]):
    """Serves the pages while the block runs."""

    def __init__(self) -> None:
        self.record = Record()
        self._servers = [_Server(("127.0.0.1", 0), _handler(self)) for _ in range(2)]
        self.url, self.other = (f"http://127.0.0.1:{server.server_address[1]}" for server in self._servers)

    def __enter__(self) -> Site:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def plain(self, page: Page, run: str) -> str:
        """The HTML of a plain page."""
        body = page.html + (f"<script>\n{_late(page)}\n</script>" if page.script else "")
        body = body.replace("{same}", self.url).replace("{other}", self.other).replace("{run}", run)
        freeze = "<script>setTimeout = setInterval = requestAnimationFrame = () => 0; Date.now = () => 0;</script>"
        return SHELL.format(head='<script src="/plain.js"></script>' + (freeze if page.frozen else ""), body=body)


def _late(page: Page) -> str:
    if not page.script_after:
        return page.script
    return f'addEventListener("load", () => setTimeout(() => {{ {page.script} }}, {page.script_after * 1000}));'


def widget(name: str, kind: str) -> str:
    """The HTML around a built widget."""
    style = f'<link rel="stylesheet" href="/built/{name}.css">' if (BUILT / f"{name}.css").exists() else ""
    around = AROUND_PHONE if kind == "phone" else AROUND_CODE
    script = f'<script type="module" src="/built/{name}.js"></script>'
    return SHELL.format(head=style, body=f'{around}<div id="app"></div>{BELOW}{script}')


@cache
def file_bytes(path: Path) -> bytes:
    """A file, read once."""
    return path.read_bytes()


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            run = parse_qs(url.query).get("run", [""])[0]
            kind, _, name = url.path.strip("/").partition("/")
            if kind == "built" and (BUILT / name).is_file():
                self._send(file_bytes(BUILT / name), TYPES.get(Path(name).suffix, "application/octet-stream"))
            elif kind == "plain.js":
                self._send(file_bytes(HERE / "plain" / "plain.js"), TYPES[".js"])
            elif kind == "plain" and name in PAGES:
                self._send(site.plain(PAGES[name], run).encode(), TYPES[".html"])
            elif kind in ("code", "phone"):
                self._send(widget(name, kind).encode(), TYPES[".html"])
            elif kind == "verify":
                time.sleep(0.03)  # as a server takes its time to look at a code
                self._send(b"{}", "application/json")
            elif kind == "welcome":
                self._send(WELCOME.encode(), TYPES[".html"])
            else:
                self._send(b"", "text/plain", 204 if kind == "favicon.ico" else 404)

        def do_POST(self) -> None:
            site.record.add(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._send(b"", "text/plain")

        def _send(self, body: bytes, kind: str, status: int = 200) -> None:
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header(
                "Content-Security-Policy", "img-src 'self' data:; font-src 'self' data:; connect-src 'self'"
            )
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the harness prints its table."""

    return Handler
