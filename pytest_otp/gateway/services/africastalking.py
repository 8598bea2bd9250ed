"""Africa's Talking's SMS API.

    POST /version1/messaging        a form, header apiKey: username, to (separated by commas), message, from; 201
    POST /version1/messaging/bulk   JSON, header apiKey: username, phoneNumbers, message, senderId; 201

An invalid number is no error: its recipient has the status InvalidPhoneNumber. Errors are plain text. Sources:
https://developers.africastalking.com/docs/sms/sending/bulk, the codes of recipients
(https://developers.africastalking.com/docs/sms/sending/bulk#responses), and what the official SDKs send and read
(`africastalking.SMS`, `africastalking.Service`; npm `africastalking`).
"""

from __future__ import annotations

from ..described import DescribedService
from ..description import ServiceDescription, ServiceError, ServiceRequest


def _request(path: str, to: str, text: str, sender: str, username: str, separator: str | None) -> ServiceRequest:
    return ServiceRequest(
        path=path,
        to=to,
        separator=separator,
        text=text,
        sender=sender,
        required=(username,),
        status=201,
        answer={
            "SMSMessageData": {"Message": "Sent to {count}/{total} Total Cost: KES 0.8000", "Recipients": "{items}"}
        },
        item={
            "statusCode": 101,
            "number": "{to}",
            "cost": "KES 0.8000",
            "status": "Success",
            "messageId": "ATXid_{hex}",
            "messageParts": "{text_parts}",
        },
        rejected_item={
            "statusCode": 403,
            "number": "{value}",
            "cost": "0",
            "status": "InvalidPhoneNumber",
            "messageId": "None",
        },
    )


DESCRIPTION = ServiceDescription(
    name="africastalking",
    hosts=("api.africastalking.com", "api.sandbox.africastalking.com", "content.africastalking.com"),
    authentication=("header:apiKey",),
    requests=(
        _request("/version1/messaging", "form:to", "form:message", "form:from", "form:username", ","),
        _request(
            "/version1/messaging/bulk", "json:phoneNumbers", "json:message", "json:senderId", "json:username", None
        ),
    ),
    error="{message}",
    errors={
        "unauthorized": ServiceError(401, "The supplied authentication is invalid"),
        "not_found": ServiceError(404, "The requested resource could not be found."),
        "method_not_allowed": ServiceError(405, "HTTP method not allowed, supported methods: POST"),
        "unreadable": ServiceError(400, "The request content was malformed: {reason}"),
        "missing": ServiceError(400, "Request is missing required form field '{field}'"),
        "invalid": ServiceError(400, "The form field '{field}' was malformed"),
        "refused": ServiceError(400, "The request was rejected: {reason}"),
        "server_error": ServiceError(500, "There was an internal server error."),
    },
)


class AfricasTalking(DescribedService, description=DESCRIPTION):
    """Africa's Talking's API."""
