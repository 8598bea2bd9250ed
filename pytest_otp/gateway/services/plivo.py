"""Plivo's Message API.

    POST /v1/Account/{auth_id}/Message/   JSON, Basic, {"src": …, "dst": "12015550123<442079460958", "text": …}; 202

Sources: https://www.plivo.com/docs/messaging/api/message/send-a-message, https://docs.plivo.com/docs/messaging/api/response
(the shape and the statuses of errors; Plivo gives them no code), and what the official SDKs read
(`plivo.rest.client`, `plivo.resources.messages`).
"""

from __future__ import annotations

from ..described import DescribedService
from ..description import ServiceDescription, ServiceError, ServiceRequest

DESCRIPTION = ServiceDescription(
    name="plivo",
    hosts=("api.plivo.com",),
    authentication=("basic",),
    requests=(
        ServiceRequest(
            path="/v1/Account/{auth_id}/Message/",
            to="json:dst",
            separator="<",
            text="json:text",
            sender="json:src",
            status=202,
            answer={"api_id": "{request_id}", "message": "message(s) queued", "message_uuid": "{items}"},
            item="{id}",
        ),
    ),
    error={"api_id": "{id}", "error": "{message}"},
    errors={
        "unauthorized": ServiceError(401, "authentication failed: invalid Auth ID or Auth Token"),
        "not_found": ServiceError(404, "not found"),
        "method_not_allowed": ServiceError(405, "method not allowed"),
        "unreadable": ServiceError(400, "invalid request: {reason}"),
        "missing": ServiceError(400, "{field} parameter not present"),
        "invalid": ServiceError(400, "{field} parameter is invalid"),
        "invalid_to": ServiceError(400, "dst parameter is invalid: {value} is not a phone number"),
        "refused": ServiceError(400, "{reason}"),
        "blocked": ServiceError(403, "destination country barred"),
        "rate_limited": ServiceError(429, "rate limit exceeded: too many requests"),
        "server_error": ServiceError(500, "server error"),
    },
)


class Plivo(DescribedService, description=DESCRIPTION):
    """Plivo's API."""
