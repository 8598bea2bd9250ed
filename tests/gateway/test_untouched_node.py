"""An application in Node with Twilio's official package: `environ()` alone brings its SMS to the test."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pytest_otp.gateway.address import serving
from pytest_otp.gateway.app import Gateway
from pytest_otp.offline.carrier import Carrier

ROOT = Path(__file__).parent.parent.parent
SCRIPT = ROOT / "scripts" / "node.sh"
APPLICATION = ROOT / "tests" / "gateway" / "node" / "send.js"
REFUSED = APPLICATION.with_name("refused.js")


@pytest.fixture(scope="module")
def modules() -> Path:
    """Where the packages are; they are installed where they are missing, as `make node` does."""
    folder = ROOT / ".node"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another worker may be at it
        done = subprocess.run([str(SCRIPT)], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "node_modules"


def run(modules: Path, folder: Path, carrier: Carrier, *command: str) -> Any:
    """What an application prints as JSON."""
    with serving(Gateway(carrier), host="127.0.0.1", port=0, setting="--otp-gateway") as address:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "NODE_MODULES": str(modules),
            **address.environ(),
        }
        done = subprocess.run(
            ["node", *command], env=environment, cwd=folder, capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_node_package_sends_to_the_test(modules: Path, tmp_path: Path) -> None:
    """It sends, looks up, verifies, calls and is refused a bad number, each as Twilio would answer, by https."""
    carrier = Carrier(seed=1)
    line = carrier.allocate("US")
    told = run(modules, tmp_path, carrier, str(APPLICATION), line.e164, "Your code is 482913")
    assert told.pop("sid").startswith("SM")
    assert told == {
        "found": "Your code is 482913",
        "code": 21211,
        "status": 400,
        "checks": ["pending", "approved", 20404],
        "line": "mobile",
    }
    assert [sms.text for sms in line.messages()] == [
        "Your code is 482913",
        "Your Acme verification code is: 424242",
        "Your code is 1234",
    ]


def test_the_node_package_shows_why_it_was_refused(modules: Path, tmp_path: Path) -> None:
    """What the gateway does not serve is refused inside the tunnel, so that the package's error has the reason."""
    told = run(modules, tmp_path, Carrier(seed=1), str(REFUSED))
    assert told["status"] == 403
    assert told["message"].startswith("pytest-otp: conversations.twilio.com is blocked, because the gateway does not")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine that has next to nothing, with a project that has the script; the user is not root."""
    project, programs = tmp_path / "project", tmp_path / "bin"
    (project / "scripts").mkdir(parents=True)
    programs.mkdir()
    for name in ("node.sh", "apt.sh"):
        shutil.copy(ROOT / "scripts" / name, project / "scripts")
    shutil.copytree(APPLICATION.parent, project / "tests" / "gateway" / "node")
    for name in ("sh", "dirname", "mkdir", "cp", "cmp"):
        (programs / name).symlink_to(str(shutil.which(name)))
    program(tmp_path, "id", "echo 1000")
    return tmp_path


def program(machine: Path, name: str, body: str) -> None:
    (machine / "bin" / name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    (machine / "bin" / name).chmod(0o755)


def install(machine: Path) -> subprocess.CompletedProcess[str]:
    command = [str(machine / "bin" / "sh"), str(machine / "project" / "scripts" / "node.sh")]
    environment = {"PATH": str(machine / "bin")}
    return subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def test_without_node_make_says_what_to_install(machine: Path) -> None:
    """Where Node or npm is missing and cannot be installed, the packages are named."""
    done = install(machine)
    assert done.returncode == 1
    assert "Please install nodejs npm" in done.stderr
    program(machine, "node", "exit 0")
    assert "Please install npm (Debian package names)" in install(machine).stderr


def test_packages_are_installed_once(machine: Path) -> None:
    """The first run installs what the lock file says, without running anything of it; the second does nothing."""
    program(machine, "node", "exit 0")
    program(machine, "npm", "echo called: $@ with *.json")
    first = install(machine)
    assert first.returncode == 0, first.stderr
    assert "called: ci --ignore-scripts --no-audit --no-fund --loglevel=error with package-lock.json package.json" in (
        first.stdout
    )
    second = install(machine)
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    lock = machine / "project" / "tests" / "gateway" / "node" / "package-lock.json"
    lock.write_text(lock.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert "called: ci" in install(machine).stdout


def test_a_failed_installation_is_not_taken_for_one(machine: Path) -> None:
    """Where npm fails, so does make, and the next run tries again."""
    program(machine, "node", "exit 0")
    program(machine, "npm", "echo its own words >&2; exit 7")
    done = install(machine)
    assert done.returncode == 7
    assert "its own words" in done.stderr
    assert install(machine).returncode == 7


def test_the_lock_file_names_no_server() -> None:
    """Each machine's npm takes the packages from the registry that it is set up with, and checks what it gets."""
    lock = json.loads((APPLICATION.parent / "package-lock.json").read_text(encoding="utf-8"))
    packages = [package for name, package in lock["packages"].items() if name]
    assert len(packages) > 10
    assert all("integrity" in package and "resolved" not in package for package in packages)
