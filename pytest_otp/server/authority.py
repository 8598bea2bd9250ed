"""A certificate authority for one server: it lives as long as the server does, and only who is told of it trusts it.

Importing this costs stdlib only; trustme, and cryptography with it, come when the first certificate is needed.
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

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

    import trustme

BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "AWS_CA_BUNDLE")
"""Each names a file of all authorities to trust: ours must be one among those that were trusted before."""

EXTRA_VARIABLE = "NODE_EXTRA_CA_CERTS"
"""Names a file of authorities to trust beside Node's own."""

_MOST_NAMES = 256
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|[0-9a-f:.]+")  # a host's name or address
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")


@dataclass(frozen=True, slots=True)
class Certificates:
    """The files that make a program trust the authority; they are gone after the server's stop."""

    ca_file: str
    """The authority's own certificate, PEM."""
    bundle: str
    """Beside it all that was trusted before: certifi's, OpenSSL's, and what `BUNDLE_VARIABLES` named."""
    extra: str
    """Beside it what `EXTRA_VARIABLE` named."""


class Authority:
    """Issues a certificate for each name that a server is called by; usable as a context, and from several threads.

    Nothing is made before it is needed. The authority's own key is in memory only. A server's key is for a moment in a
    file of a folder that only this user may enter, since OpenSSL reads keys from files.
    """

    def __init__(self) -> None:
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
        """The files of this authority; RuntimeError after `close`."""
        with self._lock:
            folder, _ = self._made()
            return Certificates(*(str(folder / name) for name in ("ca.pem", "bundle.pem", "extra.pem")))

    def context(self, name: str) -> ssl.SSLContext:
        """How to be the server of a host name or an address; a client that names another host gets that one's.

        ValueError where it is neither, RuntimeError after `close`.
        """
        name = name.lower().rstrip(".")
        with self._lock:
            if name not in self._contexts:
                self._contexts[name] = self._issue(name)
                while len(self._contexts) > _MOST_NAMES:
                    self._contexts.popitem(last=False)
            self._contexts.move_to_end(name)
            return self._contexts[name]

    def close(self) -> None:
        """Remove the files and forget the key. It cannot be used again."""
        with self._lock:
            self._closed = True
            self._ca = None
            self._contexts.clear()
            if self._folder is not None and os.getpid() == self._process:  # in a forked child it is its parent's
                shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _made(self) -> tuple[Path, trustme.CA]:
        if self._closed:
            raise RuntimeError("the authority is closed")
        if self._folder is None or self._ca is None:
            import trustme  # noqa: PLC0415 - 80 ms that only who speaks TLS pays

            self._folder = self._folder or Path(tempfile.mkdtemp(prefix="pytest-otp-"))
            ca = trustme.CA(organization_name="pytest-otp", organization_unit_name="for one test run only")
            own = ca.cert_pem.bytes()
            _write(self._folder / "ca.pem", [own])
            _write(self._folder / "bundle.pem", [own, *_trusted_before(os.environ)])
            _write(self._folder / "extra.pem", [own, *_certificates_in(os.environ.get(EXTRA_VARIABLE))])
            self._ca = ca
        return self._folder, self._ca

    def _issue(self, name: str) -> ssl.SSLContext:
        import ssl  # noqa: PLC0415 - as trustme

        if not _NAME.fullmatch(name):
            raise ValueError("neither a host name nor an address")
        folder, ca = self._made()
        leaf = ca.issue_cert(name)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        with leaf.private_key_and_cert_chain_pem.tempfile(dir=str(folder)) as path:
            context.load_cert_chain(path)

        def by_name(connection: ssl.SSLSocket | ssl.SSLObject, asked: str | None, _: ssl.SSLContext) -> int | None:
            try:
                if asked:
                    connection.context = self.context(asked)
            except (ValueError, RuntimeError, OSError):
                return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
            return None

        context.sni_callback = by_name
        return context


def _write(path: Path, certificates: list[bytes]) -> None:
    path.write_bytes(b"".join(certificate.strip() + b"\n" for certificate in dict.fromkeys(certificates)))


def _trusted_before(environ: Mapping[str, str]) -> Iterator[bytes]:
    import ssl  # noqa: PLC0415 - see _made

    import certifi  # noqa: PLC0415 - see _made

    for named in (certifi.where(), ssl.get_default_verify_paths().cafile, *map(environ.get, BUNDLE_VARIABLES)):
        yield from _certificates_in(named)


def _certificates_in(named: str | None) -> list[bytes]:
    """The certificates of a file or a folder, and nothing else that may stand beside them; none where it is missing."""
    if not named:
        return []
    path = Path(named)
    found: list[bytes] = []
    for file in sorted(path.glob("*")) if path.is_dir() else [path]:
        with contextlib.suppress(OSError):  # the application could not read it either
            found += _CERTIFICATE.findall(file.read_bytes())
    return found
