"""The sandbox's page for people: one file, and the two endpoints that it speaks with.

    GET  /                                  the page
    GET  /page/log?run=…&revision=…         what is new since then
    POST /page/sms                          an SMS by hand, as the plain gateway takes it

A page asks again twice a second, and each answer ends its connection, so that an open page holds no thread. Only the
page itself may ask. Another web site in the same browser is told from it by what browsers say of a request's origin,
and one that points a name of its own at this machine (DNS rebinding) by that name.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import re
from importlib import resources

from werkzeug.wrappers import Request, Response

from ..gateway.hosts import serves
from ..gateway.http import JSON, host_name, is_local, json_response
from ..gateway.message import Message
from ..gateway.plain import Plain
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
    """The page and its endpoints, for an application that has them beside other things."""

    def __init__(self, log: PageLog) -> None:
        self._log = log
        self._plain = Plain(functools.partial(_send, log))

    def takes(self, request: Request) -> bool:
        """Whether a request is for the page. A POST to the root, and anything for an SMS service's host, is not."""
        if serves(host_name(request)):
            return False
        return request.path in (LOG_PATH, SEND_PATH) or (request.path == PATH and request.method in ("GET", "HEAD"))

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        response = self._answer(request)
        response.headers.update(_HEADERS)
        return response

    def _answer(self, request: Request) -> Response:
        if not is_local(host_name(request)):
            return _refused("open this page by an IP address or as localhost: any web site can have another name")
        if request.path == PATH:
            page, policy = _page()
            return Response(page, headers={"Content-Security-Policy": policy}, content_type="text/html; charset=utf-8")
        if not _is_from_page(request):
            return _refused("only the sandbox's own page may ask this")
        if request.path == SEND_PATH:
            return self._plain.answer(request)
        if request.method != "GET":
            return json_response({"error": f"{request.method} is not allowed, only GET"}, 405, {"Allow": "GET"})
        revision = request.args.get("revision", 0, type=int)
        # In ASCII: half of a surrogate pair, which no SMS should hold, cannot break it either.
        return Response(json.dumps(self._log.since(request.args.get("run", ""), revision)), mimetype=JSON)


def _send(log: PageLog, message: Message) -> bool:
    return log.submit(message.to, message.text, sender=message.sender)


def _refused(error: str) -> Response:
    return json_response({"error": error}, 403)


def _is_from_page(request: Request) -> bool:
    """Whether it comes from our own page, or from no browser, which could have asked the gateway just as well."""
    own = request.host_url.rstrip("/")
    # `none`: somebody typed the address in; only to read, since nobody types in a POST.
    sites = ("same-origin", "none") if request.method == "GET" else ("same-origin",)
    return request.headers.get("Origin", own) == own and request.headers.get("Sec-Fetch-Site", "same-origin") in sites


@functools.cache
def _page() -> tuple[str, str]:
    """The page, and the policy that lets it run its own script and nothing else."""
    page = resources.files("pytest_otp.sandbox").joinpath("page.html").read_text(encoding="utf-8")
    inline = _INLINE.findall(page)
    hashes = {kind: base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for kind, text in inline}
    return page, (
        f"default-src 'none'; script-src 'sha256-{hashes['script']}'; style-src 'sha256-{hashes['style']}'; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
