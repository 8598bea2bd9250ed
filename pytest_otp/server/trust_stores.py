"""What PHP and Java read in place of a PEM file that a variable names, made beside an authority's certificates.

Importing this module imports the standard library only.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import struct
import tempfile
import warnings
from pathlib import Path

from ..errors import SettingsError
from ..real_files import real_files
from .authority import Certificates, certificates_in

_PHP_INI = 'curl.cainfo = "{bundle}"\nopenssl.cafile = "{bundle}"\n'
_JAVA_DEFAULTS = (Path("lib/security/cacerts"), Path("jre/lib/security/cacerts"))
"""Relative to the folder of a JDK or JRE; the second is Java 8's."""
_JAVA_PASSWORDS = (None, b"changeit")
"""What the defaults of a Java installation are protected with, if with anything: for PKCS #12 it is optional."""
_JKS = b"\xfe\xed\xfe\xed"
_JKS_TRUSTED = 2


def php_folder(certificates: Certificates) -> str:
    """A folder with an ini file that makes PHP's curl and streams trust the authority, made on the first call."""
    folder = Path(certificates.bundle).parent / "php"
    with real_files():
        folder.mkdir(mode=0o700, exist_ok=True)
        _write_whole(folder / "pytest-otp.ini", _PHP_INI.format(bundle=certificates.bundle).encode())
    return str(folder)


def java_trust_store(certificates: Certificates) -> str:
    """A PKCS #12 file with the authority and what Java and other programs trust, made on the first call.

    Raises:
        SettingsError: If the installed `cryptography` cannot write it.
    """
    path = Path(certificates.bundle).parent / "java.p12"
    with real_files():
        if not path.exists():
            _write_whole(path, _java_store(certificates.bundle))
    return str(path)


def _java_store(bundle: str) -> bytes:
    from cryptography import x509  # noqa: PLC0415 - start-up cost: only for Java
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12  # noqa: PLC0415 - as above

    if not hasattr(pkcs12, "serialize_java_truststore"):
        raise SettingsError(
            "environ(java=True) cannot write a trust store with this version of cryptography",
            hint="Upgrade the package: pip install --upgrade cryptography",
        )
    loaded = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they are about details of other people's authorities
        for pem in certificates_in(bundle):
            with contextlib.suppress(ValueError):  # what one program cannot read, another may
                loaded.append(x509.load_pem_x509_certificate(pem))
        for der in _java_defaults():
            with contextlib.suppress(ValueError):
                loaded.append(x509.load_der_x509_certificate(der))
    entries = {
        certificate.fingerprint(SHA256()): pkcs12.PKCS12Certificate(certificate, f"trusted-{number}".encode())
        for number, certificate in enumerate(loaded, start=1)
    }
    return pkcs12.serialize_java_truststore(list(entries.values()), NoEncryption())


def _java_defaults() -> list[bytes]:
    """The certificates (DER) that the installed Java trusts; empty if there is none, or its format is unknown."""
    program = shutil.which("java")
    homes = [os.environ.get("JAVA_HOME"), program and os.path.dirname(os.path.dirname(os.path.realpath(program)))]
    for home in filter(None, homes):
        for below in _JAVA_DEFAULTS:
            with contextlib.suppress(OSError):
                content = (Path(home) / below).read_bytes()
                return jks_certificates(content) if content.startswith(_JKS) else _pkcs12_certificates(content)
    return []


def jks_certificates(content: bytes) -> list[bytes]:
    """The trusted certificates (DER) in a JKS file, Java's own format; those before the first that cannot be read.

    The format: magic, version, count; for each a tag, a name, a time, and of a certificate (tag 2) its type and bytes.
    """
    found: list[bytes] = []
    position = 12
    with contextlib.suppress(struct.error):
        for _ in range(struct.unpack_from(">I", content, 8)[0]):
            tag, length = struct.unpack_from(">IH", content, position)
            if tag != _JKS_TRUSTED:
                break  # a private key: no default
            position += 6 + length + 8
            position += 2 + struct.unpack_from(">H", content, position)[0]
            (size,) = struct.unpack_from(">I", content, position)
            position += 4 + size
            found.append(content[position - size : position])
    return found


def _pkcs12_certificates(content: bytes) -> list[bytes]:
    from cryptography.hazmat.primitives.serialization import Encoding, pkcs12  # noqa: PLC0415 - see _java_store

    for password in _JAVA_PASSWORDS:
        with contextlib.suppress(ValueError):
            entries = pkcs12.load_pkcs12(content, password).additional_certs
            return [entry.certificate.public_bytes(Encoding.DER) for entry in entries]
    return []


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file that other processes may be reading or writing."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
        file.write(content)
    os.replace(file.name, path)
