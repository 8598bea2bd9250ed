"""Errors in the form of SMS services that the gateway knows and does not serve.

The gateway answers for their hosts, so that the reason stands in the application's own error. Where a class serves a
service, its `refusal` is used instead.

Sources: the services' SDKs as to where they look for the message (`telnyx._base_client`, `messagebird.client`,
`plivo.rest.client`, `botocore.parsers`, `azure.core.exceptions`), and the services' API references.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from posixpath import commonprefix

from werkzeug.wrappers import Response

from ..display import ID, NAME, shown
from ..errors import listed
from .hosts import SmsHosts
from .http import json_response
from .report import GUIDE
from .services import twilio_common, vonage_common

_MOST_PATHS = 8

_Form = Callable[[int, str], object]
"""The body of an error, of a status and a message."""


def refusal(row: SmsHosts, status: int, message: str) -> Response:
    """An error of a service of the table, in its own form; in one that most clients can read if it is not known."""
    family = row.service.partition("_")[0]
    if family in ("twilio", "signalwire"):
        return twilio_common.refusal(status, message)
    if family == "vonage":
        return vonage_common.refusal(status, message)
    if family == "aws":
        return _aws(status, message)
    return json_response(_FORMS.get(family, _common)(status, message), status)


def host_refused(host: str, rows: Iterable[SmsHosts]) -> str:
    """The sentence for a host of an SMS service that is not served."""
    names, shown_host = " or ".join(dict.fromkeys(row.name for row in rows)), shown(host, NAME)
    return (
        f"pytest-otp: {shown_host} is blocked, because the gateway does not serve {names}. What it serves is in "
        f'{GUIDE}. To send real SMS, use otp_gateway.allow_hosts("{shown_host}", real_sms=True)'
    )


def path_refused(method: str, path: str, host: str, served: Sequence[str]) -> str:
    """The sentence for a path that is not served, at a host where other paths are: the likest ones first."""
    near = sorted(served, key=lambda each: -len(commonprefix([each.partition(" ")[2], path])))
    return (
        f"pytest-otp: the gateway does not serve {shown(method, ID)} {shown(path)}. At {shown(host, NAME)} it serves "
        f"{listed(near, _MOST_PATHS)}. See {GUIDE}"
    )


def _aws(status: int, message: str) -> Response:
    # The JSON protocol reads the body, the REST-JSON protocol the header too.
    kind = "ThrottlingException" if status == HTTPStatus.TOO_MANY_REQUESTS else "AccessDeniedException"
    body = {"__type": kind, "message": message, "Message": message}
    return json_response(body, status, {"x-amzn-ErrorType": kind, "x-amzn-RequestId": str(uuid.uuid4())})


def _name(status: int) -> str:
    return HTTPStatus(status).name


def _common(status: int, message: str) -> object:
    return {"status": status, "code": _name(status), "error": message, "message": message}


def _errors(status: int, message: str) -> object:
    return {"errors": [{"code": str(status), "title": HTTPStatus(status).phrase, "detail": message}]}


def _described(status: int, message: str) -> object:
    return {"errors": [{"code": status, "description": message, "parameter": None}]}


def _sinch(status: int, message: str) -> object:
    texts = {"text": message, "message": message, "error_description": message}  # of SMS, Verification, and tokens
    return {"code": _name(status).lower(), "errorCode": status, "error": _name(status).lower()} | texts


_FORMS: dict[str, _Form] = {
    "telnyx": _errors,
    "plivo": lambda status, message: {"api_id": str(uuid.uuid4()), "error": message},
    "messagebird": _described,
    "esendex": _described,
    "telesign": _described,
    "sinch": _sinch,
    "infobip": lambda status, message: {
        "requestError": {"serviceException": {"messageId": _name(status), "text": message}}
    },
    "azure": lambda status, message: {"error": {"code": HTTPStatus(status).phrase, "message": message}},
    "bandwidth": lambda status, message: {"type": _name(status).lower(), "description": message},
    "clicksend": lambda status, message: {
        "http_code": status,
        "response_code": _name(status),
        "response_msg": message,
        "data": None,
    },
    "clickatell": lambda status, message: {
        "errorCode": status,
        "error": message,
        "errorDescription": message,
        "messages": [],
    },
    "mailjet": lambda status, message: {
        "ErrorIdentifier": str(uuid.uuid4()),
        "ErrorCode": f"mj-{status}",
        "StatusCode": status,
        "ErrorMessage": message,
    },
    "msg91": lambda status, message: {"type": "error", "message": message},
    "smsapi": lambda status, message: {"error": status, "message": message},
    "textlocal": lambda status, message: {"status": "failure", "errors": [{"code": status, "message": message}]},
    "gupshup": lambda status, message: {"status": "error", "message": message},
    "aliyun": lambda status, message: {
        "Code": HTTPStatus(status).phrase,
        "Message": message,
        "RequestId": str(uuid.uuid4()),
        "HostId": "",
    },
    "tencent": lambda status, message: {
        "Response": {"Error": {"Code": "UnauthorizedOperation", "Message": message}, "RequestId": str(uuid.uuid4())}
    },
}
