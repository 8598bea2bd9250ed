"""The throw-away authority: what it imports, what it writes, what it makes trusted, and that nothing of it stays."""

from __future__ import annotations

import re
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_otp.server.authority import Authority
from pytest_otp.server.certificates import Certificates

PRIVATE_KEY = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def authority() -> Iterator[Authority]:
    with Authority() as made:
        yield made


def made_up(letter: str) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{letter * 64}\n-----END CERTIFICATE-----\n"


def greet(server: ssl.SSLContext, client: ssl.SSLContext, name: str | None) -> dict[str, object]:
    """Shake hands; the certificate that the client was shown."""
    near, far = socket.socketpair()
    refused: list[Exception] = []

    def serve() -> None:
        try:
            server.wrap_socket(far, server_side=True).close()
        except OSError as error:
            refused.append(error)
            far.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(near, server_hostname=name) as secured:
            return dict(secured.getpeercert() or {})
    finally:
        near.close()
        thread.join()


def names_in(certificate: dict[str, object]) -> object:
    return certificate["subjectAltName"]


def test_nothing_is_made_before_it_is_needed(authority: Authority) -> None:
    """An unused authority writes nothing; the first call creates its folder."""
    assert list(Path(tempfile.gettempdir()).iterdir()) == []
    authority.certificates()
    assert len(list(Path(tempfile.gettempdir()).iterdir())) == 1


def test_what_it_needs_is_loaded_when_it_is_needed() -> None:
    """Neither the modules nor a running server with an authority load TLS; the first certificate does."""
    program = """
import sys
from pytest_otp.server.authority import Authority
from pytest_otp.gateway.address import GatewayAddress
from pytest_otp.server.proxy import Proxy
heavy = ("trustme", "cryptography", "certifi", "ssl")
GatewayAddress(None).environ()
with Authority() as authority:
    print([name for name in heavy if name in sys.modules])
    authority.certificates()
print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n['trustme', 'cryptography', 'certifi', 'ssl']\n"


def test_its_files_are_private_and_hold_no_key(authority: Authority) -> None:
    """Only this user can enter the folder, and after certificates were issued no file in it is a key."""
    authority.context("api.twilio.com")
    folder = Path(authority.certificates().ca_file).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sorted(path.name for path in folder.iterdir()) == ["bundle.pem", "ca.pem", "extra.pem"]
    assert not any("PRIVATE KEY" in path.read_text(encoding="ascii") for path in folder.iterdir())


def test_nothing_stays(authority: Authority) -> None:
    """After close() the folder is gone and the authority cannot be used again; a second close() does nothing."""
    authority.context("localhost")
    authority.close()
    authority.close()
    assert list(Path(tempfile.gettempdir()).iterdir()) == []
    with pytest.raises(RuntimeError, match="the authority is closed"):
        authority.certificates()
    with pytest.raises(RuntimeError, match="the authority is closed"):
        authority.context("localhost")


@pytest.mark.parametrize("name", ["api.twilio.com", "sns.us-east-1.amazonaws.com", "127.0.0.1", "::1", "gateway"])
def test_who_trusts_it_trusts_what_it_issues(authority: Authority, name: str) -> None:
    """A client that knows ca.pem alone accepts the server under each name and address, with strict checks too."""
    client = ssl.create_default_context(cafile=authority.certificates().ca_file)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    assert greet(authority.context(name), client, name)


def test_who_does_not_trust_it_refuses(authority: Authority) -> None:
    """A client that trusts one authority refuses another's certificates."""
    with Authority() as other:
        client = ssl.create_default_context(cafile=other.certificates().ca_file)
        with pytest.raises(ssl.SSLCertVerificationError):
            greet(authority.context("api.twilio.com"), client, "api.twilio.com")


def test_the_client_names_the_host(authority: Authority) -> None:
    """A client gets the certificate of the host that it names; without a name, that of the context."""
    trusting = ssl.create_default_context(cafile=authority.certificates().ca_file)
    shown = greet(authority.context("127.0.0.1"), trusting, "rest.nexmo.com")
    assert names_in(shown) == (("DNS", "rest.nexmo.com"),)
    trusting.check_hostname = False
    assert names_in(greet(authority.context("127.0.0.1"), trusting, None)) == (("IP Address", "127.0.0.1"),)


def test_a_name_that_is_none_is_refused(authority: Authority) -> None:
    """An invalid host name gets no certificate, and a client that asks for one a TLS alert that says so."""
    with pytest.raises(ValueError, match=r"^invalid host name: 'someone@example\.com'$"):
        authority.context("someone@example.com")
    client = ssl.create_default_context(cafile=authority.certificates().ca_file)
    client.check_hostname = False
    with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"):
        greet(authority.context("localhost"), client, "not/a/name")


def test_certificates_are_kept_for_the_last_names_only() -> None:
    """Of more names than `max_names` the least recently used is dropped."""
    with Authority(max_names=2) as authority:
        first, second = authority.context("one.example"), authority.context("two.example")
        assert authority.context("ONE.example.") is first
        authority.context("three.example")
        assert authority.context("one.example") is first
        assert authority.context("two.example") is not second


def test_many_at_once_share_one(authority: Authority) -> None:
    """Threads that ask at the same time all get the same authority."""
    start = threading.Barrier(8)
    seen: list[Certificates] = []

    def ask() -> None:
        start.wait(30)
        authority.context("api.twilio.com")
        seen.append(authority.certificates())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert len(set(seen)) == 1
    assert len(list(Path(tempfile.gettempdir()).iterdir())) == 1


def test_what_was_trusted_stays_trusted(authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bundle holds certifi's authorities and those of files and folders that the environment named, once each."""
    (tmp_path / "company.pem").write_text(f"# ours\n{made_up('A')}{PRIVATE_KEY}{made_up('B')}", encoding="ascii")
    folder = tmp_path / "folder"
    (folder / "below").mkdir(parents=True)
    (folder / "0001.0").write_text(made_up("B") + made_up("C"), encoding="ascii")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "company.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(folder))
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    files = authority.certificates()
    bundle = Path(files.bundle).read_text(encoding="ascii")
    assert [bundle.count(letter * 64) for letter in "ABC"] == [1, 1, 1]
    assert bundle.startswith(Path(files.ca_file).read_text(encoding="ascii").strip())
    assert len(re.findall("BEGIN CERTIFICATE", bundle)) > 50
    assert "PRIVATE KEY" not in bundle


def test_node_keeps_what_it_trusted(authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file for Node.js includes the certificates in NODE_EXTRA_CA_CERTS and the authority's own."""
    (tmp_path / "company.pem").write_text(made_up("A"), encoding="ascii")
    monkeypatch.setenv("NODE_EXTRA_CA_CERTS", str(tmp_path / "company.pem"))
    files = authority.certificates()
    own = Path(files.ca_file).read_text(encoding="ascii")
    assert Path(files.extra).read_text(encoding="ascii") == own + made_up("A")
