"""What can be known of a number's line without asking anybody: its type. Names are those of Twilio Lookup."""

from __future__ import annotations

import phonenumbers
from phonenumbers import PhoneNumberType

_TYPES = {
    PhoneNumberType.FIXED_LINE: "landline",
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "mobile",  # the number does not tell, as in the USA
    PhoneNumberType.TOLL_FREE: "tollFree",
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.SHARED_COST: "sharedCost",
    PhoneNumberType.VOIP: "nonFixedVoip",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "uan",
    PhoneNumberType.VOICEMAIL: "voicemail",
}


def line_type(number: str) -> str:
    """The type of a valid number's line, such as `mobile`; `mobile` too if the numbering plan does not say.

    Fictional numbers are in no numbering plan, and a number that a test holds receives SMS.
    """
    return _TYPES.get(phonenumbers.number_type(phonenumbers.parse(number)), "mobile")


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
