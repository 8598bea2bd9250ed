"""Vonage's two ways to send an SMS: the SMS API and the Messages API.

    POST /sms/json      api_key and api_secret (or Basic, or a signature), to, from, text; always answered with 200
    POST /v1/messages   JSON, Basic or a JWT as Bearer, {"message_type": "text", "channel": "sms", to, from, text}; 202
                        also "channel": "whatsapp", and its templates

Sources: https://developer.vonage.com/en/api/sms, its errors
(https://developer.vonage.com/en/messaging/sms/guides/troubleshooting-sms),
https://developer.vonage.com/en/api/messages-olympus and https://developer.vonage.com/en/api-errors/messages. What they
leave open is as the official Python SDK reads it (`vonage_sms.sms`, `vonage_messages.messages`, `vonage_http_client`).
The pages give the SMS API's numbers but few of its texts; the others are modelled on those.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from functools import partial
from typing import ClassVar

from werkzeug.wrappers import Request, Response

from ...errors import OtpError
from ..failures import Documented, SendingFailed
from ..http import (
    Unreadable,
    basic_credentials,
    is_writable,
    json_response,
    read_object,
    read_text,
)
from ..message import Backend, Channel, OutgoingSms, parts
from .vonage_common import is_authorized, is_number, is_sender, problem, read_fields, recipient, refusal, unauthorized
from .vonage_failures import FAILURES, in_messages
from .vonage_receipts import Statuses, post_receipts, watched
from .vonage_whatsapp import TEMPLATES, template_text

SMS_PATH = "/sms/json"
MESSAGES_PATH = "/v1/messages"
LONGEST = 3200
"""Characters of a text."""

_CHANNELS: Mapping[str, Channel] = {"sms": "sms", "whatsapp": "whatsapp"}


class Vonage:
    """Vonage's two APIs."""

    SERVICE: ClassVar[str] = "vonage"
    PATHS: ClassVar[tuple[str, ...]] = (f"POST {SMS_PATH}", f"POST {MESSAGES_PATH}")
    FAILURES: ClassVar[Documented] = FAILURES

    def __init__(self, backend: Backend) -> None:
        self._apis: dict[str, Callable[[Request], Response]] = {
            SMS_PATH: _SmsApi(backend).answer,
            MESSAGES_PATH: _MessagesApi(backend).answer,
        }

    def matches(self, request: Request) -> bool:
        """Whether the path is one of the two."""
        return request.path in self._apis

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        if request.path not in self._apis:
            return problem(404, "#not-found", "Not found", "The requested resource was not found")
        if request.method != "POST":
            detail = f"{request.method} is not allowed; use POST"
            return problem(405, "#method-not-allowed", "Method not allowed", detail, {"Allow": "POST"})
        return self._apis[request.path](request)

    def refusal(self, status: int, message: str, code: str | None = None) -> Response:
        """An error in Vonage's form; one of `FAILURES` has the Messages API's number and title."""
        if code is not None and code in FAILURES:
            return problem(status, f"/messages#{in_messages(code)}", message, message)
        return refusal(status, message, code)


