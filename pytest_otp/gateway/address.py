"""The gateway's address, and the environment variables that point the application under test at it."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..errors import SettingsError
from ..loopback import LOOPBACK
from ..server.authority import BUNDLE_VARIABLES, EXTRA_VARIABLE, Certificates
from ..server.proxy import Proxy, checked_hosts
from ..server.trust_stores import java_trust_store, php_folder
from .environment import aws_endpoints, java_options, no_proxy_entries, preload_variables
from .hosts import may_be_served, serves

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from .callbacks import Callbacks
    from .failures import ArmedFailure, Failures
    from .templates import Templates

__tracebackhide__ = True

_PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
# No ::1, which some clients (older httpx) cannot parse here; the proxy allows it.
_PROXY_EXCEPTIONS = ("127.0.0.1", "localhost")


@dataclass(frozen=True, slots=True)
class GatewayAddress:
    """The gateway's address, as returned by the fixture `otp_gateway`."""

    url: str | None
    """`http://127.0.0.1:PORT`; None with a real provider, where the application uses its own SMS service."""
    certificates: Callable[[], Certificates] | None = field(default=None, repr=False, compare=False)
    """Creates the certificates when first called; None if the gateway serves http only and is not a proxy."""
    proxy: Proxy | None = field(default=None, repr=False, compare=False)
    """The gateway's proxy if it runs in this process, otherwise None."""
    failures: Failures | None = field(default=None, repr=False, compare=False)
    """What the tests of this process asked to go wrong; None with a real provider."""
    templates: Templates | None = field(default=None, repr=False, compare=False)
    """The content templates that tests declared; None with a real provider."""
    _direct_hosts: set[str] = field(default_factory=set, init=False, repr=False, compare=False)

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
          `NODE_USE_ENV_PROXY=1` makes Node.js 24 read them.
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
        direct = list(dict.fromkeys([*_kept_no_proxy(), *_PROXY_EXCEPTIONS, host, *sorted(self._direct_hosts)]))
        return {
            "PYTEST_OTP_GATEWAY_URL": self.url,
            **dict.fromkeys(_PROXY_VARIABLES, self.url),
            "NODE_USE_ENV_PROXY": "1",
            **dict.fromkeys(BUNDLE_VARIABLES, made.bundle),
            EXTRA_VARIABLE: made.extra if os.environ.get(EXTRA_VARIABLE) else made.ca_file,
            **aws_endpoints(self.url),
            **dict.fromkeys(("NO_PROXY", "no_proxy"), ",".join(direct)),
            **(preload_variables(made.bundle, php_folder(made)) if preload else {}),
            **(java_options(host, split.port or 80, direct, java_trust_store(made)) if java else {}),
        }

    def allow_hosts(self, *patterns: str) -> None:
        """Allow an application that uses `environ()` to connect to more hosts, until the gateway stops.

        Connections to allowed hosts use the proxy that was in the environment when the gateway started, if any. If
        the gateway runs in another process (a fixed port with xdist), the hosts are added to `NO_PROXY` instead: only
        later calls of `environ()` include them, and the application connects directly.

        Args:
            patterns: A host name, `*.example.com`, or `*` for all hosts except those of SMS services.

        Raises:
            SettingsError: If a pattern is not a valid host, or matches an SMS service.
        """
        if self.proxy is not None:
            self.proxy.allow_hosts(*patterns)
        else:
            names = checked_hosts(patterns, serves)
            _check_direct(names)
            # Every client understands `.example.com`; `*` stays as it is.
            self._direct_hosts.update(host.removeprefix("*") or host for host in names)

    def fail(
        self,
        number: object = None,
        service: str | None = None,
        *,
        error: str | int,
        times: int | None = 1,
        seconds: float | None = None,
    ) -> ArmedFailure:
        """Make the next messages fail as the service documents it, at most until the current test ends.

        What each error means is in the documentation, "Failures on demand". `late` and `twice` deliver the message all
        the same. Several failures are used in the order in which they were asked for.

        Args:
            number: The number whose messages fail: an `OtpNumber`, or a text. Defaults to all numbers that the tests of
                this process (an xdist worker) ordered.
            service: The name of the service, such as `twilio`. Defaults to each that has this error.
            error: One of `unsubscribed`, `unreachable`, `blocked`, `rate_limited`, `server_error`, `time_out`,
                `undelivered`, `late`, `twice` and `out_of_order`, or one of the service's own codes, such as 21610.
            times: How many messages fail. None means each until the test ends.
            seconds: With `late`, the seconds until the message is delivered (defaults to 5); with `rate_limited`, those
                in `Retry-After` (defaults to 1); with `time_out`, those until the connection is closed (defaults to
                120).

        Returns:
            The failure: `used` says how many messages it made fail, and `end()` or a `with` block ends it.

        Raises:
            SettingsError: If an argument is invalid, or with a real provider.
        """
        if self.failures is None:
            raise _not_offline("otp_gateway.fail")
        return self.failures.arm(number, service, error, times, seconds)

    def add_template(self, sid: str, body: str) -> None:
        """Declare the text of a Twilio content template that the application sends by its ID.

        For templates that are stored at Twilio. Those that the application creates itself are known.

        Args:
            sid: The template's ID: `HX` and 32 hexadecimal digits.
            body: The text, with `{{1}}` or `{{code}}` in place of each variable.

        Raises:
            SettingsError: If an argument is invalid, or with a real provider.
        """
        if self.templates is None:
            raise _not_offline("otp_gateway.add_template")
        self.templates.add(sid, body)

    def to_plain(self) -> dict[str, str]:
        """This address as plain data, for `from_plain` in another process on this machine."""
        if self.url is None:
            return {}
        return {"url": self.url, **(asdict(self.certificates()) if self.certificates else {})}

    @classmethod
    def from_plain(cls, plain: Mapping[str, str]) -> GatewayAddress:
        """The address of a gateway that runs in another process."""
        files = {name: value for name, value in plain.items() if name != "url"}
        made = Certificates(**files) if files else None
        return cls(plain.get("url"), None if made is None else lambda: made)


