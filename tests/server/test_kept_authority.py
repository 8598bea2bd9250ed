"""The authority that is kept: what it is limited to, who can read it, and when it is refused."""

from __future__ import annotations

import socket
import ssl
import stat
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import trustme

from pytest_otp.errors import SettingsError
from pytest_otp.server.authority import Authority
from pytest_otp.server.kept_authority import LIFETIME, KeptAuthority, KeptFolder, kept_authority

NAMES = ["api.twilio.com", "nexmo.com"]
ANEW = "Delete the folder. The next run makes a new one, whose ca.pem you then have to trust."


@pytest.fixture(autouse=True)
def _no_repository_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ca"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


@pytest.fixture
def keep(folder: Path, project: Path) -> Callable[..., KeptAuthority]:
    def kept(names: list[str] = NAMES, *, where: Path = folder, after: timedelta = timedelta()) -> KeptAuthority:
        at = datetime.now(timezone.utc) + after
        return kept_authority(KeptFolder(where, project, "--otp-gateway-ca"), names, clock=lambda: at)

    return kept


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def handshake(server: ssl.SSLContext, ca_file: Path, name: str) -> str:
    """Shake hands as a client that trusts the root alone; what it says if it refuses."""
    near, far = socket.socketpair()

    def serve() -> None:
        with far:
            try:
                server.wrap_socket(far, server_side=True).close()
            except OSError:
                return

    thread = threading.Thread(target=serve)
    thread.start()
    client = ssl.create_default_context(cafile=str(ca_file))
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    try:
        with client.wrap_socket(near, server_hostname=name):
            return "trusted"
    except ssl.SSLError as error:
        return str(error)
    finally:
        near.close()
        thread.join()


def issued_by(folder: Path, name: str) -> ssl.SSLContext:
    """A server whose certificate was issued with the key in the folder, whatever it is limited to."""
    certificate, key = ((folder / f"intermediate.{kind}").read_bytes() for kind in ("pem", "key"))
    leaf = trustme.CA.from_pem(certificate, key).issue_cert(name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with trustme.Blob(leaf.private_key_and_cert_chain_pem.bytes() + certificate).tempfile() as path:
        context.load_cert_chain(path)
    return context


def test_only_this_user_can_read_the_key(keep: Callable[..., KeptAuthority], folder: Path) -> None:
    """The folder and the key are private; the root's key is nowhere, and nothing else is left beside the folder."""
    keep()
    assert (mode(folder), mode(folder / "intermediate.key")) == (0o700, 0o600)
    assert sorted(path.name for path in folder.iterdir()) == [
        "bundle.pem",
        "ca.pem",
        "intermediate.key",
        "intermediate.pem",
    ]
    assert [path.name for path in folder.iterdir() if b"PRIVATE KEY" in path.read_bytes()] == ["intermediate.key"]
    assert [path.name for path in folder.parent.iterdir()] == ["ca"]


@pytest.mark.parametrize(
    "name", ["api.twilio.com", "eu.api.twilio.com", "rest.nexmo.com", "localhost", "127.0.0.1", "127.1.2.3", "::1"]
)
def test_who_trusts_the_root_trusts_what_it_covers(keep: Callable[..., KeptAuthority], folder: Path, name: str) -> None:
    """A client that knows ca.pem alone accepts the server's certificate, with strict checks too."""
    with Authority(kept=keep()) as authority:
        assert authority.certificates().ca_file == str(folder / "ca.pem")
        assert handshake(authority.context(name), folder / "ca.pem", name) == "trusted"
    assert (folder / "ca.pem").exists()


@pytest.mark.parametrize("name", ["twilio.com", "example.com", "xnexmo.com", "10.0.0.1", "2001:db8::1"])
def test_nothing_else_is_trusted(keep: Callable[..., KeptAuthority], folder: Path, name: str) -> None:
    """For other hosts, no certificate is issued, and one that is made with the key is refused by clients."""
    with Authority(kept=keep()) as authority, pytest.raises(ValueError, match=f"does not cover {name}"):
        authority.context(name)
    assert "permitted subtree violation" in handshake(issued_by(folder, name), folder / "ca.pem", name)


def test_it_stays_the_same(keep: Callable[..., KeptAuthority], folder: Path) -> None:
    """Later runs use what is there, until the last of its days."""
    made = keep()
    assert keep(after=LIFETIME - timedelta(minutes=1)) == made
    assert timedelta(days=90) == LIFETIME


def test_runs_that_start_at_once_make_one(keep: Callable[..., KeptAuthority]) -> None:
    """Only the first makes the folder; the others wait for it and use it."""
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: keep(), range(8)))
    assert len({each.ca_pem for each in made}) == 1


def test_what_a_killed_run_left_is_removed(keep: Callable[..., KeptAuthority], folder: Path) -> None:
    """A folder that was not finished is not used, and does not stay."""
    unfinished = folder.parent / ".ca-0123.new"
    unfinished.mkdir(parents=True)
    (unfinished / "intermediate.key").write_bytes(b"half a key")
    keep()
    assert [path.name for path in folder.parent.iterdir()] == ["ca"]


def test_an_empty_folder_is_used(keep: Callable[..., KeptAuthority], folder: Path) -> None:
    """One that was made by hand becomes private."""
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    keep()
    assert mode(folder) == 0o700


