"""Files of certificates that make programs trust an authority, and what programs trust already.

Importing this module imports the standard library only.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

CA_FILE = "ca.pem"
BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "AWS_CA_BUNDLE")
"""Variables that name a file of all trusted authorities: ours is added to those trusted before."""

EXTRA_VARIABLE = "NODE_EXTRA_CA_CERTS"
"""Names a file of authorities that Node.js trusts in addition to its own."""

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files that make a program trust the authority. They are removed when the server stops, unless it is kept."""

    ca_file: str
    """The authority's own certificate."""
    bundle: str
    """The same, with all certificates trusted before: certifi's, OpenSSL's and those in `BUNDLE_VARIABLES`."""
    extra: str
    """The same, with the certificates in `EXTRA_VARIABLE`."""


def trusted_before(environ: Mapping[str, str]) -> Iterator[bytes]:
    """The certificates that programs with this environment trust, as PEM."""
    import ssl  # noqa: PLC0415 - start-up cost: only for TLS

    import certifi  # noqa: PLC0415 - start-up cost: only for TLS

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
