"""The gateway's address, and the environment variables that point the application under test at it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..display import quoted
from ..errors import InvalidRequest, SettingsError
from ..server.certificates import BUNDLE_VARIABLES, EXTRA_VARIABLE, Certificates
from ..server.proxy import Proxy, checked_hosts
from ..server.trust_stores import java_trust_store, php_folder
from .description import ServiceDescription
from .environment import aws_endpoints, java_options, no_proxy_entries, npm_variables, preload_variables
from .failing import FailsOnDemand
from .hosts import HOSTS, HostTable, meeting
from .seen import GatewayRequest, Seen, SentMessage

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from ..server.kept_authority import KeptAuthority, KeptFolder
    from .app import Gateway

__tracebackhide__ = True

_PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
# No ::1, which some clients (older httpx) cannot parse here; the proxy allows it.
_PROXY_EXCEPTIONS = ("127.0.0.1", "localhost")


@dataclass(frozen=True, slots=True)
class GatewayAddress(FailsOnDemand):
    """The gateway's address, as returned by the fixture `otp_gateway`."""

    url: str | None
    """`http://127.0.0.1:PORT`; None with a real provider, where the application uses its own SMS service."""
    certificates: Callable[[], Certificates] | None = field(default=None, repr=False, compare=False)
    """Creates the certificates when first called; None if the gateway serves http only and is not a proxy."""
    proxy: Proxy | None = field(default=None, repr=False, compare=False)
    """The gateway's proxy if it runs in this process, otherwise None."""
    seen: Seen | None = field(default=None, repr=False, compare=False)
    """What the gateway has seen; None with a real provider."""
    _hosts: HostTable = field(default=HOSTS, repr=False, compare=False)
    _add: Callable[[ServiceDescription], None] | None = field(default=None, repr=False, compare=False)
    on_allow: Callable[[list[str]], object] | None = field(default=None, repr=False, compare=False)
    """Tells a gateway that runs in another process of the hosts that are allowed; otherwise None."""
    _direct_hosts: set[str] = field(default_factory=set, init=False, repr=False, compare=False)
    _real_sms_hosts: set[str] = field(default_factory=set, init=False, repr=False, compare=False)

    @property
    def https_url(self) -> str | None:
        """The same address over https, for clients that trust `ca_file`; None with a real provider."""
        return None if self.url is None or self.certificates is None else "https" + self.url.removeprefix("http")

    @property
    def ca_file(self) -> str | None:
        """Path of the gateway's CA certificate (PEM), removed when the gateway stops; None with a real provider."""
        return None if self.url is None or self.certificates is None else self.certificates().ca_file

    def environ(self, *, preload: bool = False, java: bool = False) -> dict[str, str]:
        """Environment variables for the application under test; empty with a real provider.

        With them, an unmodified application reaches the gateway when it sends SMS through a service that is served:

        - `PYTEST_OTP_GATEWAY_URL` is `url`.
        - `HTTPS_PROXY` and `HTTP_PROXY`, in upper and lower case, name the gateway as the proxy: the SDKs use https,
          and Node's `twilio` reads `HTTP_PROXY` only. The gateway blocks other hosts; see `allow_hosts`.
          `NODE_USE_ENV_PROXY=1` makes Node.js 24 read them. `npm_config_https_proxy` and `npm_config_proxy` are the
          same: npm's own settings would otherwise come first in its scripts.
        - `REQUESTS_CA_BUNDLE`, `CURL_CA_BUNDLE`, `SSL_CERT_FILE` and `AWS_CA_BUNDLE` name a file with the gateway's
          certificate and all those trusted before; `NODE_EXTRA_CA_CERTS` one that Node.js trusts besides its own.
        - `AWS_ENDPOINT_URL_SNS` and `AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2` are `url`. They are left out if this
          process's environment sets them, or `AWS_ENDPOINT_URL`, to something else.
        - `NO_PROXY` and `no_proxy` keep the entries of this process, except those that match SMS services, and add
          loopback and the gateway.

        Args:
            preload: Also redirect clients that ignore proxy settings. `NODE_OPTIONS` and `PYTHONPATH` then load a
                small file into each Node.js and Python process, which connects to the gateway in place of SMS
                services; `PHP_INI_SCAN_DIR` adds a folder that makes PHP trust the certificate. For processes on
                this machine.
            java: Also set `JAVA_TOOL_OPTIONS` to the proxy and a trust store. Each Java virtual machine then prints
                a line about it to stderr.

        Raises:
            SettingsError: If `java` is set and the installed `cryptography` cannot write a trust store.
        """
        if self.url is None:
            return {}
        split = urlsplit(self.url)
        host = split.hostname or ""
        if self.certificates is None:
            no_proxy = _extended_no_proxy(host)
            return {"PYTEST_OTP_GATEWAY_URL": self.url, "NO_PROXY": no_proxy, "no_proxy": no_proxy}
        made = self.certificates()
        kept = _kept_no_proxy(self._hosts)
        direct = list(dict.fromkeys([*kept, *_PROXY_EXCEPTIONS, host, *sorted(self._direct_hosts)]))
        return {
            "PYTEST_OTP_GATEWAY_URL": self.url,
            **dict.fromkeys(_PROXY_VARIABLES, self.url),
            "NODE_USE_ENV_PROXY": "1",
            **dict.fromkeys(BUNDLE_VARIABLES, made.bundle),
            EXTRA_VARIABLE: made.ca_file if os.environ.get(EXTRA_VARIABLE) in (None, "", made.ca_file) else made.extra,
            **aws_endpoints(self.url, real_sms=self._real_sms_hosts),
            **dict.fromkeys(("NO_PROXY", "no_proxy"), ",".join(direct)),
            **npm_variables(self.url, ",".join(direct)),
            **(preload_variables(self._led_hosts(), made.bundle, php_folder(made)) if preload else {}),
            **(java_options(host, split.port or 80, direct, java_trust_store(made)) if java else {}),
        }

    @property
    def requests(self) -> tuple[GatewayRequest, ...]:
        """The last 1,000 requests that the gateway answered or refused, oldest first; empty with a real provider.

        If several xdist workers share the gateway, those about other workers' numbers are left out.

        Raises:
            OtpError: If the gateway runs in xdist's controller, which does not answer.
        """
        return () if self.seen is None else self.seen.requests()

    def sent_to(self, number: object) -> tuple[SentMessage, ...]:
        """The SMS that the application sent to a number and the gateway accepted, oldest first.

        They are there as soon as `wait_code()` returns, and also after the number was closed. Of all messages, the
        gateway keeps the last 1,000.

        Args:
            number: In any international format (`+1 201-555-0123`), or any object with `.e164`.

        Raises:
            InvalidRequest: If it is not a phone number.
            OtpError: If the gateway runs in xdist's controller, which does not answer.
        """
        from ..phone import e164  # noqa: PLC0415 - imports phonenumbers, which few runs need here

        written = str(getattr(number, "e164", number))
        to = e164(written)
        if to is None:
            raise InvalidRequest(f"not a phone number: {quoted(written)}", hint="Write it like +12015550123.")
        return () if self.seen is None else self.seen.sent_to(to)

    def allow_hosts(self, *patterns: str, real_sms: bool = False) -> None:
        """Allow an application that uses `environ()` to connect to more hosts, until the gateway stops.

        Connections to allowed hosts use the proxy that was in the environment when the gateway started, if any. If
        the gateway runs in another process (a fixed port with xdist), the hosts are added to `NO_PROXY` instead: only
        later calls of `environ()` include them, and the application connects directly.

        A pattern never lets a request out to a host of an SMS service, whether the gateway serves it or not.

        Args:
            patterns: A host name, `*.example.com`, or `*` for all hosts except those of SMS services.
            real_sms: Also allow SMS services that are named exactly. **The application can then send real SMS.**

        Raises:
            SettingsError: If a pattern is not a valid host, names an SMS service without `real_sms`, or may match one
                with it.
        """
        if real_sms:
            names = checked_hosts(patterns, self._hosts.is_sms_host, real_sms=True)
            _check_exact(names, self._hosts)
            self._real_sms_hosts.update(filter(self._hosts.is_sms_host, names))
        if self.proxy is not None:
            self.proxy.allow_hosts(*patterns, real_sms=real_sms)
        else:
            names = checked_hosts(patterns, self._hosts.is_sms_host, real_sms=real_sms)
            _check_direct((name for name in names if not self._hosts.is_sms_host(name)), self._hosts)
            # Every client understands `.example.com`; `*` stays as it is.
            self._direct_hosts.update(host.removeprefix("*") or host for host in names)
            if self.on_allow is not None:
                self.on_allow(names)

    def add_service(self, description: ServiceDescription) -> None:
        """Let the gateway stand in for one more SMS service until it stops, at its hosts and at its paths under `url`.

        Adding the same description again does nothing. With a real provider, nothing is added: the application sends
        real SMS.

        Raises:
            SettingsError: If the gateway has another service with this name, or a service with one of its hosts.
        """
        if not isinstance(description, ServiceDescription):
            raise SettingsError(f"add_service: expected a ServiceDescription; got a {type(description).__name__}")
        if self._add is not None:
            self._add(description)
            self._direct_hosts.difference_update(meeting(self._direct_hosts, description.hosts))

    def _led_hosts(self) -> list[str]:
        return [*self._hosts.patterns(), *(f"!{name}" for name in sorted(self._real_sms_hosts))]

    def to_plain(self) -> dict[str, str]:
        """This address as plain data, for `from_plain` in another process on this machine."""
        if self.url is None:
            return {}
        return {"url": self.url, **(asdict(self.certificates()) if self.certificates else {})}

    @classmethod
    def from_plain(
        cls,
        plain: Mapping[str, str],
        seen: Seen | None = None,
        *,
        add: Callable[[ServiceDescription], None] | None = None,
    ) -> GatewayAddress:
        """The address of a gateway that runs in another process; `add` adds a service there."""
        files = {name: value for name, value in plain.items() if name != "url"}
        made = Certificates(**files) if files else None
        hosts = HostTable()

        def add_there(description: ServiceDescription) -> None:
            if add is not None:
                add(description)
                hosts.add(description.name, description.hosts)

        return cls(plain.get("url"), None if made is None else lambda: made, seen=seen, _hosts=hosts, _add=add_there)


