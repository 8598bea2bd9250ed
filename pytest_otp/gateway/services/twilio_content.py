"""Twilio's Content API: templates that an application creates, and then sends by their ID.

    POST   /v1/Content        JSON {"friendly_name", "language", "variables", "types": {"twilio/text": {"body": …}}}
    GET    /v1/Content
    GET    /v1/Content/{Sid}
    DELETE /v1/Content/{Sid}

Sources: https://www.twilio.com/docs/content/content-api-resources, and the official Python SDK
(`twilio.rest.content.v1.content`). The text of a template is the `body` of the first of its types that has one.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass

from werkzeug.wrappers import Request, Response

from ...clock import utc_now
from ..http import is_writable, json_response, read_object, read_text
from .kept import Kept
from .twilio_common import TwilioError, account_of, iso_time, method_not_allowed, not_found, page

PATH = "/v1/Content"
_PATH = re.compile(rf"{PATH}(?:/(?P<sid>[^/]+))?")


@dataclass(frozen=True, slots=True)
class _Template:
    resource: dict[str, object]
    body: str
    defaults: dict[str, str]


class TwilioContent:
    """The templates that applications created. Safe to use from several threads."""

    def __init__(self) -> None:
        self._kept: Kept[str, _Template] = Kept()

    def matches(self, request: Request) -> bool:
        """Whether the path is one of this API's."""
        return _PATH.fullmatch(request.path) is not None

    def template(self, sid: str) -> tuple[str, dict[str, str]] | None:
        """A template's text and the default values of its variables; None if there is none."""
        found = self._kept.get(sid)
        return None if found is None else (found.body, found.defaults)

    def answer(self, request: Request) -> Response:
        """Answer one authenticated request. Raises `TwilioError`."""
        path = _PATH.fullmatch(request.path)
        sid = path["sid"] if path else None
        if sid is None and request.method == "POST":
            return self._create(request)
        if sid is None and request.method == "GET":
            account = account_of(request)
            kept = [each.resource for each in self._kept.newest() if each.resource["account_sid"] == account]
            return json_response(page(f"https://content.twilio.com{PATH}", "contents", kept))
        found = self._kept.get(sid or "")
        if found is None:
            raise not_found(request)
        if request.method == "GET":
            return json_response(found.resource)
        if request.method != "DELETE":
            raise method_not_allowed()
        self._kept.remove(sid or "")
        return Response(status=204)

    def _create(self, request: Request) -> Response:
        content = read_object(read_text(request))
        types, variables = content.get("types"), content.get("variables") or {}
        bodies = (
            [kind.get("body") for kind in types.values() if isinstance(kind, dict)] if isinstance(types, dict) else []
        )
        body = next((text for text in bodies if isinstance(text, str) and text.strip() and is_writable(text)), None)
        if body is None:
            raise TwilioError(400, 20001, "types must have a type with a body")
        if not isinstance(variables, dict):
            raise TwilioError(400, 20001, "variables must be an object")
        sid = "HX" + uuid.uuid4().hex
        url = f"https://content.twilio.com{PATH}/{sid}"
        now = iso_time(utc_now())
        made: dict[str, object] = {
            "account_sid": account_of(request),
            "date_created": now,
            "date_updated": now,
            "friendly_name": content.get("friendly_name"),
            "language": content.get("language"),
            "links": {
                "approval_create": f"{url}/ApprovalRequests/whatsapp",
                "approval_fetch": f"{url}/ApprovalRequests",
            },
            "sid": sid,
            "types": types,
            "url": url,
            "variables": variables,
        }
        defaults = {str(name): str(value) for name, value in variables.items()}
        self._kept.put(sid, _Template(made, body, defaults))
        return json_response(made, 201)