class _SmsApi:
    """Always answers 200; the result is in `status`."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def answer(self, request: Request) -> Response:
        try:
            fields = read_fields(request, lambda name: _SmsError(3, f"Invalid {name} param"))
            _check_sms_credentials(request, fields)
            message = _sms_message(fields)
            count = parts(message.text, unicode=fields.get("type") == "unicode")
            sent = [_sms_part(message, fields) for _ in range(count)]
            self._backend.send(watched(message, partial(post_receipts, self._backend.callbacks, fields, sent)))
        except _SmsError as error:
            return _sms_answer([{"status": str(error.status), "error-text": error.text}])
        except Unreadable as refusal:
            return json_response({"error": refusal.message}, refusal.status)
        except SendingFailed as failed:
            if not failed.status:
                raise
            return _sms_answer([{"status": failed.code or "5", "error-text": failed.message}])
        except OtpError as error:
            return _sms_answer([{"status": "5", "error-text": f"Internal Error: {error.message}"}])
        return _sms_answer(sent)


class _SmsError(Exception):
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def _check_sms_credentials(request: Request, fields: Mapping[str, str]) -> None:
    # Only the form is checked: any key is accepted, with any secret.
    if "Authorization" in request.headers:
        if not all(basic_credentials(request) or ("", "")):
            raise _SmsError(4, "Bad Credentials")
        return
    if not fields.get("api_key"):
        raise _SmsError(2, "Missing api_key param")
    if fields.get("api_secret") and fields.get("sig"):
        raise _SmsError(32, "Signature And API Secret Disallowed")
    if not fields.get("api_secret") and not fields.get("sig"):
        raise _SmsError(2, "Missing api_secret param")


def _sms_message(fields: Mapping[str, str]) -> OutgoingSms:
    sender, to, text = (fields.get(name, "").strip() for name in ("from", "to", "text"))
    for name, value in (("from", sender), ("to", to)):
        if not value:
            raise _SmsError(2, f"Missing {name} param")
    if fields.get("type", "text") not in ("text", "unicode"):
        # A binary message, or one of the old types, has no text to wait for.
        raise _SmsError(3, "Invalid type param")
    if not text:
        raise _SmsError(2, "Missing text param")
    if not is_number(to):
        raise _SmsError(3, "Invalid to param")
    number = recipient(to)
    if number is None:
        raise _SmsError(6, "Unroutable message - rejected")
    if not is_sender(sender):
        raise _SmsError(15, "Illegal Sender Address - rejected")
    if len(text) > LONGEST:
        raise _SmsError(12, "Message Too Long")
    return OutgoingSms(number, fields["text"], sender)


def _sms_part(message: OutgoingSms, fields: Mapping[str, str]) -> dict[str, str]:
    echoed = {name: fields[name] for name in ("client-ref", "account-ref") if fields.get(name)}
    return {
        "to": message.to[1:],
        "message-id": str(uuid.uuid4()),
        "status": "0",
        "remaining-balance": "10.00000000",
        "message-price": "0.00000000",
        "network": "00000",
    } | echoed


def _sms_answer(messages: list[dict[str, str]]) -> Response:
    return json_response({"message-count": str(len(messages)), "messages": messages})


class _MessagesApi:
    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def answer(self, request: Request) -> Response:
        if not is_authorized(request):
            return unauthorized()
        try:
            content = read_object(read_text(request))
            message = _messages_message(content)
            message_uuid = str(uuid.uuid4())
            statuses = Statuses(self._backend.callbacks, content, message_uuid)
            self._backend.send(watched(message, statuses.report))
        except _InvalidParams as error:
            return error.response()
        except Unreadable as refusal:
            return problem(refusal.status, "#invalid-json", "Invalid JSON", refusal.message)
        except OtpError as error:
            return problem(500, "/messages#1030", "Internal error", f"There was an error: {error.message}")
        statuses.submitted()
        workflow = {"workflow_id": str(uuid.uuid4())} if content.get("failover") else {}
        return json_response({"message_uuid": message_uuid} | workflow, 202)


class _InvalidParams(Exception):
    """Status 422 with one of the error numbers in Vonage's list."""

    def __init__(self, code: int, title: str, detail: str, name: str) -> None:
        super().__init__(detail)
        self._code, self._title, self._detail, self._name = code, title, detail, name

    def response(self) -> Response:
        invalid = [{"name": self._name, "reason": self._detail}]
        return problem(422, f"/messages#{self._code}", self._title, self._detail, invalid_parameters=invalid)


def _messages_message(content: dict[str, object]) -> OutgoingSms:
    channel, kind, to, sender = (_text_field(content, name) for name in ("channel", "message_type", "to", "from"))
    over = _CHANNELS.get(channel)
    if over is None or kind not in ("text", *(TEMPLATES if over == "whatsapp" else ())):
        name = "channel" if over is None else "message_type"
        detail = (
            "The value of one or more parameters is invalid: only text messages over sms, and text messages and "
            "templates over whatsapp, are supported here."
        )
        raise _InvalidParams(1020, "Invalid params", detail, name)
    text = template_text(content, kind) if kind in TEMPLATES else _text_field(content, "text")
    if text is None:
        detail = f"The value of one or more parameters is invalid: `{kind}` must name a template."
        raise _InvalidParams(1020, "Invalid params", detail, kind)
    number = recipient(to)
    if number is None:
        raise _InvalidParams(1170, "Invalid or Missing Msisdn Param", "The `to` parameter is not a phone number.", "to")
    if not is_sender(sender):
        detail = "The `from` parameter is invalid for the given channel."
        raise _InvalidParams(1120, "Invalid sender", detail, "from")
    if len(text) > LONGEST:
        raise _InvalidParams(1090, "Message too long", f"The `text` is longer than {LONGEST} characters.", "text")
    return OutgoingSms(number, text, sender, over)


def _text_field(content: dict[str, object], name: str) -> str:
    value = content.get(name)
    if value is None or (isinstance(value, str) and not value.strip()):
        detail = f"Your request is incomplete and missing the mandatory parameter `{name}`."
        raise _InvalidParams(1010, "Missing params", detail, name)
    if not isinstance(value, str) or not is_writable(value):
        detail = f"The value of one or more parameters is invalid: `{name}` must be a string."
        raise _InvalidParams(1020, "Invalid params", detail, name)
    return value
