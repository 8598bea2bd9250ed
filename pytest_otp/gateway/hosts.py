"""The SMS services and their hosts: one table for the gateway, the proxy, `allow_hosts` and `NO_PROXY`.

A host is in it if an application can send an SMS by a request to it, or needs it for that (a token, a look-up), also
where the same host does other things too: Mailjet's and Brevo's API also send e-mail. It does not need werkzeug, so
that a run with a real provider can use it too.

Sources: the addresses in the services' SDKs, and for AWS the endpoint rules and partitions in `botocore/data`.
"""

from __future__ import annotations

import fnmatch
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

SERVED, KNOWN = True, False

_MOST_FOUND = 1024
_ADDRESSES = re.compile(r"[0-9.*]+")
"""IPv4 addresses with a `*`, which no name matches."""
_AWS = (
    *("amazonaws.com", "amazonaws.com.cn", "amazonaws.eu"),
    *("api.aws", "api.amazonwebservices.com.cn", "api.amazonwebservices.eu"),  # over IPv6 too
)


@dataclass(frozen=True, slots=True)
class SmsHosts:
    """The hosts of an SMS service."""

    service: str
    """The `SERVICE` of the class that serves it; for one that is not served, the name that it would have."""
    name: str
    """Its name, for people."""
    served: bool
    """Whether the gateway stands in for it. Otherwise, it answers each request with an error that says so."""
    patterns: tuple[str, ...]
    """Host names in lower case; `*` matches any part of a name."""

    def has(self, host: str) -> bool:
        """Whether a host name in lower case belongs to it."""
        return any(_matches(host, pattern) for pattern in self.patterns)


def _row(service: str, name: str, served: bool, *patterns: str) -> SmsHosts:
    return SmsHosts(service, name, served, patterns)


def _twilio(*products: str) -> tuple[str, ...]:
    """A product's host, and those of its edges and regions."""
    return tuple(f"{product}{where}.twilio.com" for product in products for where in ("", ".*"))


def _aws(*endpoints: str) -> tuple[str, ...]:
    """An endpoint in all regions and partitions, with FIPS and with IPv6 too."""
    names = [f"{endpoint}{fips}.*.{domain}" for endpoint in endpoints for fips in ("", "-fips") for domain in _AWS]
    return (*names, *(f"*.{endpoint}.*.vpce.amazonaws.com" for endpoint in endpoints))


_SMSAPI = [f"api{copy}.smsapi.{domain}" for domain in ("com", "pl", "se", "bg", "io") for copy in ("", "2")]

