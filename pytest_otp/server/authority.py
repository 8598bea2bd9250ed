"""A throwaway certificate authority for one server.

Importing this module imports the standard library only; trustme and cryptography are imported when they are needed.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..real_files import real_files

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

    import trustme

BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "AWS_CA_BUNDLE")
"""Variables that name a file of all trusted authorities: ours is added to those trusted before."""

EXTRA_VARIABLE = "NODE_EXTRA_CA_CERTS"
"""Names a file of authorities that Node.js trusts in addition to its own."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|[0-9a-f:.]+")  # a host name or an IP address
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files that make a program trust the authority. They are removed when the server stops."""

    ca_file: str
    """The authority's own certificate."""
    bundle: str
    """The same, with all certificates trusted before: certifi's, OpenSSL's and those in `BUNDLE_VARIABLES`."""
    extra: str
    """The same, with the certificates in `EXTRA_VARIABLE`."""


class Authority:
    """Issues a certificate for each host name of a server. A context manager; safe to use from several threads.

    Nothing is created before it is needed. The authority's key stays in memory. A server's key is briefly in a file
    in a directory that only this user can enter, since OpenSSL reads keys from files.

    Args:
        max_names: How many host names' certificates are kept; the least recently used are dropped first.
    """

    def __init__(self, *, max_names: int = 256) -> None:
        self._max_names = max_names
        self._lock = threading.RLock()
        self._process = os.getpid()
        self._contexts: OrderedDict[str, ssl.SSLContext] = OrderedDict()
        self._ca: trustme.CA | None = None
        self._folder: Path | None = None
        self._closed = False

    def __enter__(self) -> Authority:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def certificates(self) -> Certificates:
        """The files of this authority. Raises `RuntimeError` after `close`."""
        with self._lock:
            folder, _ = self._made()
            return Certificates(*(str(folder / name) for name in ("ca.pem", "bundle.pem", "extra.pem")))

    def context(self, name: str) -> ssl.SSLContext:
        """The TLS context for a host name or an IP address. A client that asks for another host gets that host's.

        Raises `ValueError` for an invalid name, and `RuntimeError` after `close`.
        """
        name = name.lower().rstrip(".")
        with self._lock:
            if name not in self._contexts:
                with real_files():
                    self._contexts[name] = self._issue(name)
                while len(self._contexts) > self._max_names:
                    self._contexts.popitem(last=False)
            self._contexts.move_to_end(name)
            return self._contexts[name]

    def close(self) -> None:
        """Remove the files and forget the key. The authority cannot be used again."""
        with self._lock:
            self._closed = True
            self._ca = None
            self._contexts.clear()
            # In a forked child, the directory belongs to its parent.
            if self._folder is not None and os.getpid() == self._process:
                shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _made(self) -> tuple[Path, trustme.CA]:
        if self._closed:
            raise RuntimeError("the authority is closed")
        if self._folder is None or self._ca is None:
            import trustme  # noqa: PLC0415 - 80 ms, paid only for TLS

            ca = trustme.CA(organization_name="pytest-otp", organization_unit_name="for one test run only")
            own = ca.cert_pem.bytes()
            with real_files():
                self._folder = self._folder or Path(tempfile.mkdtemp(prefix="pytest-otp-"))
                _write(self._folder / "ca.pem", [own])
                _write(self._folder / "bundle.pem", [own, *_trusted_before(os.environ)])
                _write(self._folder / "extra.pem", [own, *certificates_in(os.environ.get(EXTRA_VARIABLE))])
            self._ca = ca
        return self._folder, self._ca

    def _issue(self, name: str) -> ssl.SSLContext:
        import ssl  # noqa: PLC0415 - see _made

        if not _NAME.fullmatch(name):
            raise ValueError(f"invalid host name: {name!r}")
        folder, ca = self._made()
        leaf = ca.issue_cert(name)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        with leaf.private_key_and_cert_chain_pem.tempfile(dir=str(folder)) as path:
            context.load_cert_chain(path)

        context.sni_callback = self._switch_context
        return context

    def _switch_context(
        self, connection: ssl.SSLSocket | ssl.SSLObject, name: str | None, _: ssl.SSLContext
    ) -> int | None:
        import ssl  # noqa: PLC0415 - see _made

        try:
            if name:
                connection.context = self.context(name)
        except (ValueError, RuntimeError, OSError):
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        return None


def _write(path: Path, certificates: list[bytes]) -> None:
    path.write_bytes(b"".join(certificate.strip() + b"\n" for certificate in dict.fromkeys(certificates)))


def _trusted_before(environ: Mapping[str, str]) -> Iterator[bytes]:
    import ssl  # noqa: PLC0415 - see _made

    import certifi  # noqa: PLC0415 - see _made

    for named in (certifi.where(), ssl.get_default_verify_paths().cafile, *map(environ.get, BUNDLE_VARIABLES)):
        yield from certificates_in(named)


def certificates_in(named: str | None) -> list[bytes]:
    """The certificates in a file or a directory, without anything else there; empty if it does not exist."""
    if not named:
        return []
    path = Path(named)
    found: list[bytes] = []
    for file in sorted(path.glob("*")) if path.is_dir() else [path]:
        with contextlib.suppress(OSError):  # the application could not read it either
            found += _CERTIFICATE.findall(file.read_bytes())
    return found