@contextmanager
def serving(
    app: WSGIApplication,
    *,
    host: str,
    port: int,
    setting: str,
    names: Collection[str] = (),
    gateway: Gateway | None = None,
    ca: KeptFolder | None = None,
) -> Iterator[GatewayAddress]:
    """Serve a gateway application over http and https and as a proxy, until the end of the `with` block.

    A proxy request for one of `names` is for the application. `gateway` is what the application is or includes: what
    the proxy blocks is added to its record, until the end. Its callbacks may reach the hosts that are allowed, and this
    machine if only this machine can reach the port. The certificates are issued by the authority that is kept in `ca`,
    if it is given. Raises `SettingsError` if that cannot be used.
    """
    from ..server.authority import Authority  # noqa: PLC0415
    from ..server.server import Server  # noqa: PLC0415 - with a real provider nothing is served

    hosts = HostTable() if gateway is None else gateway.hosts
    note = None if gateway is None else gateway.record.proxied
    proxy = Proxy(lambda name: hosts.is_sms_host(name) or name in names, note=note)
    if gateway is not None:
        gateway.callbacks.allows = lambda name: not proxy.serves(name) and proxy.allows(name, peer=host)
    kept: KeptAuthority | None = None
    if ca is not None:
        from .covered import opened  # noqa: PLC0415 - start-up cost: only if one is kept

        kept = opened(ca, hosts, names)
    with (
        contextlib.closing(gateway) if gateway else contextlib.nullcontext(),
        Authority(kept=kept) as authority,
        Server(app, host=host, port=port, setting=setting, authority=authority, proxy=proxy) as server,
    ):
        record = None if gateway is None else gateway.record
        add = None if gateway is None else gateway.add_service
        yield GatewayAddress(server.url, authority.certificates, proxy, record, hosts, add)


