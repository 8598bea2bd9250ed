"""MessageBird's SMS API, and the Channels API of Bird, which is its new name.

    POST rest.messagebird.com/messages                                    originator, recipients, body; 201
    POST api.bird.com/workspaces/{workspace}/channels/{channel}/messages  receiver.contacts, body.text.text; 202

Both authenticate with `Authorization: AccessKey …`. MessageBird takes JSON or a form, and recipients as a list or
separated by commas. Sources: https://developers.messagebird.com/api/sms-messaging/, its errors
(https://developers.messagebird.com/api/#errors), what the official SDKs read (`messagebird.message`; npm
`messagebird`), and https://docs.bird.com/api/channels-api/api-reference/messaging.
"""

from __future__ import annotations

from typing import Any

from ..described import DescribedService
from ..description import ServiceDescription, ServiceError, ServiceRequest


def _message(source: str) -> ServiceRequest:
    """The request with its body in JSON or as a form."""
    answer: dict[str, Any] = {
        "id": "{hex}",
        "href": "https://rest.messagebird.com/messages/{hex}",
        "direction": "mt",
        "type": "sms",
        "originator": "{sender}",
        "body": "{text}",
        "reference": f"{{{source}:reference}}",
        "validity": None,
        "gateway": 10,
        "typeDetails": {},
        "datacoding": "plain",
        "mclass": 1,
        "scheduledDatetime": None,
        "createdDatetime": "{now}",
        "recipients": {
            "totalCount": "{count}",
            "totalSentCount": "{count}",
            "totalDeliveredCount": 0,
            "totalDeliveryFailedCount": 0,
            "items": "{items}",
        },
    }
    return ServiceRequest(
        path="/messages",
        to=f"{source}:recipients",
        separator=",",
        text=f"{source}:body",
        sender=f"{source}:originator",
        required=(f"{source}:originator",),
        status=201,
        answer=answer,
        item={
            "recipient": "{to|int}",
            "status": "sent",
            "statusDatetime": "{now}",
            "messagePartCount": "{text_parts}",
        },
    )


MESSAGEBIRD = ServiceDescription(
    name="messagebird",
    hosts=("rest.messagebird.com",),
    authentication=("authorization:AccessKey", "query:access_key"),
    requests=(_message("json"), _message("form")),
    error={"errors": [{"code": "{code}", "description": "{message}", "parameter": "{field}"}]},
    errors={
        "unauthorized": ServiceError(401, "Request not allowed (incorrect access_key)", 2),
        "not_found": ServiceError(404, "API not found", 98),
        "method_not_allowed": ServiceError(405, "Bad request: the method is not allowed", 21),
        "unreadable": ServiceError(422, "Bad request: {reason}", 21),
        "missing": ServiceError(422, "{field} is required", 9),
        "missing_to": ServiceError(422, "no (correct) recipients found", 9),
        "invalid": ServiceError(422, "{field} is invalid", 10),
        "invalid_to": ServiceError(422, "no (correct) recipients found", 9),
        "refused": ServiceError(422, "Bad request: {reason}", 21),
        "rate_limited": ServiceError(429, "Too many requests", 22),
        "server_error": ServiceError(500, "Internal error", 99),
    },
)

BIRD = ServiceDescription(
    name="bird",
    hosts=("api.bird.com",),
    authentication=("authorization:AccessKey", "bearer"),
    requests=(
        ServiceRequest(
            path="/workspaces/{workspace}/channels/{channel}/messages",
            to="json:receiver.contacts[].identifierValue",
            text="json:body.text.text",
            sender="json:sender.connector.identifierValue",
            status=202,
            answer={
                "id": "{id}",
                "channelId": "{path:channel}",
                "sender": "{json:sender}",
                "receiver": {"contacts": "{items}"},
                "body": "{json:body}",
                "reference": "{json:reference}",
                "parts": [],
                "status": "accepted",
                "reason": "",
                "direction": "outgoing",
                "lastStatusAt": "{now}",
                "createdAt": "{now}",
                "updatedAt": "{now}",
            },
            item={"id": "{id}", "identifierKey": "phonenumber", "identifierValue": "{to}"},
        ),
    ),
    error={"code": "{code}", "message": "{message}", "details": {}},
    errors={
        "unauthorized": ServiceError(401, "the request is not authenticated", "Unauthenticated"),
        "not_found": ServiceError(404, "the resource was not found", "NotFound"),
        "method_not_allowed": ServiceError(405, "the method is not allowed", "MethodNotAllowed"),
        "unreadable": ServiceError(400, "{reason}", "InvalidPayload"),
        "missing": ServiceError(422, "{field} is required", "InvalidPayload"),
        "invalid": ServiceError(422, "{field} is invalid", "InvalidPayload"),
        "invalid_to": ServiceError(422, "{value} is not a valid phone number", "InvalidPayload"),
        "refused": ServiceError(422, "{reason}", "InvalidPayload"),
        "rate_limited": ServiceError(429, "too many requests", "TooManyRequests"),
        "server_error": ServiceError(500, "internal server error", "InternalServerError"),
    },
)


class MessageBird(DescribedService, description=MESSAGEBIRD):
    """MessageBird's API."""


class Bird(DescribedService, description=BIRD):
    """Bird's API."""
