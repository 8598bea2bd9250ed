"""Twilio's Calls: what is read out in a call arrives as a message of its own kind.

    POST /2010-04-01/Accounts/{AccountSid}/Calls.json        To, From, and Twiml or Url; Method, StatusCallback, …
    GET  /2010-04-01/Accounts/{AccountSid}/Calls.json        To, From, Status
    GET  /2010-04-01/Accounts/{AccountSid}/Calls/{Sid}.json
    POST /2010-04-01/Accounts/{AccountSid}/Calls/{Sid}.json  Status: canceled or completed

Sources: the Call resource (https://www.twilio.com/docs/voice/api/call-resource), its requests to the application
(https://www.twilio.com/docs/voice/twiml#request-parameters), the errors (https://www.twilio.com/docs/api/errors), and
the official Python SDK (`twilio.rest.api.v2010.account.call`).

A document that the application serves is fetched after the answer, as the application may not serve it before.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from typing import ClassVar

from werkzeug.wrappers import Request, Response

from ..failures import Documented
from ..http import basic_credentials, first, json_response
from ..message import Backend
from .kept import Kept
from .twilio_call import PhoneCall
from .twilio_common import ACCOUNT, VERSION, TwilioApi, method_not_allowed, not_found, read_fields
from .twiml import needs_more

THREAD = "pytest-otp call"
"""The name of the thread that fetches a call's documents."""

_PATH = re.compile(rf"/{VERSION}/Accounts/(?P<account>[^/]+)/Calls(?:/(?P<sid>[^/]+))?\.json")


class TwilioCalls(TwilioApi):
    """Twilio's Calls."""

    PATHS: ClassVar[tuple[str, ...]] = (
        f"POST /{VERSION}/Accounts/<AccountSid>/Calls.json",
        f"GET /{VERSION}/Accounts/<AccountSid>/Calls.json",
        f"GET /{VERSION}/Accounts/<AccountSid>/Calls/<Sid>.json",
        f"POST /{VERSION}/Accounts/<AccountSid>/Calls/<Sid>.json",
    )
    FAILURES: ClassVar[Documented] = {
        "unreachable": (400, "21214", "'To' phone number cannot be reached"),
        "blocked": (403, "21216", "Account not allowed to call the 'To' phone number"),
        "rate_limited": (429, "20429", "Too Many Requests"),
        "server_error": (500, "20500", "An internal server error has occurred"),
    }

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._calls: Kept[tuple[str, str], PhoneCall] = Kept()

    def matches(self, request: Request) -> bool:
        """Whether the path is one of the Calls'."""
        return _PATH.fullmatch(request.path) is not None

    def respond(self, request: Request) -> Response:
        """Answer an authenticated request."""
        path = _PATH.fullmatch(request.path)
        if path is None or not ACCOUNT.fullmatch(path["account"]):
            raise not_found(request)
        if path["sid"] is None:
            if request.method == "GET":
                return json_response(self._page(path["account"], request.args))
            if request.method != "POST":
                raise method_not_allowed()
            return self._create(request, path["account"])
        call = self._calls.get((path["account"], path["sid"]))
        if call is None:
            raise not_found(request)
        if request.method == "POST":
            call.end(first(read_fields(request), "Status"))
        elif request.method != "GET":
            raise method_not_allowed()
        return json_response(call.resource())

    def _create(self, request: Request, account: str) -> Response:
        fields = read_fields(request)
        token = (basic_credentials(request) or ("", ""))[1]
        call = PhoneCall(self._backend, account, token, fields)
        shown = call.resource()
        document = first(fields, "Twiml").encode()
        if document and not needs_more(document):
            call.perform(document)
            self._calls.put((account, call.sid), call)
        else:
            self._calls.put((account, call.sid), call)
            threading.Thread(target=call.perform_alone, args=(document,), name=THREAD, daemon=True).start()
        return json_response(shown, 201)

    def _page(self, account: str, query: Mapping[str, str]) -> dict[str, object]:
        shown = [call.resource() for call in self._calls.newest() if call.account == account]
        for name, key in (("To", "to"), ("From", "from"), ("Status", "status")):
            if query.get(name):
                shown = [call for call in shown if call[key] == query[name]]
        uri = f"/{VERSION}/Accounts/{account}/Calls.json"
        return {
            "calls": shown,
            "end": max(len(shown) - 1, 0),
            "first_page_uri": f"{uri}?Page=0",
            "next_page_uri": None,
            "page": 0,
            "page_size": max(len(shown), 50),
            "previous_page_uri": None,
            "start": 0,
            "uri": uri,
        }