def test_another_host_is_refused(keep: Callable[..., KeptAuthority], folder: Path) -> None:
    """A folder that does not cover a host is not changed; the error says to make it anew."""
    made = keep()
    with pytest.raises(SettingsError) as caught:
        keep([*NAMES, "sms.example.com", "sms.example.org"])
    assert caught.value.message == (
        f"--otp-gateway-ca: the authority in {folder} does not cover sms.example.com and 1 more: it is limited to the "
        "hosts that were known when it was made"
    )
    assert caught.value.hint == ANEW
    assert keep() == made
    with pytest.raises(SettingsError, match=r"does not cover sms\.example\.com: it is"):
        made.check(["eu.api.twilio.com", "sms.example.com"])


def test_an_expired_one_is_not_replaced(keep: Callable[..., KeptAuthority], folder: Path) -> None:
    """What people trusted must not change silently: the error says when it expired, and what to do."""
    keep()
    before = (folder / "ca.pem").read_bytes()
    end = datetime.now(timezone.utc) + LIFETIME
    with pytest.raises(SettingsError) as caught:
        keep(after=LIFETIME + timedelta(minutes=1))
    assert caught.value.message.startswith(f"--otp-gateway-ca: the authority in {folder} expired on {end:%Y-%m-%d}")
    assert caught.value.hint == ANEW
    assert (folder / "ca.pem").read_bytes() == before


def test_a_key_that_others_can_read_is_refused(keep: Callable[..., KeptAuthority], folder: Path) -> None:
    """So is a folder that others can enter; the error says how to close it."""
    keep()
    (folder / "intermediate.key").chmod(0o640)
    with pytest.raises(SettingsError, match=r"other users can access .*intermediate\.key") as caught:
        keep()
    assert f"chmod 600 {folder / 'intermediate.key'}" in str(caught.value)
    folder.chmod(0o755)
    with pytest.raises(SettingsError, match="other users can access") as caught:
        keep()
    assert f"chmod 700 {folder}" in str(caught.value)


def test_a_damaged_folder_is_refused(keep: Callable[..., KeptAuthority], folder: Path, tmp_path: Path) -> None:
    """Files that do not belong together, are missing, or are something else are not used."""
    keep()
    keep(where=tmp_path / "other")
    for name, message in (
        ("ca.pem", "the certificate is not one that the root has limited to certain hosts"),
        ("intermediate.key", "the key is not the certificate's"),
    ):
        own = (folder / name).read_bytes()
        (folder / name).write_bytes((tmp_path / "other" / name).read_bytes())
        with pytest.raises(SettingsError, match=message) as caught:
            keep()
        assert caught.value.hint == ANEW
        (folder / name).write_bytes(own)
    (folder / "ca.pem").write_bytes(b"no certificate")
    with pytest.raises(SettingsError, match="cannot read the authority in"):
        keep()
    (folder / "ca.pem").unlink()
    with pytest.raises(SettingsError, match=r"cannot keep an authority in .*: No such file or directory: .*ca\.pem"):
        keep()


def test_a_folder_with_other_things_is_refused(keep: Callable[..., KeptAuthority], folder: Path) -> None:
    """Neither a folder that is used for something else nor a file is touched."""
    folder.mkdir(parents=True, mode=0o700)
    (folder / "notes.txt").write_text("mine", encoding="ascii")
    with pytest.raises(SettingsError, match=r"/ca holds other files, and no authority"):
        keep()
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]
    with pytest.raises(SettingsError, match=r"cannot keep an authority in .*: File exists: .*/notes\.txt"):
        keep(where=folder / "notes.txt" / "ca")


def test_the_project_s_own_git_is_asked(
    keep: Callable[..., KeptAuthority], project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a hook of another repository, which ignores everything, the project's repository still decides."""
    for where in (project, tmp_path / "other"):
        subprocess.run(["git", "init", "--quiet", str(where)], check=True)
    exclude = tmp_path / "other" / ".git" / "info" / "exclude"
    exclude.parent.mkdir(exist_ok=True)
    exclude.write_text("*\n", encoding="ascii")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    with pytest.raises(SettingsError, match="is inside the project, and git does not ignore it"):
        keep(where=project / ".otp-ca")


def test_inside_the_project_git_must_ignore_it(
    keep: Callable[..., KeptAuthority], project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key could be committed otherwise: without git, a repository or an entry in .gitignore it is refused."""
    inside = project / ".otp-ca"
    (tmp_path / "link").symlink_to(project)
    message = r"is inside the project, and git cannot tell whether it is ignored: fatal: not a git repository"
    with pytest.raises(SettingsError, match=message):
        keep(where=inside)
    subprocess.run(["git", "init", "--quiet", str(project)], check=True)
    for where in (inside, tmp_path / "link" / ".otp-ca"):
        with pytest.raises(SettingsError, match="is inside the project, and git does not ignore it") as caught:
            keep(where=where)
        assert f"use a folder outside {project.resolve()}, or add this one to .gitignore" in str(caught.value)
    assert not inside.exists()
    (project / ".gitignore").write_text(".otp-ca/\n", encoding="ascii")
    keep(where=inside)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsError, match="git cannot be asked whether it is ignored"):
        keep(where=inside)
