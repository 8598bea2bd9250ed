"""Where the application under test finds the gateway, and the variables that point it there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..errors import SettingsError
from ..server.authority import BUNDLE_VARIABLES, EXTRA_VARIABLE, Certificates
from ..server.proxy import Proxy, checked_hosts
from .hosts import may_be_served, serves

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
# No ::1, which some clients (older httpx) cannot read here; the proxy lets it through.
_PROXY_EXCEPTIONS = ("127.0.0.1", "localhost")


@dataclass(frozen=True, slots=True)
class GatewayAddress:
    """What the fixture `otp_gateway` hands out."""

    url: str | None
    """`http://127.0.0.1:PORT` without a path; None with a real provider, where the application uses its own service."""
    certificates: Callable[[], Certificates] | None = field(default=None, repr=False, compare=False)
    """Makes the certificates when first called; None where the gateway speaks http only and is no proxy."""
    proxy: Proxy | None = field(default=None, repr=False, compare=False)
    """The gateway as a proxy, where it is in this process."""
    _around: set[str] = field(default_factory=set, init=False, repr=False, compare=False)

    @property
    def https_url(self) -> str | None:
        """The same place by https, for clients that trust `ca_file`; None where there is none."""
        return None if self.url is None or self.certificates is None else "https" + self.url.removeprefix("http")

    @property
    def ca_file(self) -> str | None:
        """The authority's certificate, a PEM file that is there until the gateway's stop; None where there is none."""
        return None if self.url is None or self.certificates is None else self.certificates().ca_file

    def environ(self) -> dict[str, str]:
        """Variables for the application under test; empty with a real provider.

        They are enough for an application that knows nothing of this: what it sends to Twilio, Vonage or Amazon SNS
        comes to the gateway.

        - `PYTEST_OTP_GATEWAY_URL` is the url.
        - `HTTPS_PROXY` and `HTTP_PROXY`, in both spellings, name the gateway as the proxy: the SDKs use https, and
          Node's `twilio` looks at `HTTP_PROXY` only. Other hosts are refused, see `let_through`.
        - `REQUESTS_CA_BUNDLE`, `CURL_CA_BUNDLE`, `SSL_CERT_FILE` and `AWS_CA_BUNDLE` name the certificates that were
          trusted before, with the gateway's own; `NODE_EXTRA_CA_CERTS` those that Node shall trust beside its own.
        - `NO_PROXY` and `no_proxy` keep what this process has in either of them, less what SMS services would match,
          and name loopback and the gateway.
        """
        if self.url is None:
            return {}
        host = urlsplit(self.url).hostname or ""
        if self.certificates is None:
            no_proxy = _extended_no_proxy(host)
            return {"PYTEST_OTP_GATEWAY_URL": self.url, "NO_PROXY": no_proxy, "no_proxy": no_proxy}
        made = self.certificates()
        no_proxy = ",".join(dict.fromkeys([*_kept_no_proxy(), *_PROXY_EXCEPTIONS, host, *sorted(self._around)]))
        return {
            "PYTEST_OTP_GATEWAY_URL": self.url,
            **dict.fromkeys(_PROXY_VARIABLES, self.url),
            **dict.fromkeys(BUNDLE_VARIABLES, made.bundle),
            EXTRA_VARIABLE: made.extra if os.environ.get(EXTRA_VARIABLE) else made.ca_file,
            "NO_PROXY": no_proxy,
            "no_proxy": no_proxy,
        }

    def let_through(self, *hosts: str) -> None:
        """Let an application that uses `environ()` reach these hosts too, from now until the gateway's stop.

        A host is a name, `*.example.com`, or `*` for every host but those of SMS services. They are reached by the
        proxy that was in the environment when the gateway started, if there was one. Where the gateway is in another
        process (a fixed port with xdist), they are put into `NO_PROXY` instead: only environments that are taken
        afterwards have them, and they are reached directly.

        Raises SettingsError for what is no host, and for an SMS service's.
        """
        if self.proxy is not None:
            self.proxy.let_through(*hosts)
        else:
            names = checked_hosts(hosts, serves)
            _check_direct(names)
            # `.example.com` is what every client understands, while `*` understands itself.
            self._around.update(host.removeprefix("*") or host for host in names)

    def to_plain(self) -> dict[str, str]:
        """What another process on this machine needs to make the address of, by `from_plain`; plain data."""
        if self.url is None:
            return {}
        return {"url": self.url, **(asdict(self.certificates()) if self.certificates else {})}

    @classmethod
    def from_plain(cls, plain: Mapping[str, str]) -> GatewayAddress:
        """The address of a gateway in another process."""
        files = {name: value for name, value in plain.items() if name != "url"}
        made = Certificates(**files) if files else None
        return cls(plain.get("url"), None if made is None else lambda: made)


@contextmanager
def serving(app: WSGIApplication, *, host: str, port: int, setting: str) -> Iterator[GatewayAddress]:
    """Serve an application with the gateway's faces by http and https and as a proxy, while the context lasts."""
    from ..server.authority import Authority  # noqa: PLC0415
    from ..server.server import Server  # noqa: PLC0415 - with a real provider nothing is served

    proxy = Proxy(serves)
    with (
        Authority() as authority,
        Server(app, host=host, port=port, setting=setting, authority=authority, proxy=proxy) as server,
    ):
        yield GatewayAddress(server.url, authority.certificates, proxy)


def _no_proxy() -> list[str]:
    # Both spellings get both contents: where a program finds the one, it does not look for the other.
    present = [os.environ.get("no_proxy", ""), os.environ.get("NO_PROXY", "")]
    return list(filter(None, (entry.strip() for value in present for entry in value.split(","))))


def _extended_no_proxy(host: str) -> str:
    present = _no_proxy()
    if present in (["*"], ["*", "*"]):
        return "*"  # no proxy at all; with anything beside it, it would be a name
    return ",".join(dict.fromkeys(filter(None, [*present, *_PROXY_EXCEPTIONS, host])))


def _kept_no_proxy() -> list[str]:
    """What the environment excepts from proxies, without what would let messages out to the real services."""
    return [entry for entry in _no_proxy() if not may_be_served(entry)]


def _check_direct(hosts: Iterable[str]) -> None:
    """Hosts that are reached without the proxy may name no SMS service's: its messages would be sent for real."""
    for host in hosts:
        if may_be_served(host):
            raise SettingsError(
                f"let_through: {host} may be an SMS service's host too, which this worker could not tell apart",
                hint="Name the hosts that the application needs, or run without a fixed port or without xdist.",
            )
