"""What can be known of a number's line without asking anybody: its type. Names are those of Twilio Lookup."""

from __future__ import annotations

from ... import phone

_TYPES = {
    "FIXED_LINE": "landline",
    "TOLL_FREE": "tollFree",
    "PREMIUM_RATE": "premium",
    "SHARED_COST": "sharedCost",
    "VOIP": "nonFixedVoip",
    "PERSONAL_NUMBER": "personal",
    "PAGER": "pager",
    "UAN": "uan",
    "VOICEMAIL": "voicemail",
}


def line_type(number: str) -> str:
    """The type of a number's line, such as `landline`; `mobile` too if the numbering plan does not say.

    Fictional numbers are in no numbering plan, and a number that a test holds receives SMS.
    """
    return _TYPES.get(phone.line_type(number), "mobile")


def carrier(number: str) -> dict[str, object]:
    """The network of a number in the form that Verify and Lookup v1 have for it. No network is known."""
    kind = line_type(number)
    return {
        "mobile_country_code": None,
        "mobile_network_code": None,
        "name": None,
        "type": kind if kind in ("landline", "mobile") else "voip",
        "error_code": None,
    }
