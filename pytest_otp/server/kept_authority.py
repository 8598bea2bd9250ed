"""An authority that is kept in a folder, so that a developer's machine has to trust it only once.

Its root signs one intermediate and is thrown away: nothing else can ever be signed for those who trust it. The
intermediate may issue certificates for certain hosts only, which every client checks, and for 90 days.
"""

from __future__ import annotations

import contextlib
import fcntl
import ipaddress
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from ..clock import utc_now
from ..errors import SettingsError
from ..loopback import ip_address
from ..real_files import real_files
from .certificates import CA_FILE, trusted_before
from .constrained import constraints_of, issue

__tracebackhide__ = True

LIFETIME = timedelta(days=90)

BUNDLE_FILE = "bundle.pem"
"""The root and what was trusted when it was made, for clients that read one file only."""
_CERTIFICATE_FILE = "intermediate.pem"
_KEY_FILE = "intermediate.key"

_LOOPBACK_NAMES = ("localhost",)
_LOOPBACK_NETWORKS = ("127.0.0.0/8", "::1/128")
_GIT_SECONDS = 10.0
_GIT_PLACES = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR")
_ANEW = "Delete the folder. The next run makes a new one, whose ca.pem you then have to trust."


@dataclass(frozen=True, slots=True)
class KeptFolder:
    """Where an authority is to be kept."""

    folder: Path
    """Is made, or may be empty."""
    project: Path
    """The project's root: the folder may be inside only if git ignores it."""
    setting: str
    """What it was set with, for messages."""


@dataclass(frozen=True, slots=True)
class KeptAuthority:
    """The authority in a folder."""

    folder: Path
    ca_pem: bytes
    certificate_pem: bytes
    """The intermediate's certificate, which servers send along."""
    key_pem: bytes = field(repr=False)
    names: frozenset[str]
    """The names that it may issue certificates for, with all names below them."""
    setting: str
    """What the folder was set with, for messages."""

    def covers(self, name: str) -> bool:
        """Whether it may issue a certificate for a host name or an IP address."""
        address = ip_address(name)
        if address is not None:
            return any(address in ipaddress.ip_network(network) for network in _LOOPBACK_NETWORKS)
        return any(name == each or name.endswith(f".{each}") for each in self.names)

    def check(self, names: Collection[str], *, hint: str = _ANEW) -> None:
        """Raises SettingsError, with this hint, unless it may issue certificates for all of these names."""
        missing = [name for name in names if not self.covers(name)]
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            raise SettingsError(
                f"{self.setting}: the authority in {self.folder} does not cover {missing[0]}{more}: it is limited to "
                "the hosts that were known when it was made",
                hint=hint,
            )


def kept_authority(
    where: KeptFolder, names: Collection[str], *, clock: Callable[[], datetime] = utc_now
) -> KeptAuthority:
    """Open the authority in a folder, or make it if there is none.

    Args:
        where: The folder.
        names: The names that it has to cover, with all names below them. Loopback is covered anyway.
        clock: Tells the time, in UTC.

    Raises:
        SettingsError: If it cannot be made or read, has expired, does not cover a name, or could be read by others.
    """
    folder, setting = Path(os.path.abspath(where.folder.expanduser())), where.setting
    with real_files():
        _check_ignored(folder, where.project, setting)
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with _locked(folder.parent):
                if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
                    _make(folder, names, clock())
                kept = _read(folder, setting, clock())
        except OSError as error:
            reason = f"{error.strerror}: {error.filename or folder}"
        else:
            kept.check(names)
            return kept
    raise SettingsError(f"{setting}: cannot keep an authority in {folder}: {reason}")


@contextlib.contextmanager
def _locked(parent: Path) -> Iterator[None]:
    """Exclude other runs. The lock is on the directory itself, so that no file of it stays."""
    handle = os.open(parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _make(folder: Path, names: Collection[str], now: datetime) -> None:
    """Make the folder under another name, so that it is there whole or not at all."""
    for left in folder.parent.glob(f".{folder.name}-*.new"):  # of a run that was killed here
        shutil.rmtree(left, ignore_errors=True)
    ca_pem, certificate_pem, key_pem = issue(sorted({*names, *_LOOPBACK_NAMES}), _LOOPBACK_NETWORKS, now, LIFETIME)
    new = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", suffix=".new", dir=folder.parent))  # for this user only
    try:
        bundle = b"".join(pem.strip() + b"\n" for pem in dict.fromkeys([ca_pem, *trusted_before(os.environ)]))
        contents = {CA_FILE: ca_pem, _CERTIFICATE_FILE: certificate_pem, BUNDLE_FILE: bundle}
        for name, content in contents.items():
            (new / name).write_bytes(content)
            (new / name).chmod(0o644)  # for a container, into which the file is mounted
        with open(os.open(new / _KEY_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key_pem)
        os.rename(new, folder)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


def _read(folder: Path, setting: str, now: datetime) -> KeptAuthority:
    if folder.is_dir() and not (folder / _KEY_FILE).exists():
        raise SettingsError(
            f"{setting}: {folder} holds other files, and no authority", hint="Use a folder that does not exist yet."
        )
    _check_private(folder, setting, 0o700)
    _check_private(folder / _KEY_FILE, setting, 0o600)
    ca_pem, certificate_pem, key_pem = (
        (folder / name).read_bytes() for name in (CA_FILE, _CERTIFICATE_FILE, _KEY_FILE)
    )
    try:
        names, end = constraints_of(ca_pem, certificate_pem, key_pem)
    except ValueError as error:
        raise SettingsError(
            f"{setting}: cannot read the authority in {folder}: {error}",
            hint=_ANEW,
        ) from None
    if now >= end:
        raise SettingsError(
            f"{setting}: the authority in {folder} expired on {end:%Y-%m-%d}",
            hint=_ANEW,
        )
    return KeptAuthority(folder, ca_pem, certificate_pem, key_pem, names, setting)


def _check_private(path: Path, setting: str, mode: int) -> None:
    status = path.stat()
    if status.st_uid != os.geteuid():
        raise SettingsError(f"{setting}: {path} belongs to another user", hint="Use a folder of your own.")
    if status.st_mode & 0o077:
        raise SettingsError(
            f"{setting}: other users can access {path}, and issue certificates that you trust",
            hint=f"If nobody else uses this machine, run chmod {mode:o} {path}. Otherwise, delete the folder.",
        )


def _check_ignored(folder: Path, project: Path, setting: str) -> None:
    """Refuse a folder that could be committed: its key would be public."""
    real, root = folder.resolve(), project.resolve()
    if not real.is_relative_to(root):
        return
    # In a hook, these name the repository whose hook it is.
    environment = {name: value for name, value in os.environ.items() if name not in _GIT_PLACES}
    command = ["git", "-C", str(root), "check-ignore", "--quiet", "--", str(real / _KEY_FILE)]
    try:
        done = subprocess.run(  # noqa: S603 - all of it is ours
            command, env=environment, capture_output=True, text=True, timeout=_GIT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = f"git cannot be asked whether it is ignored ({error})"
    else:
        if done.returncode == 0:
            return
        reason = (
            "git does not ignore it"
            if done.returncode == 1
            else f"git cannot tell whether it is ignored: {done.stderr.strip()}"
        )
    raise SettingsError(
        f"{setting}: {folder} is inside the project, and {reason}",
        hint=f"Its key must not be committed: use a folder outside {root}, or add this one to .gitignore.",
    )
