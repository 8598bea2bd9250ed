"""Both providers and the gateway on one offline phone network, for trying real clients with no account.

GET  /                      a page for people
GET  /api/handler_api.php   otpcepat
POST /native/<Action>       OTP-virt
POST /sms                   the plain gateway, and beside it the paths of the SMS services
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from ..gateway.app import Gateway
from ..gateway.http import is_from_another_site, json_response, read_body
from ..offline import scenarios
from ..offline.desk import Rental, RentalDesk, Trouble
from ..server.server import reset_connection
from . import otpcepat as otpcepat_face
from . import otpvirt as otpvirt_face
from .page import Page
from .page_log import PageLog

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ..offline.carrier import Carrier

OTPCEPAT_PATH = "/api/handler_api.php"
OTPVIRT_PATH = "/native"
RETRY_AFTER = 1
"""Seconds that a 429 asks a client to wait."""

_PAGE = "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n</body>\r\n</html>\r\n"


class Sandbox:
    """The sandbox as a WSGI application. Messages are delivered by the scenario, the gateway, or the carrier by hand.

    Args:
        carrier: the phone network that the numbers belong to.
        scenario: a name of `pytest_otp.offline.scenarios.SCENARIOS`; SettingsError for another.
        sms_after: seconds from an order to its SMS, None for what the scenario says.
        on_order: called with the provider's name, the id on its wire and the rental of each new order.
        on_stray: called with each number that a message was sent to and that nobody holds.

    Attributes:
        desk: the rental desk behind both providers.
    """

    def __init__(
        self,
        carrier: Carrier,
        *,
        scenario: str = "auto",
        sms_after: float | None = None,
        on_order: Callable[[str, str, Rental], None] = lambda provider, order_id, rental: None,
        on_stray: Callable[[str], None] | None = None,
    ) -> None:
        course = scenarios.scenario(scenario)
        self.desk = RentalDesk(carrier, scenario=course, sms_after=sms_after)
        log = PageLog(carrier, on_stray=on_stray)
        self._page = Page(log)
        self._gateway = Gateway(log)

        def ordered(provider: str, order_id: str, rental: Rental) -> None:
            log.ordered(provider, order_id, rental)
            on_order(provider, order_id, rental)

        has_money = course.refusal != "no-balance"
        self._otpcepat = otpcepat_face.OtpcepatFace(
            self.desk,
            clock=carrier.clock,
            on_order=lambda order_id, rental: ordered("otpcepat", order_id, rental),
            balance="9999999999" if has_money else "0",
        )
        self._otpvirt = otpvirt_face.OtpvirtFace(
            self.desk,
            on_order=lambda order_id, rental: ordered("otpvirt", order_id, rental),
            balance=Decimal("131.95") if has_money else Decimal(0),
            has_numbers=course.refusal != "no-numbers",
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        is_providers = request.path == OTPCEPAT_PATH or request.path.startswith(OTPVIRT_PATH + "/")
        if is_providers and is_from_another_site(request):
            return json_response({"error": "a web site that is not the sandbox's asks this"}, 403)
        if request.path == OTPCEPAT_PATH:
            return self._answer_otpcepat(request)
        action = request.path.removeprefix(OTPVIRT_PATH + "/")
        if action != request.path and self._otpvirt.has(action):
            return self._answer_otpvirt(request, action)
        if self._page.takes(request):
            return self._page.answer(request)
        if self._gateway.takes(request):
            return self._gateway.answer(request)
        served = ["GET /", f"GET {OTPCEPAT_PATH}", f"POST {OTPVIRT_PATH}/<Action>", *self._gateway.paths]
        return json_response({"error": "nothing is here", "served": served}, 404)

    def _answer_otpcepat(self, request: Request) -> Response:
        if request.method != "GET":
            return _not_allowed(request, "GET")
        query = request.args.to_dict()
        trouble = self._trouble(is_order=query.get("action") == otpcepat_face.ORDER_ACTION)
        if trouble is not None:
            return _in_trouble(trouble, request)
        return Response(self._otpcepat.answer(query), content_type="application/json")

    def _answer_otpvirt(self, request: Request, action: str) -> Response:
        if request.method != "POST":
            return _not_allowed(request, "POST")
        trouble = self._trouble(is_order=action == otpvirt_face.ORDER_ACTION)
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
        # Nobody could tell whether an order that is lost on the way was placed: flaky leaves those alone.
        if is_order and self.desk.scenario.answers == "mostly":
            return None
        return self.desk.trouble()


def environ(url: str) -> dict[str, str]:
    """The variables that point real clients, and what knows the plain gateway, at a sandbox that serves at this URL."""
    return {
        "OTPCEPAT_BASE_URL": url + OTPCEPAT_PATH,
        "API_KEY_OTPCEPAT": otpcepat_face.API_KEY,
        "OTPVIRT_BASE_URL": url + OTPVIRT_PATH,
        "OTPVIRT_CLIENT_ID": otpvirt_face.CLIENT_ID,
        "OTPVIRT_API_PASSWORD": otpvirt_face.API_PASSWORD,
        "PYTEST_OTP_GATEWAY_URL": url,
    }


def _body(request: Request) -> bytes:
    try:
        return read_body(request, otpvirt_face.MAX_BODY)
    except HTTPException:
        return b""  # too large, or cut off; no request either way, and the document has one error for all of them


def _in_trouble(trouble: Trouble, request: Request) -> Response:
    if trouble == "reset":
        reset_connection(request.environ)
    if trouble == "429":
        page, headers = _PAGE.format("429 Too Many Requests"), {"Retry-After": str(RETRY_AFTER)}
        return Response(page, 429, headers, content_type="text/html")
    return Response(_PAGE.format("502 Bad Gateway"), 502, content_type="text/html")


def _not_allowed(request: Request, method: str) -> Response:
    message = f"{request.method} is not allowed, only {method}"
    return json_response({"error": message}, 405, {"Allow": method})
