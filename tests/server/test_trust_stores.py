"""What PHP and Java trust: made beside the certificates, whole, once."""

from __future__ import annotations

import shutil
import struct
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, pkcs12

from pytest_otp.errors import SettingsError
from pytest_otp.server.authority import Authority
from pytest_otp.server.certificates import Certificates
from pytest_otp.server.trust_stores import java_trust_store, jks_certificates, php_folder


@pytest.fixture
def certificates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Certificates]:
    """Those of an authority, on a machine without Java."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with Authority() as authority:
        yield authority.certificates()


@pytest.fixture
def java_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    (tmp_path / "jdk" / "lib" / "security").mkdir(parents=True)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    return tmp_path / "jdk"


def invented() -> x509.Certificate:
    return x509.load_pem_x509_certificate(trustme.CA().cert_pem.bytes())


def jks(*certificates: x509.Certificate) -> bytes:
    """A file in Java's own format, as `keytool -storetype JKS` writes it but for the digest at the end."""
    content = struct.pack(">III", 0xFEEDFEED, 2, len(certificates))
    for certificate in certificates:
        der = certificate.public_bytes(Encoding.DER)
        content += struct.pack(">IH4sQ", 2, 4, b"name", 0) + struct.pack(">H5sI", 5, b"X.509", len(der)) + der
    return content + b"\0" * 20


def trusted(path: str) -> list[x509.Certificate]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about authorities of this machine
        return [entry.certificate for entry in pkcs12.load_pkcs12(Path(path).read_bytes(), None).additional_certs]


def test_php_reads_the_bundle(certificates: Certificates) -> None:
    """The ini file names the file with all certificates for curl and for streams; asked again, it is the same."""
    folder = Path(php_folder(certificates))
    assert [path.name for path in folder.iterdir()] == ["pytest-otp.ini"]
    assert (folder / "pytest-otp.ini").read_text(encoding="ascii") == (
        f'curl.cainfo = "{certificates.bundle}"\nopenssl.cafile = "{certificates.bundle}"\n'
    )
    assert php_folder(certificates) == str(folder)


def test_java_trusts_what_others_trust(certificates: Certificates) -> None:
    """The trust store has our authority and those that everybody trusts."""
    store = java_trust_store(certificates)
    own = x509.load_pem_x509_certificate(Path(certificates.ca_file).read_bytes())
    found = trusted(store)
    assert own in found
    assert len(found) > 100
    assert java_trust_store(certificates) == store
    assert [path.name for path in Path(store).parent.glob("*.p12*")] == ["java.p12"]


@pytest.mark.parametrize("password", [None, b"changeit"])
def test_java_keeps_what_it_trusts(certificates: Certificates, java_home: Path, password: bytes | None) -> None:
    """Certificates of the installed Java, in PKCS #12, protected or not, are in it too."""
    company = invented()
    entries = [pkcs12.PKCS12Certificate(company, b"company")]
    protection = NoEncryption() if password is None else BestAvailableEncryption(password)
    content = pkcs12.serialize_java_truststore(entries, protection)
    (java_home / "lib" / "security" / "cacerts").write_bytes(content)
    assert company in trusted(java_trust_store(certificates))


def test_java_keeps_what_it_trusts_in_its_own_format(
    certificates: Certificates, java_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So are those in JKS, of the Java that is on the path if JAVA_HOME has none."""
    company = invented()
    (java_home / "lib" / "security" / "cacerts").write_bytes(jks(company))
    (java_home / "bin").mkdir()
    (java_home / "bin" / "java").touch(mode=0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "none"))
    monkeypatch.setenv("PATH", str(java_home / "bin"))
    assert company in trusted(java_trust_store(certificates))


@pytest.mark.parametrize("content", [b"", b"\xfe\xed\xfe\xed", b"something else"])
def test_a_java_that_cannot_be_read_is_left_out(certificates: Certificates, java_home: Path, content: bytes) -> None:
    """Its file may be damaged or in a format of its own."""
    (java_home / "lib" / "security" / "cacerts").write_bytes(content)
    assert len(trusted(java_trust_store(certificates))) > 100


def test_jks_is_read_as_far_as_it_goes() -> None:
    """A file that is cut gives the certificates before, and one with a private key those before that."""
    one, two = invented(), invented()
    whole = jks(one, two)
    ders = [certificate.public_bytes(Encoding.DER) for certificate in (one, two)]
    assert jks_certificates(whole) == ders
    assert jks_certificates(whole[: 12 + len(ders[0]) + 40]) == ders[:1]
    assert jks_certificates(whole.replace(struct.pack(">IH", 2, 4), struct.pack(">IH", 1, 4))) == []


def test_an_old_cryptography_is_an_error(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to upgrade."""
    monkeypatch.delattr(pkcs12, "serialize_java_truststore")
    with pytest.raises(SettingsError, match="cannot write a trust store with this version of cryptography") as caught:
        java_trust_store(certificates)
    assert "pip install --upgrade cryptography" in str(caught.value)
    assert shutil.which("java") is None