@contextmanager
def serving(
    app: WSGIApplication,
    *,
    host: str,
    port: int,
    setting: str,
    names: Collection[str] = (),
    callbacks: Callbacks | None = None,
) -> Iterator[GatewayAddress]:
    """Serve a gateway application over http and https and as a proxy, until the end of the `with` block.

    A proxy request for one of `names` is for the application. The hosts that are allowed for the proxy are allowed for
    `callbacks` too.
    """
    from ..server.authority import Authority  # noqa: PLC0415
    from ..server.server import Server  # noqa: PLC0415 - with a real provider nothing is served

    proxy = Proxy(lambda name: serves(name) or name in names)
    if callbacks is not None:
        callbacks.allows = lambda name: not proxy.serves(name) and proxy.allows(name, LOOPBACK)
    with (
        Authority() as authority,
        Server(app, host=host, port=port, setting=setting, authority=authority, proxy=proxy) as server,
    ):
        yield GatewayAddress(server.url, authority.certificates, proxy)


def _not_offline(what: str) -> SettingsError:
    return SettingsError(
        f"{what} is not available with a real provider",
        hint="Skip the test if otp_gateway.url is None.",
    )


def _extended_no_proxy(host: str) -> str:
    present = list(no_proxy_entries())
    if present in (["*"], ["*", "*"]):
        return "*"  # means no proxy at all, but only if it is the sole entry
    return ",".join(dict.fromkeys(filter(None, [*present, *_PROXY_EXCEPTIONS, host])))


def _kept_no_proxy() -> list[str]:
    """The entries of NO_PROXY, without those that would let SMS out to the real services."""
    return [entry for entry in no_proxy_entries() if not may_be_served(entry)]


def _check_direct(hosts: Iterable[str]) -> None:
    """Refuse hosts that may be an SMS service: without the proxy, the application would send real SMS through it."""
    for host in hosts:
        if may_be_served(host):
            raise SettingsError(
                f"cannot allow {host}: it may match an SMS service",
                hint="List the hosts that the application needs one by one, or run without --otp-gateway or xdist.",
            )
