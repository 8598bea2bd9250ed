"""The certificate authority of one server: a throwaway one, or one that is kept.

Importing this module imports the standard library only; trustme and cryptography are imported when they are needed.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

from ..real_files import real_files
from .certificates import CA_FILE, EXTRA_VARIABLE, Certificates, certificates_in, trusted_before

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

    import trustme

    from .kept_authority import KeptAuthority

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|[0-9a-f:.]+")  # a host name or an IP address


class Authority:
    """Issues a certificate for each host name of a server. A context manager; safe to use from several threads.

    Nothing is created before it is needed. The authority's key stays in memory. A server's key is briefly in a file
    in a directory that only this user can enter, since OpenSSL reads keys from files.

    Args:
        kept: An authority to issue the certificates with, in place of a throwaway one.
        max_names: How many host names' certificates are kept; the least recently used are dropped first.
    """

    def __init__(self, *, kept: KeptAuthority | None = None, max_names: int = 256) -> None:
        self._kept = kept
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
            bundle, extra = str(folder / "bundle.pem"), str(folder / "extra.pem")
            return Certificates(str((self._kept.folder if self._kept else folder) / CA_FILE), bundle, extra)

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

            if self._kept is None:
                ca = trustme.CA(organization_name="pytest-otp", organization_unit_name="for one test run only")
                own = ca.cert_pem.bytes()
            else:
                ca = trustme.CA.from_pem(self._kept.certificate_pem, self._kept.key_pem)
                own = self._kept.ca_pem
            with real_files():
                self._folder = self._folder or Path(tempfile.mkdtemp(prefix="pytest-otp-"))
                if self._kept is None:
                    _write(self._folder / CA_FILE, [own])
                _write(self._folder / "bundle.pem", [own, *trusted_before(os.environ)])
                _write(self._folder / "extra.pem", [own, *certificates_in(os.environ.get(EXTRA_VARIABLE))])
            self._ca = ca
        return self._folder, self._ca

    def _issue(self, name: str) -> ssl.SSLContext:
        import ssl  # noqa: PLC0415 - see _made

        import trustme  # noqa: PLC0415 - see _made

        if not _NAME.fullmatch(name):
            raise ValueError(f"invalid host name: {name!r}")
        if self._kept and not self._kept.covers(name):
            raise ValueError(f"the authority does not cover {name}")
        folder, ca = self._made()
        leaf = ca.issue_cert(name)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        chain = leaf.private_key_and_cert_chain_pem.bytes() + (self._kept.certificate_pem if self._kept else b"")
        with trustme.Blob(chain).tempfile(dir=str(folder)) as path:
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