def _extended_no_proxy(host: str) -> str:
    present = list(no_proxy_entries())
    if present in (["*"], ["*", "*"]):
        return "*"  # means no proxy at all, but only if it is the sole entry
    return ",".join(dict.fromkeys(filter(None, [*present, *_PROXY_EXCEPTIONS, host])))


def _kept_no_proxy(hosts: HostTable) -> list[str]:
    """The entries of NO_PROXY, without those that would let SMS out to the real services."""
    return [entry for entry in no_proxy_entries() if not hosts.may_be_served(entry)]


def _check_exact(hosts: Iterable[str], known: HostTable) -> None:
    """Refuse patterns that seem to let real SMS out, and do not."""
    for host in hosts:
        if "*" in host and known.meets(host):
            raise SettingsError(
                f"cannot allow {host}: it may match an SMS service, and a pattern never lets real SMS out",
                hint="With real_sms=True, name each SMS service exactly; allow the pattern in a call without it.",
            )


def _check_direct(hosts: Iterable[str], known: HostTable) -> None:
    """Refuse hosts that may be an SMS service: without the proxy, the application would send real SMS through it."""
    for host in hosts:
        if known.may_be_served(host):
            raise SettingsError(
                f"cannot allow {host}: it may match an SMS service",
                hint="List the hosts that the application needs one by one, or run without --otp-gateway or xdist.",
            )
