"""The host names of the SMS services: one table for the gateway, the proxy and `NO_PROXY`.

It does not need werkzeug, so that a run with a real provider can use it too.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping

HOSTS: Mapping[str, tuple[str, ...]] = {
    "twilio": (
        "api.twilio.com",
        "api.*.twilio.com",
        "verify.twilio.com",
        "verify.*.twilio.com",
        "lookups.twilio.com",
        "lookups.*.twilio.com",
        "content.twilio.com",
        "content.*.twilio.com",
    ),
    "vonage": (
        "rest.nexmo.com",
        "rest-*.nexmo.com",
        "api.nexmo.com",
        "api-*.nexmo.com",
        "api.vonage.com",
        "api-*.vonage.com",
        "messages-sandbox.nexmo.com",
    ),
    "sns": (
        "sns.*.amazonaws.com",
        "sns-fips.*.amazonaws.com",
        "sns.*.amazonaws.com.cn",
        "sns.*.api.aws",
    ),
    "aws_sms_voice": (
        "sms-voice.*.amazonaws.com",
        "sms-voice-fips.*.amazonaws.com",
        "sms-voice.*.amazonaws.com.cn",
        "sms-voice.*.api.aws",
        "sms-voice-fips.*.api.aws",
    ),
}
"""The hosts of each service that the gateway serves; `*` matches any part of a name."""


def service_of(host: str) -> str | None:
    """The service that a host name (without a port) belongs to, or None."""
    name = host.lower().rstrip(".")
    return next((service for service, patterns in HOSTS.items() if _matches(name, patterns)), None)


def serves(host: str) -> bool:
    """Whether a host name (without a port) belongs to an SMS service that the gateway serves."""
    return service_of(host) is not None


def may_be_served(entry: str) -> bool:
    """Whether an entry of `NO_PROXY` may match a host of an SMS service; True when in doubt."""
    return any(_overlaps(entry, pattern) for patterns in HOSTS.values() for pattern in patterns)


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _overlaps(entry: str, pattern: str) -> bool:
    name = entry.lower().lstrip("*.")
    name = name.partition(":")[0] if name.count(":") == 1 else name
    head, tail = pattern.partition("*")[0], pattern.rpartition("*")[2]
    if tail.endswith(name):  # also the empty name that "*" leaves
        return True
    one_label_more = name.endswith(tail) and name.count(".") == tail.count(".")
    return "*" in pattern and (one_label_more or (name.endswith(tail) and name.startswith(head)))