# To serve another one, write SERVED in its row, and give it the name that its class has in SERVICE.
_TABLE: tuple[SmsHosts, ...] = (
    _row("twilio", "Twilio", SERVED, *_twilio("api")),
    _row("twilio", "Twilio Verify", SERVED, *_twilio("verify")),
    _row("twilio", "Twilio Lookup", SERVED, *_twilio("lookups")),
    _row("twilio", "Twilio Content", SERVED, *_twilio("content")),
    _row("twilio_messaging", "Twilio Messaging", KNOWN, *_twilio("messaging", "notify", "proxy")),
    _row("twilio_conversations", "Twilio Conversations", KNOWN, *_twilio("conversations", "chat", "ip-messaging")),
    _row("twilio_studio", "Twilio Studio", KNOWN, *_twilio("studio", "flex-api")),
    _row(
        "vonage",
        "Vonage",
        SERVED,
        *("rest.nexmo.com", "rest-*.nexmo.com", "api.nexmo.com", "api-*.nexmo.com"),
        *("messages-sandbox.nexmo.com", "api.vonage.com", "api-*.vonage.com"),
    ),
    _row("sns", "Amazon SNS", SERVED, *_aws("sns")),
    _row("aws_sms_voice", "AWS End User Messaging", SERVED, *_aws("sms-voice", "sms-voice.pinpoint")),
    _row("aws_pinpoint", "Amazon Pinpoint", KNOWN, *_aws("pinpoint")),
    _row("telnyx", "Telnyx", SERVED, "api.telnyx.com"),
    _row("plivo", "Plivo", SERVED, "api.plivo.com"),
    _row("plivo_other", "Plivo", KNOWN, "lookup.plivo.com", "phlo-runner.plivo.com"),
    _row("messagebird", "MessageBird", SERVED, "rest.messagebird.com"),
    _row("messagebird_other", "MessageBird", KNOWN, "*.messagebird.com"),
    _row("bird", "Bird", SERVED, "api.bird.com"),
    _row("bird_other", "Bird", KNOWN, "*.api.bird.com"),
    _row("sinch", "Sinch", SERVED, "sms.api.sinch.com", "*.sms.api.sinch.com", "auth.sinch.com"),
    _row("sinch_other", "Sinch", KNOWN, "api.sinch.com", "*.api.sinch.com", "*.auth.sinch.com"),
    _row("infobip", "Infobip", SERVED, "api.infobip.com", "*.api.infobip.com"),
    _row(
        "africastalking",
        "Africa's Talking",
        SERVED,
        *("api.africastalking.com", "api.sandbox.africastalking.com", "content.africastalking.com"),
    ),
    _row("africastalking_other", "Africa's Talking", KNOWN, "*.africastalking.com"),
    _row("azure", "Azure Communication Services", KNOWN, "*.communication.azure.com", "*.communication.azure.us"),
    _row("msg91", "MSG91", KNOWN, "api.msg91.com", "control.msg91.com"),
    _row("bandwidth", "Bandwidth", KNOWN, "messaging.bandwidth.com", "mfa.bandwidth.com", "api.bandwidth.com"),
    _row("clicksend", "ClickSend", KNOWN, "rest.clicksend.com", "api.clicksend.com"),
    _row("textmagic", "TextMagic", KNOWN, "rest.textmagic.com", "api.textmagic.com"),
    _row("clickatell", "Clickatell", KNOWN, "api.clickatell.com", "platform.clickatell.com"),
    _row("esendex", "Esendex", KNOWN, "api.esendex.com"),
    _row("mailjet", "Mailjet", KNOWN, "api.mailjet.com", "api.us.mailjet.com"),
    _row("brevo", "Brevo", KNOWN, "api.brevo.com", "api.sendinblue.com"),
    _row("smsapi", "SMSAPI", KNOWN, *_SMSAPI),
    _row("textlocal", "Textlocal", KNOWN, "api.textlocal.in", "api.txtlocal.com"),
    _row("kaleyra", "Kaleyra", KNOWN, "api.kaleyra.io", "api.*.kaleyra.io"),
    _row("gupshup", "Gupshup", KNOWN, "api.gupshup.io", "enterprise.smsgupshup.com"),
    _row("aliyun", "Alibaba Cloud SMS", KNOWN, *(f"dysmsapi{where}.aliyuncs.com" for where in ("", ".*", "-*"))),
    _row("tencent", "Tencent Cloud SMS", KNOWN, "sms.tencentcloudapi.com", "sms.*.tencentcloudapi.com"),
    _row("zenvia", "Zenvia", KNOWN, "api.zenvia.com", "api-rest.zenvia.com"),
    _row("46elks", "46elks", KNOWN, "api.46elks.com"),
    _row("signalwire", "SignalWire", KNOWN, "*.signalwire.com"),
    _row("telesign", "Telesign", KNOWN, "rest-api.telesign.com", "rest-ww.telesign.com", "verify.telesign.com"),
    _row("seven", "seven", KNOWN, "gateway.seven.io", "gateway.sms77.io"),
)


