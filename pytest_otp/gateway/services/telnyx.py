"""Telnyx's Messages API.

    POST /v2/messages   JSON, a Bearer key, {"to": "+12015550123", "from": …, "text": …}; 200

Sources: https://developers.telnyx.com/api-reference/messages/send-a-message, the numbers of errors
(https://developers.telnyx.com/development/api-fundamentals/api-errors and
https://developers.telnyx.com/docs/messaging/messages/error-codes), and what the official SDKs read
(`telnyx.types.outbound_message_payload`). Of the errors of a carrier, which Telnyx reports in a webhook as well, the
words are those of its tables.
"""

from __future__ import annotations

from typing import Any

from ..described import DescribedService
from ..description import ServiceDescription, ServiceError, ServiceRequest

_MESSAGE: dict[str, Any] = {
    "record_type": "message",
    "direction": "outbound",
    "id": "{id}",
    "type": "SMS",
    "messaging_profile_id": "{json:messaging_profile_id}",
    "from": {"phone_number": "{sender}", "carrier": "", "line_type": ""},
    "to": "{items}",
    "text": "{text}",
    "media": [],
    "webhook_url": "{json:webhook_url}",
    "encoding": None,
    "parts": "{text_parts}",
    "tags": [],
    "cost": None,
    "received_at": "{now}",
    "sent_at": None,
    "completed_at": None,
    "valid_until": None,
    "errors": [],
}

DESCRIPTION = ServiceDescription(
    name="telnyx",
    hosts=("api.telnyx.com",),
    authentication=("bearer",),
    requests=(
        ServiceRequest(
            path="/v2/messages",
            to="json:to",
            text="json:text",
            sender="json:from",
            answer={"data": _MESSAGE},
            item={"phone_number": "{to}", "status": "queued", "carrier": "", "line_type": ""},
        ),
    ),
    error={
        "errors": [
            {
                "code": "{code}",
                "title": "{message}",
                "detail": "{message}",
                "source": {"pointer": "/{field}"},
                "meta": {"url": "https://developers.telnyx.com/docs/overview/errors/{code}"},
            }
        ]
    },
    errors={
        "unauthorized": ServiceError(401, "Authentication failed", "10009"),
        "not_found": ServiceError(404, "Resource not found", "10005"),
        "method_not_allowed": ServiceError(405, "Bad Request: the method is not allowed", "10015"),
        "unreadable": ServiceError(400, "Bad Request: {reason}", "10015"),
        "missing": ServiceError(422, "Missing required parameter: {field}", "10004"),
        "invalid": ServiceError(422, "Invalid parameter: {field}", "10015"),
        "invalid_to": ServiceError(400, "Invalid 'to' address: {value} is not an E.164 phone number", "40310"),
        "refused": ServiceError(400, "Bad Request: {reason}", "10015"),
        "unsubscribed": ServiceError(400, "Blocked due to STOP message", "40300"),
        "unreachable": ServiceError(400, "Not routable", "40001"),
        "blocked": ServiceError(400, "Blocked as spam - temporary", "40002"),
        "rate_limited": ServiceError(429, "Too many requests", "10011"),
        "server_error": ServiceError(500, "Unexpected error", "10007"),
    },
)


class Telnyx(DescribedService, description=DESCRIPTION):
    """Telnyx's API."""
