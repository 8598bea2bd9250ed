"""The host names of the SMS services: one table for the gateway, the proxy and `NO_PROXY`.

It does not need werkzeug, so that a run with a real provider can use it too.
"""

from __future__ import annotations

import fnmatch
import threading
from collections.abc import Mapping

HOSTS: Mapping[str, tuple[str, ...]] = {
    "twilio": ("api.twilio.com", "api.*.twilio.com"),
    "vonage": (
        "rest.nexmo.com",
        "rest-*.nexmo.com",
        "api.nexmo.com",
        "api-*.nexmo.com",
        "api-*.vonage.com",
        "messages-sandbox.nexmo.com",
    ),
    "sns": (
        "sns.*.amazonaws.com",
        "sns-fips.*.amazonaws.com",
        "sns.*.amazonaws.com.cn",
        "sns.*.api.aws",
    ),
    "telnyx": ("api.telnyx.com",),
    "plivo": ("api.plivo.com",),
    "messagebird": ("rest.messagebird.com",),
    "bird": ("api.bird.com",),
    "sinch": ("sms.api.sinch.com", "*.sms.api.sinch.com", "auth.sinch.com"),
    "infobip": ("api.infobip.com", "*.api.infobip.com"),
    "africastalking": (
        "api.africastalking.com",
        "api.sandbox.africastalking.com",
        "content.africastalking.com",
    ),
}
"""The hosts of each service that the gateway serves; `*` matches any part of a name."""


class HostTable:
    """The hosts of one gateway's services: `HOSTS`, and those that are added. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hosts = HOSTS

    def add(self, service: str, patterns: tuple[str, ...]) -> None:
        """Add the hosts of a service."""
        with self._lock:
            self._hosts = {**self._hosts, service: patterns}

    def service_of(self, host: str) -> str | None:
        """The service that a host name (without a port) belongs to, or None."""
        name = host.lower().rstrip(".")
        return next((service for service, patterns in self._hosts.items() if _matches(name, patterns)), None)

    def serves(self, host: str) -> bool:
        """Whether a host name (without a port) belongs to an SMS service that the gateway serves."""
        return self.service_of(host) is not None

    def may_be_served(self, entry: str) -> bool:
        """Whether an entry of `NO_PROXY` may match a host of an SMS service; True when in doubt."""
        return any(_overlaps(entry, pattern) for patterns in self._hosts.values() for pattern in patterns)

    def service_meeting(self, pattern: str) -> str | None:
        """The service with a host that a pattern of hosts matches too, or None."""
        meets = ((service, own) for service, patterns in self._hosts.items() for own in patterns)
        return next((service for service, own in meets if _meet(pattern, own)), None)


_KNOWN = HostTable()
serves = _KNOWN.serves


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _meet(one: str, other: str) -> bool:
    """Whether a name exists that both patterns match."""
    # places[j]: whether the part of `one` that was read can be matched by the first j characters of `other`.
    places = [True, *(other[: j + 1].strip("*") == "" for j in range(len(other)))]
    for char in one:
        before, places = places, [places[0] and char == "*"]
        for j, opposite in enumerate(other):
            here = before[j] and (char == opposite or "*" in (char, opposite))
            here = here or (opposite == "*" and before[j + 1]) or (char == "*" and (before[j + 1] or places[j]))
            places.append(here or (opposite == "*" and places[j]))
    return places[-1]


def _overlaps(entry: str, pattern: str) -> bool:
    name = entry.lower().lstrip("*.")
    name = name.partition(":")[0] if name.count(":") == 1 else name
    head, tail = pattern.partition("*")[0], pattern.rpartition("*")[2]
    if tail.endswith(name):  # also the empty name that "*" leaves
        return True
    one_label_more = name.endswith(tail) and name.count(".") == tail.count(".")
    return "*" in pattern and (one_label_more or (name.endswith(tail) and name.startswith(head)))