class HostTable:
    """The hosts of SMS services as one gateway sees them: the table, and what is added. Safe to use from threads.

    Attributes:
        check: Called with the patterns of hosts before they are added; may raise `SettingsError`.
    """

    def __init__(self) -> None:
        self.check: Callable[[Sequence[str]], None] | None = None
        self._lock = threading.Lock()
        self._now: tuple[tuple[SmsHosts, ...], dict[str, tuple[SmsHosts, ...]]] = (_TABLE, {})

    def add(self, service: str, patterns: Sequence[str], name: str | None = None) -> None:
        """Serve more hosts, in place of what the table says about them: those of a service that a user described.

        Args:
            service: The `SERVICE` that answers for them.
            patterns: Host names; `*` matches any part of a name. Without any, nothing is added.
            name: The service's name for people. Defaults to `service`.

        Raises:
            SettingsError: If the gateway cannot have certificates for them.
        """
        if not patterns:
            return
        if self.check is not None:
            self.check(patterns)
        row = SmsHosts(service, name or service, SERVED, tuple(pattern.lower() for pattern in patterns))
        with self._lock:
            self._now = ((row, *self._now[0]), {})

    def services_of(self, host: str) -> tuple[SmsHosts, ...]:
        """The services that a host name (without a port) belongs to, served ones first; several may share a host.

        None for a pattern, even one that is in the table.
        """
        rows, found = self._now
        name = host.lower().rstrip(".")
        if "*" in name:
            return ()
        here = found.get(name)
        if here is None:
            here = tuple(sorted((row for row in rows if row.has(name)), key=lambda row: not row.served))
            if len(found) < _MOST_FOUND:
                found[name] = here
        return here

    def is_sms_host(self, host: str) -> bool:
        """Whether a host name (without a port) belongs to an SMS service, served or not."""
        return bool(self.services_of(host))

    def serves(self, host: str) -> bool:
        """Whether a host name (without a port) belongs to an SMS service that the gateway serves."""
        return any(row.served for row in self.services_of(host))

    def may_be_served(self, entry: str) -> bool:
        """Whether an entry of `NO_PROXY` may match a host that the gateway answers for; True when in doubt."""
        return any(_overlaps(entry, pattern) for pattern in self.patterns())

    def meets(self, pattern: str) -> bool:
        """Whether a pattern in lower case matches a host of an SMS service, served or not."""
        return any(_meet(pattern, own) for own in self.patterns())

    def served_meeting(self, pattern: str) -> str | None:
        """The name of a service that is served at a host that a pattern matches too; None if there is none."""
        served = ((row, own) for row in self._now[0] if row.served for own in row.patterns)
        return next((row.name for row, own in served if _meet(pattern, own)), None)

    def patterns(self) -> tuple[str, ...]:
        """All hosts of SMS services, served or not; `*` matches any part of a name."""
        return tuple(pattern for row in self._now[0] for pattern in row.patterns)


HOSTS = HostTable()
"""The table without additions."""


def meeting(entries: Iterable[str], patterns: Iterable[str]) -> set[str]:
    """The entries of `NO_PROXY` that may match one of these hosts; in doubt, they do."""
    known = tuple(patterns)
    return {entry for entry in entries if any(_overlaps(entry, pattern) for pattern in known)}


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


def _matches(name: str, pattern: str) -> bool:
    head, star, _ = pattern.partition("*")
    if not star:
        return name == pattern
    # Most patterns need no expression, which takes long to compile.
    return name.startswith(head) and name.endswith(pattern.rpartition("*")[2]) and fnmatch.fnmatchcase(name, pattern)


def _overlaps(entry: str, pattern: str) -> bool:
    # httpx reads entries with a scheme, and curl ignores the dot at the end.
    written = entry.lower().rpartition("://")[2].rstrip("/")
    written = written.partition(":")[0] if written.count(":") == 1 else written
    name = written.lstrip("*.").rstrip(".")
    if "*" in name and not _ADDRESSES.fullmatch(name) and _meet(written.rstrip("."), pattern):
        return True
    head, tail = pattern.partition("*")[0], pattern.rpartition("*")[2]
    if tail.endswith(name):  # also the empty name that "*" leaves
        return True
    one_label_more = name.endswith(tail) and name.count(".") == tail.count(".")
    return "*" in pattern and (one_label_more or (name.endswith(tail) and name.startswith(head)))
