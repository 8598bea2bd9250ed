"""Twilio Lookup v2 and v1: whether a number is valid, how it is written, and what kind of line it is.

    GET /v2/PhoneNumbers/{number}   Fields (line_type_intelligence, sim_swap, …), CountryCode
    GET /v1/PhoneNumbers/{number}   Type (carrier, caller-name), CountryCode

Sources: https://www.twilio.com/docs/lookup/v2-api with its pages of data packages,
https://www.twilio.com/docs/lookup/v1-api, and the official Python SDK (`twilio.rest.lookups`). Everything comes from
the numbering plans; what only networks know is answered as for a number without a history: no swap, no forwarding, no
risk, no name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import unquote

from werkzeug.wrappers import Request, Response

from ...phone import dial_code, e164, printed, read, region_of, why_not
from ..failures import Documented
from ..http import json_response
from ..message import Backend
from .lines import carrier, line_type
from .twilio_common import TwilioError, answered, method_not_allowed, not_found, refusal

_PATH = re.compile(r"/(?P<version>v[12])/PhoneNumbers/(?P<number>[^/]+)")
_URL = "https://lookups.twilio.com"
_NO_NETWORK: dict[str, object] = {
    "mobile_country_code": None,
    "mobile_network_code": None,
    "carrier_name": None,
    "error_code": None,
}
_UNKNOWN_CALLER: dict[str, object] = {"caller_name": None, "caller_type": None, "error_code": None}
_PACKAGES: Mapping[str, dict[str, object]] = {
    "caller_name": _UNKNOWN_CALLER,
    "sim_swap": _NO_NETWORK
    | {"last_sim_swap": {"last_sim_swap_date": None, "swapped_period": None, "swapped_in_period": False}},
    "call_forwarding": _NO_NETWORK | {"call_forwarding_enabled": False},
    "line_type_intelligence": _NO_NETWORK,
    "line_status": {"status": "active", "error_code": None},
    "identity_match": {"summary_score": None, "error_code": None, "error_message": None},
    "reassigned_number": {"last_verified_date": None, "is_number_reassigned": "no", "error_code": None},
    "sms_pumping_risk": {
        "carrier_risk_category": "low",
        "number_blocked": False,
        "number_blocked_date": None,
        "number_blocked_last_3_months": False,
        "sms_pumping_risk_score": 0,
        "error_code": None,
    },
    "phone_number_quality_score": {"quality_score": None, "error_code": None},
    "pre_fill": {"error_code": None},
}


class TwilioLookup:
    """Twilio Lookup."""

    SERVICE: ClassVar[str] = "twilio"
    PATHS: ClassVar[tuple[str, ...]] = ("GET /v2/PhoneNumbers/<number>", "GET /v1/PhoneNumbers/<number>")
    FAILURES: ClassVar[Documented] = {
        "rate_limited": (429, "20429", "Too Many Requests"),
        "server_error": (500, "20500", "An internal server error has occurred"),
    }

    def __init__(self, backend: Backend) -> None:
        """Nothing is sent by a look-up, so the gateway is not needed."""

    def matches(self, request: Request) -> bool:
        """Whether the path is one of Lookup's."""
        return _PATH.fullmatch(request.path) is not None

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        return answered(_looked_up, request)

    def refusal(self, status: int, message: str, code: str | None = None) -> Response:
        """An error in Twilio's form."""
        return refusal(status, message, code)


def _looked_up(request: Request) -> Response:
    path = _PATH.fullmatch(request.path)
    if path is None:
        raise not_found(request)
    if request.method != "GET":
        raise method_not_allowed()
    written, country = unquote(path["number"]).strip(), request.args.get("CountryCode", "").upper() or None
    if country is not None and region_of(country) is None:
        raise TwilioError(400, 20001, f"Invalid parameter: CountryCode {country}")
    # The country of a number that names none is the USA.
    country = country or "US"
    number = e164(written, country)
    if path["version"] == "v2":
        return json_response(_second_version(request, written, number, why_not(written, country)))
    if number is None:
        raise not_found(request)
    return json_response(_first_version(request, number))


def _second_version(request: Request, written: str, number: str | None, problem: str | None) -> dict[str, object]:
    asked = {field.strip() for field in request.args.get("Fields", "").split(",")} - {"", "validation"}
    if not asked <= _PACKAGES.keys():
        raise TwilioError(400, 60600, f"Invalid field: {', '.join(sorted(asked - _PACKAGES.keys()))}")
    packages: dict[str, object] = {name: value if name in asked else None for name, value in _PACKAGES.items()}
    if number is not None and "line_type_intelligence" in asked:
        packages["line_type_intelligence"] = _NO_NETWORK | {"type": line_type(number)}
    return {
        "calling_country_code": dial_code(read(number)) if number else None,
        **(_plain(number) if number else {"country_code": None, "phone_number": written, "national_format": None}),
        # Fictional numbers, which tests have, are in no numbering plan; so a possible number is valid.
        "valid": number is not None,
        "validation_errors": [problem] if problem else [],
        **packages,
        "url": f"{_URL}/v2/PhoneNumbers/{number or written}",
    }


def _first_version(request: Request, number: str) -> dict[str, object]:
    asked = request.args.getlist("Type")
    return {
        **_plain(number),
        "caller_name": _UNKNOWN_CALLER if "caller-name" in asked else None,
        "carrier": carrier(number) if "carrier" in asked else None,
        "add_ons": None,
        "url": f"{_URL}/v1/PhoneNumbers/{number}",
    }


def _plain(number: str) -> dict[str, object]:
    return {"country_code": read(number).region, "phone_number": number, "national_format": printed(number)}
