"""The sandbox's page: one HTML file and its two endpoints.

    GET  /                                  the page
    GET  /page/log?run=…&revision=…         what is new since that revision
    POST /page/sms                          send an SMS; the body is that of the plain SMS API

The page polls twice a second, and each response ends its connection, so that an open page holds no thread. Only the
page itself may use the endpoints. Other websites in the same browser are recognized by the origin that browsers send;
the application around the page refuses sites that point their own host name at this machine (DNS rebinding).
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import re
from importlib import resources

from werkzeug.wrappers import Request, Response

from ..gateway.http import JSON, json_response
from ..gateway.message import Backend, OutgoingSms
from ..gateway.services.plain import Plain
from .page_log import PageLog

PATH = "/"
LOG_PATH = "/page/log"
SEND_PATH = "/page/sms"

_INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Page:
    """The page and its endpoints, as a part of an application."""

    def __init__(self, log: PageLog) -> None:
        self._log = log
        self._plain = Plain(Backend(functools.partial(_send, log)))

    def matches(self, request: Request) -> bool:
        """Whether a request is for the page. A POST to the root is not."""
        return request.path in (LOG_PATH, SEND_PATH) or (request.path == PATH and request.method in ("GET", "HEAD"))

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        response = self._answer(request)
        response.headers.update(_HEADERS)
        return response

    def _answer(self, request: Request) -> Response:
        if request.path == PATH:
            page, policy = _page()
            return Response(page, headers={"Content-Security-Policy": policy}, content_type="text/html; charset=utf-8")
        if not _is_from_page(request):
            return _refused("only the sandbox's own page may use this endpoint")
        if request.path == SEND_PATH:
            return self._plain.answer(request)
        if request.method != "GET":
            return json_response({"error": f"{request.method} is not allowed; use GET"}, 405, {"Allow": "GET"})
        revision = request.args.get("revision", 0, type=int)
        # As ASCII, so that an unpaired surrogate, which no SMS should contain, cannot break it.
        return Response(json.dumps(self._log.since(request.args.get("run", ""), revision)), mimetype=JSON)


def _send(log: PageLog, message: OutgoingSms) -> bool:
    return log.submit(message.to, message.text, sender=message.sender)


def _refused(error: str) -> Response:
    return json_response({"error": error}, 403)


def _is_from_page(request: Request) -> bool:
    """Whether a request comes from our own page, or not from a browser at all."""
    own = request.host_url.rstrip("/")
    # `none` is an address typed by the user: for reading only, as a POST always comes from a page.
    sites = ("same-origin", "none") if request.method == "GET" else ("same-origin",)
    return request.headers.get("Origin", own) == own and request.headers.get("Sec-Fetch-Site", "same-origin") in sites


@functools.cache
def _page() -> tuple[str, str]:
    """The page, and a policy that allows its own script and nothing else."""
    page = resources.files("pytest_otp.sandbox").joinpath("page.html").read_text(encoding="utf-8")
    inline = _INLINE.findall(page)
    hashes = {kind: base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for kind, text in inline}
    return page, (
        f"default-src 'none'; script-src 'sha256-{hashes['script']}'; style-src 'sha256-{hashes['style']}'; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
