"""Sinch's SMS API.

    POST {region}.sms.api.sinch.com/xms/v1/{plan}/batches   JSON, a Bearer token, {"to": [], "from": …, "body": …}; 201
    POST auth.sinch.com/oauth2/token                        Basic; a token for clients that have a project and a key

Sources: https://developers.sinch.com/docs/sms/api-reference/sms/tag/Batches/, its statuses and codes
(https://developers.sinch.com/docs/sms/api-reference/status-codes), and what the official SDKs send and read
(`sinch.domains.sms`, `sinch.core.token_manager`; npm `@sinch/sms`). Placeholders in a batch's body are not filled in.
"""

from __future__ import annotations

from ..described import DescribedService
from ..description import ServiceDescription, ServiceError, ServiceRequest

DESCRIPTION = ServiceDescription(
    name="sinch",
    hosts=("sms.api.sinch.com", "*.sms.api.sinch.com", "auth.sinch.com"),
    authentication=("bearer",),
    requests=(
        ServiceRequest(
            path="/xms/v1/{plan}/batches",
            to="json:to",
            text="json:body",
            sender="json:from",
            status=201,
            answer={
                "id": "{request_hex}",
                "to": "{items}",
                "from": "{sender}",
                "canceled": False,
                "body": "{text}",
                "type": "mt_text",
                "created_at": "{now}",
                "modified_at": "{now}",
                "delivery_report": "none",
                "flash_message": False,
            },
            item="{to|digits}",
        ),
        ServiceRequest(
            path="/oauth2/token",
            authentication=("basic",),
            required=("form:grant_type",),
            answer={"access_token": "{hex}", "expires_in": 3599, "scope": "", "token_type": "bearer"},
        ),
    ),
    error={"code": "{code}", "text": "{message}"},
    errors={
        "unauthorized": ServiceError(401, "Unauthorized", "unauthorized"),
        "not_found": ServiceError(404, "Not Found", "resource_not_found"),
        "method_not_allowed": ServiceError(405, "Method Not Allowed", "method_not_allowed"),
        "unreadable": ServiceError(400, "{reason}", "syntax_invalid_json"),
        "missing": ServiceError(400, "Missing required field '{field}'", "syntax_constraint_violation"),
        "invalid": ServiceError(400, "The format of '{field}' is invalid", "syntax_invalid_parameter_format"),
        "invalid_to": ServiceError(400, "'{value}' is not a valid msisdn", "syntax_invalid_parameter_format"),
        "refused": ServiceError(400, "{reason}", "syntax_constraint_violation"),
        "unreachable": ServiceError(403, "Illegal phone number type for the region", "illegal_number_type"),
        "blocked": ServiceError(403, "The account is blocked", "blocked_account"),
        "rate_limited": ServiceError(429, "Too Many Requests", "too_many_requests"),
        "server_error": ServiceError(500, "Internal Server Error", "internal_error"),
    },
)


class Sinch(DescribedService, description=DESCRIPTION):
    """Sinch's API."""
