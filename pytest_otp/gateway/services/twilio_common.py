"""What Twilio's APIs have in common: authentication, the form of errors, and how a request is read.

Sources: the shape of errors (https://www.twilio.com/docs/usage/twilios-response) and their numbers
(https://www.twilio.com/docs/api/errors). What the pages leave open is as the official Python SDK reads it
(`twilio.base.version`).
"""

from __future__ import annotations

import base64
import hmac
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from werkzeug.wrappers import Request, Response

from ...errors import OtpError
from ..http import FORM, Fields, Unreadable, basic_credentials, json_response, read_form, read_text

VERSION = "2010-04-01"
"""The version of the core API, in its paths."""
ACCOUNT = re.compile(r"AC[0-9A-Za-z]{32}")
"""An AccountSid."""
WHATSAPP = "whatsapp:"
"""What stands before a number that is addressed over WhatsApp."""

_CODES = {403: "20403", 404: "20404", 429: "20429", 500: "20500", 503: "20503"}
_USER = re.compile(r"(?:AC|SK)[0-9A-Za-z]{32}")  # an account, or an API key of one


class TwilioError(Exception):
    """An error response in Twilio's form.

    Args:
        status: The HTTP status.
        code: Twilio's number of the error.
        message: Its text.
        more: Further fields of the answer.
    """

    def __init__(self, status: int, code: int, message: str, **more: object) -> None:
        super().__init__(message)
        self._status = status
        self._payload = {
            "code": code,
            "message": message,
            "more_info": f"https://www.twilio.com/docs/errors/{code}",
            "status": status,
        } | more

    def response(self) -> Response:
        """The answer to the client."""
        headers = {"WWW-Authenticate": 'Basic realm="Twilio API"'} if self._status == 401 else None
        return json_response(self._payload, self._status, headers)


class TwilioApi(ABC):
    """One of Twilio's APIs: answers requests, and all errors in Twilio's form."""

    SERVICE: ClassVar[str] = "twilio"

    @abstractmethod
    def respond(self, request: Request) -> Response:
        """Answer an authenticated request. Raises `TwilioError`, `Unreadable` and `OtpError`."""

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        try:
            authenticate(request)
            return self.respond(request)
        except TwilioError as error:
            return error.response()
        except Unreadable as unreadable:
            return refusal(unreadable.status, unreadable.message)
        except OtpError as error:
            return refusal(500, f"An internal server error has occurred: {error.message}", "20500")

    def refusal(self, status: int, message: str, code: str | None = None) -> Response:
        """An error in Twilio's form."""
        return refusal(status, message, code)


def refusal(status: int, message: str, code: str | None = None) -> Response:
    """An error in Twilio's form; without a code, with its usual one for the status if there is one."""
    code = code or _CODES.get(status)
    if code is None:
        return json_response({"message": message, "status": status}, status)
    return TwilioError(status, int(code), message).response()


def authenticate(request: Request) -> None:
    """Check the form of the credentials: any account ID of the right form is accepted, with any token."""
    credentials = basic_credentials(request)
    problem = None
    if credentials is None:
        problem = "No credentials provided"
    elif not _USER.fullmatch(credentials[0]):
        problem = "invalid username"
    elif not credentials[1]:
        problem = "No password provided"
    if problem is not None:
        detail = "Your AccountSid or AuthToken was incorrect."
        raise TwilioError(401, 20003, f"Authentication Error - {problem}", detail=detail)


def read_fields(request: Request) -> Fields:
    """The fields of a form; none if the request declares another content type. Raises `Unreadable`."""
    return read_form(read_text(request)) if request.mimetype == FORM else {}


def not_found(request: Request) -> TwilioError:
    """The error for a path or resource that does not exist. Its text has the path without the newer APIs' version."""
    path = re.sub(r"^/v\d+(?=/)", "", request.path)
    return TwilioError(404, 20404, f"The requested resource {path} was not found")


def method_not_allowed() -> TwilioError:
    """The error for a method that the resource does not have."""
    return TwilioError(405, 20004, "Method not allowed")


def signature(url: str, fields: Mapping[str, str], token: str) -> str:
    """The `X-Twilio-Signature` of a request that Twilio makes to an application.

    Args:
        url: Its URL, as the application named it. A fragment, which is not sent, is not signed either.
        fields: The fields of its form.
        token: The auth token that the application authenticated with.
    """
    signed = url.partition("#")[0] + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), "sha1").digest()).decode()


def account_of(request: Request) -> str:
    """The account of an authenticated request whose path does not name it. That of an API key is made of its sid."""
    user = (basic_credentials(request) or ("", ""))[0]
    return "AC" + user[2:]


def iso_time(at: datetime) -> str:
    """A time as the newer APIs write it: `2026-11-29T20:00:00Z`."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def page(url: str, key: str, resources: list[dict[str, object]]) -> dict[str, object]:
    """A list of resources as the newer APIs show it, all on one page."""
    first_page = f"{url}?PageSize=50&Page=0"
    meta = {
        "page": 0,
        "page_size": 50,
        "first_page_url": first_page,
        "previous_page_url": None,
        "url": first_page,
        "next_page_url": None,
        "key": key,
    }
    return {key: resources, "meta": meta}
