"""The sandbox application: both providers and the gateway on one offline phone network, for clients without an account.

GET  /                      the page
GET  /api/handler_api.php   otpcepat
POST /native/<Action>       OTP-virt
POST /sms                   the plain SMS API, and the paths of the SMS services

Each of them is answered only at an IP address or a name of this machine, whoever asks: a website could point its own
host name at this machine (DNS rebinding), and browsers would let it read the responses. Requests to the hosts of SMS
services, which come through the proxy, are answered too.
"""

from __future__ import annotations

import gzip
import socket
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from ..gateway.app import Gateway
from ..gateway.hosts import serves
from ..gateway.http import host_name, is_from_another_site, is_local, json_response, read_body
from ..offline import scenarios
from ..offline.desk import Rental, RentalDesk, Trouble
from ..server.server import reset_connection
from . import otpcepat, otpvirt
from .page import Page
from .page_log import PageLog

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ..offline.carrier import Carrier

OTPCEPAT_PATH = "/api/handler_api.php"
OTPVIRT_PATH = "/native"
RETRY_AFTER = 1
"""Seconds in the Retry-After header of a 429."""

_WRONG_HOST = (
    "this host name is not allowed: use an IP address or localhost, or start the sandbox with --serve-as and the name"
)
_PAGE = "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n</body>\r\n</html>\r\n"


class Sandbox:
    """The sandbox as a WSGI application. SMS come from the scenario, through the gateway, or from `Carrier.deliver`.

    Args:
        carrier: The phone network that the numbers belong to.
        scenario: A name in `pytest_otp.offline.scenarios.SCENARIOS`.
        sms_after: Seconds from an order to its SMS. Defaults to the scenario's.
        on_order: Called with the provider's name, the order ID and the rental of each new order.
        on_stray: Called with the number of each SMS whose number is not held.
        names: More host names at which requests are answered, in lower case.

    Attributes:
        desk: The rental desk behind both providers.
        callbacks: Makes the gateway's requests to applications.

    Raises:
        SettingsError: If the scenario is unknown.
    """

    def __init__(
        self,
        carrier: Carrier,
        *,
        scenario: str = "auto",
        sms_after: float | None = None,
        on_order: Callable[[str, str, Rental], None] = lambda provider, order_id, rental: None,
        on_stray: Callable[[str], None] | None = None,
        names: Iterable[str] = (),
    ) -> None:
        self._names = frozenset({socket.gethostname().lower(), *names})
        course = scenarios.scenario(scenario)
        self.desk = RentalDesk(carrier, scenario=course, sms_after=sms_after)
        log = PageLog(carrier, on_stray=on_stray)
        self._page = Page(log)
        self._gateway = Gateway(log, names=self._names)
        self.callbacks = self._gateway.callbacks

        def ordered(provider: str, order_id: str, rental: Rental) -> None:
            log.ordered(provider, order_id, rental)
            on_order(provider, order_id, rental)

        has_money = course.refusal != "no-balance"
        self._otpcepat = otpcepat.OtpcepatApi(
            self.desk,
            clock=carrier.clock,
            on_order=lambda order_id, rental: ordered("otpcepat", order_id, rental),
            balance="9999999999" if has_money else "0",
        )
        self._otpvirt = otpvirt.OtpvirtApi(
            self.desk,
            on_order=lambda order_id, rental: ordered("otpvirt", order_id, rental),
            balance=Decimal("131.95") if has_money else Decimal(0),
            has_numbers=course.refusal != "no-numbers",
        )

    def close(self) -> None:
        """End what the gateway does in the background. Close it after its server."""
        self._gateway.close()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        host = host_name(request)
        if serves(host):
            return self._gateway.answer(request)
        if not is_local(host, self._names):
            return json_response({"error": _WRONG_HOST}, 403)
        is_providers = request.path == OTPCEPAT_PATH or request.path.startswith(OTPVIRT_PATH + "/")
        if is_providers and is_from_another_site(request, self._names):
            return json_response({"error": "requests from other websites are not allowed"}, 403)
        if request.path == OTPCEPAT_PATH:
            return self._answer_otpcepat(request)
        action = request.path.removeprefix(OTPVIRT_PATH + "/")
        if action != request.path and self._otpvirt.has(action):
            return self._answer_otpvirt(request, action)
        if self._page.matches(request):
            return self._page.answer(request)
        if self._gateway.matches(request):
            return self._gateway.answer(request)
        served = ["GET /", f"GET {OTPCEPAT_PATH}", f"POST {OTPVIRT_PATH}/<Action>", *self._gateway.paths]
        return json_response({"error": "not found", "served": served}, 404)

    def _answer_otpcepat(self, request: Request) -> Response:
        if request.method != "GET":
            return _not_allowed(request, "GET")
        query = request.args.to_dict()
        trouble = self._trouble(is_order=query.get("action") == otpcepat.ORDER_ACTION)
        if trouble is not None:
            return _in_trouble(trouble, request)
        return Response(self._otpcepat.answer(query), content_type="application/json")

    def _answer_otpvirt(self, request: Request, action: str) -> Response:
        if request.method != "POST":
            return _not_allowed(request, "POST")
        trouble = self._trouble(is_order=action == otpvirt.ORDER_ACTION)
        if trouble is not None:
            return _in_trouble(trouble, request)
        encoding = request.headers.get("Content-Encoding", "")
        answer = self._otpvirt.answer(action, _body(request), encoding)
        response = Response(answer, content_type="application/json; charset=utf-8")
        if request.accept_encodings["gzip"] > 0:
            response.set_data(gzip.compress(answer, mtime=0))
            response.headers["Content-Encoding"] = "gzip"
        response.headers["Vary"] = "Accept-Encoding"
        return response

    def _trouble(self, *, is_order: bool) -> Trouble | None:
        # A client could not know whether a lost order was placed, so the scenario `flaky` never loses orders.
        if is_order and self.desk.scenario.answers == "mostly":
            return None
        return self.desk.trouble()


