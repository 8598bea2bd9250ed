"""What Vonage documents of failures, in the numbers of its SMS API and in those of its Messages API.

Sources: https://developer.vonage.com/en/api-errors/sms (the status of an answer), the error codes of delivery receipts
(https://developer.vonage.com/en/messaging/sms/guides/delivery-receipts), written `err-code 2` here, and
https://developer.vonage.com/en/api-errors/messages.
"""

from __future__ import annotations

from ..failures import Documented

# The SMS API always answers with 200; the status here is that of the Messages API.
_OF_SMS: Documented = {
    "1": (429, "1", "Throttled"),
    "4": (401, "4", "Bad Credentials"),
    "5": (500, "5", "Internal Error"),
    "6": (422, "6", "Unroutable message - rejected"),
    "7": (422, "7", "Number barred"),
    "8": (403, "8", "Partner account barred"),
    "9": (402, "9", "Partner quota violation"),
    "err-code 1": (202, "err-code 1", "Unknown"),
    "err-code 2": (202, "err-code 2", "Absent Subscriber Temporary"),
    "err-code 3": (202, "err-code 3", "Absent Subscriber Permanent"),
    "err-code 6": (202, "err-code 6", "Anti-Spam Rejection"),
    "err-code 7": (202, "err-code 7", "Handset Busy"),
    "err-code 8": (202, "err-code 8", "Network Error"),
    "err-code 9": (202, "err-code 9", "Illegal Number"),
    "err-code 11": (202, "err-code 11", "Unroutable"),
    "err-code 12": (202, "err-code 12", "Destination unreachable"),
    "err-code 14": (202, "err-code 14", "Number Blocked by Carrier"),
}
_OF_MESSAGES = {
    "1": "1000",
    "5": "1030",
    "6": "1040",
    "7": "1050",
    "8": "1060",
    "9": "1070",
    "err-code 1": "1330",
    "err-code 2": "1180",
    "err-code 3": "1190",
    "err-code 6": "1210",
    "err-code 7": "1220",
    "err-code 8": "1230",
    "err-code 9": "1240",
    "err-code 11": "1250",
    "err-code 12": "1260",
    "err-code 14": "1280",
}
_KINDS = {
    "unsubscribed": "err-code 9",
    "unreachable": "err-code 2",
    "blocked": "err-code 6",
    "rate_limited": "1",
    "server_error": "5",
    "undelivered": "err-code 1",
}
_TEMPORARY = ("err-code 2", "err-code 3", "err-code 7", "err-code 8")

FAILURES: Documented = {
    **{kind: _OF_SMS[code] for kind, code in _KINDS.items()},
    **_OF_SMS,
    **{number: _OF_SMS[code] for code, number in _OF_MESSAGES.items()},
}
"""By kind, by the SMS API's number, and by that of the Messages API. The codes are the SMS API's."""

NOT_HELD = "err-code 1"
"""The code for a number that nobody has."""


def in_messages(code: str) -> str:
    """The Messages API's number of an error, from the SMS API's."""
    return _OF_MESSAGES.get(code, "1330")


def receipt_status(code: str) -> str:
    """The status in the SMS API's receipt for an error."""
    return "failed" if code in _TEMPORARY else "rejected"
