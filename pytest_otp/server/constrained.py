"""The certificates of an authority that may issue others for certain hosts only.

Importing this module imports the standard library only.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

_SKEW = timedelta(hours=1)
"""How far the clock of a client may be behind."""


def issue(
    names: Iterable[str], networks: Iterable[str], now: datetime, lifetime: timedelta
) -> tuple[bytes, bytes, bytes]:
    """Make a root and an intermediate, and forget the root's key.

    Args:
        names: The host names that the intermediate may issue certificates for, with all names below them.
        networks: The same for IP addresses.
        now: The time, in UTC.
        lifetime: How long both are valid.

    Returns:
        The root's certificate, the intermediate's certificate and its key, as PEM.
    """
    from cryptography import x509  # noqa: PLC0415 - start-up cost: only to make an authority
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives import serialization as form  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - as above

    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name, name = (_named(f"pytest-otp SMS gateway, {kind} of {now:%Y-%m-%d}") for kind in ("root", "authority"))
    valid = (now - _SKEW, now + lifetime)
    permitted: list[x509.GeneralName] = [x509.DNSName(each) for each in names]
    permitted += [x509.IPAddress(ipaddress.ip_network(network)) for network in networks]
    root = _authority(root_name, root_name, root_key, root_key, valid, below=1).sign(root_key, hashes.SHA256())
    intermediate = (
        _authority(name, root_name, key, root_key, valid, below=0)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    key_pem = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    return root.public_bytes(form.Encoding.PEM), intermediate.public_bytes(form.Encoding.PEM), key_pem


def constraints_of(ca_pem: bytes, certificate_pem: bytes, key_pem: bytes) -> tuple[frozenset[str], datetime]:
    """The host names that an intermediate may issue certificates for, and when it expires, in UTC.

    Raises `ValueError` if these are not what `issue` made together.
    """
    from cryptography import x509  # noqa: PLC0415 - as in `issue`
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - as in `issue`
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - as in `issue`
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 - as in `issue`

    root, certificate = map(x509.load_pem_x509_certificate, (ca_pem, certificate_pem))
    key, root_key = load_pem_private_key(key_pem, None), root.public_key()
    if key.public_key() != certificate.public_key():
        raise ValueError("the key is not the certificate's")
    try:
        if not isinstance(root_key, ec.EllipticCurvePublicKey) or certificate.signature_hash_algorithm is None:
            raise InvalidSignature
        algorithm = ec.ECDSA(certificate.signature_hash_algorithm)
        root_key.verify(certificate.signature, certificate.tbs_certificate_bytes, algorithm)
        permitted = certificate.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees
    except (InvalidSignature, x509.ExtensionNotFound):
        raise ValueError("the certificate is not one that the root has limited to certain hosts") from None
    names = frozenset(each.value for each in permitted or () if isinstance(each, x509.DNSName))
    return names, _end_of(certificate)


def _authority(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    valid: tuple[datetime, datetime],
    *,
    below: int,
) -> x509.CertificateBuilder:
    """A certificate that may sign others, with so many authorities below it."""
    from cryptography import x509  # noqa: PLC0415 - as in `issue`

    signs_others_only = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
        .add_extension(x509.BasicConstraints(ca=True, path_length=below), critical=True)
        .add_extension(signs_others_only, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(issuer_id, critical=False)
    )


def _named(name: str) -> x509.Name:
    from cryptography import x509  # noqa: PLC0415 - as in `issue`

    return x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, name)])


def _end_of(certificate: x509.Certificate) -> datetime:
    if hasattr(certificate, "not_valid_after_utc"):
        return certificate.not_valid_after_utc
    return certificate.not_valid_after.replace(tzinfo=timezone.utc)  # cryptography before 42
