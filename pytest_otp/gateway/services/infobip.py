"""Infobip's SMS API, in its two present versions.

    POST /sms/3/messages         {"messages": [{"destinations": [{"to": …}], "sender": …, "content": {"text": …}}]}; 200
    POST /sms/2/text/advanced    {"messages": [{"destinations": [{"to": …}], "from": …, "text": …}]}; 200

JSON, with `Authorization: App …`, Basic, `IBSSO …` or Bearer. An invalid number is no error: its message has the
status REJECTED. Sources: https://www.infobip.com/docs/api/channels/sms, the table of statuses
(https://www.infobip.com/docs/essentials/api-essentials/response-status-and-error-codes), and what the official SDKs
send and read (`infobip_api_client.models.sms_response`, `api_error`; npm `@infobip-api/sdk`).
"""

from __future__ import annotations

from ..described import DescribedService
from ..description import ServiceDescription, ServiceError, ServiceRequest

_ACCEPTED = {
    "groupId": 1,
    "groupName": "PENDING",
    "id": 26,
    "name": "PENDING_ACCEPTED",
    "description": "Message sent to next instance",
}
_REJECTED = {
    "groupId": 5,
    "groupName": "REJECTED",
    "id": 52,
    "name": "REJECTED_DESTINATION",
    "description": "Invalid destination address.",
}


_OLDER_ERRORS = {
    "unauthorized": ServiceError(401, "Invalid login details", "UNAUTHORIZED"),
    "missing": ServiceError(400, "Bad Request: {field} must not be null", "BAD_REQUEST"),
    "invalid": ServiceError(400, "Bad Request: {field} is not valid", "BAD_REQUEST"),
    "unreadable": ServiceError(400, "Bad Request: {reason}", "BAD_REQUEST"),
    "refused": ServiceError(400, "Bad Request: {reason}", "BAD_REQUEST"),
}

DESCRIPTION = ServiceDescription(
    name="infobip",
    hosts=("api.infobip.com", "*.api.infobip.com"),
    authentication=("authorization:App", "authorization:IBSSO", "basic", "bearer"),
    requests=(
        ServiceRequest(
            path="/sms/3/messages",
            to="json:messages[].destinations[].to",
            text="json:messages[].content.text",
            sender="json:messages[].sender",
            answer={"bulkId": "{request_id}", "messages": "{items}"},
            item={
                "messageId": "{id}",
                "status": _ACCEPTED,
                "destination": "{to|digits}",
                "details": {"messageCount": "{text_parts}"},
            },
            rejected_item={"messageId": "{id}", "status": _REJECTED, "destination": "{value}"},
        ),
        ServiceRequest(
            path="/sms/2/text/advanced",
            to="json:messages[].destinations[].to",
            text="json:messages[].text",
            sender="json:messages[].from",
            answer={"bulkId": "{request_id}", "messages": "{items}"},
            item={"to": "{to|digits}", "status": _ACCEPTED, "messageId": "{id}"},
            rejected_item={"to": "{value}", "status": _REJECTED, "messageId": "{id}"},
            error={"requestError": {"serviceException": {"messageId": "{code}", "text": "{message}"}}},
            errors=_OLDER_ERRORS,
        ),
    ),
    error={
        "errorCode": "{code}",
        "description": "{message}",
        "action": "Check the request, and see https://www.infobip.com/docs/api.",
        "violations": [],
        "resources": [],
    },
    errors={
        "unauthorized": ServiceError(401, "The request lacks valid authentication credentials.", "E401"),
        "not_found": ServiceError(404, "The requested resource was not found.", "E404"),
        "method_not_allowed": ServiceError(405, "The method is not supported.", "E405"),
        "unreadable": ServiceError(400, "Request cannot be processed: {reason}.", "E400"),
        "missing": ServiceError(400, "Request cannot be processed: {field} must not be null.", "E400"),
        "invalid": ServiceError(400, "Request cannot be processed: {field} is not valid.", "E400"),
        "refused": ServiceError(400, "Request cannot be processed: {reason}", "E400"),
        "blocked": ServiceError(403, "The request is not permitted.", "E403"),
        "rate_limited": ServiceError(429, "Too many requests.", "E429"),
        "server_error": ServiceError(500, "Internal server error.", "E500"),
    },
)


class Infobip(DescribedService, description=DESCRIPTION):
    """Infobip's API."""