def endpoints(url: str) -> dict[str, str]:
    """Method and address of each provider's API in a sandbox at this URL, for display."""
    return {"otpcepat": f"GET  {url}{OTPCEPAT_PATH}", "OTP-virt": f"POST {url}{OTPVIRT_PATH}/<Action>"}


def environ(url: str) -> dict[str, str]:
    """Environment variables that point provider clients, and users of the plain SMS API, at a sandbox at this URL."""
    return {
        "OTPCEPAT_BASE_URL": url + OTPCEPAT_PATH,
        "API_KEY_OTPCEPAT": otpcepat.API_KEY,
        "OTPVIRT_BASE_URL": url + OTPVIRT_PATH,
        "OTPVIRT_CLIENT_ID": otpvirt.CLIENT_ID,
        "OTPVIRT_API_PASSWORD": otpvirt.API_PASSWORD,
        "PYTEST_OTP_GATEWAY_URL": url,
    }


def _body(request: Request) -> bytes:
    try:
        return read_body(request, otpvirt.MAX_BODY)
    except HTTPException:
        return b""  # too large or incomplete: the document has one error for all invalid requests


def _in_trouble(trouble: Trouble, request: Request) -> Response:
    if trouble == "reset":
        reset_connection(request.environ)
    if trouble == "429":
        page, headers = _PAGE.format("429 Too Many Requests"), {"Retry-After": str(RETRY_AFTER)}
        return Response(page, 429, headers, content_type="text/html")
    return Response(_PAGE.format("502 Bad Gateway"), 502, content_type="text/html")


def _not_allowed(request: Request, method: str) -> Response:
    message = f"{request.method} is not allowed; use {method}"
    return json_response({"error": message}, 405, {"Allow": method})
