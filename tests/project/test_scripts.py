"""What `make browser` does on machines that lack something."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.architecture.source import ROOT


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder for PATH on a machine that has next to nothing; the user is not root."""
    for name in ("sh", "dirname"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    program(tmp_path, "id", "echo 1000")
    return tmp_path


def program(folder: Path, name: str, body: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    (folder / name).chmod(0o755)


def run_script(path: Path, name: str) -> subprocess.CompletedProcess[str]:
    command = [str(path / "sh"), str(ROOT / "scripts" / name)]
    return subprocess.run(
        command, env={"PATH": str(path)}, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def test_a_missing_browser_without_apt(bare: Path) -> None:
    """On a system without apt-get, make names the packages and stops."""
    run = run_script(bare, "browser.sh")
    assert run.returncode == 1
    assert "Please install chromium chromium-driver" in run.stderr
    assert "This machine has no apt-get." in run.stderr


def test_a_missing_browser_without_rights(bare: Path) -> None:
    """Without root, and without sudo that needs no password, make asks for the packages to be installed."""
    program(bare, "apt-get", "echo called: $@")
    program(bare, "sudo", "exit 1")
    run = run_script(bare, "browser.sh")
    assert run.returncode == 1
    assert "You are not root, and sudo is missing or asks for a password." in run.stderr
    assert "called" not in run.stdout


@pytest.mark.parametrize("user", ["root", "sudo"])
def test_a_missing_browser_is_installed(bare: Path, user: str) -> None:
    """Root, and who may use sudo without a password, gets browser and driver from apt."""
    program(bare, "apt-get", "echo called: $@")
    if user == "root":
        program(bare, "id", "echo 0")
    else:
        program(bare, "sudo", '[ "$1" = -n ] && exit 0\nexec "$@"')
    run = run_script(bare, "browser.sh")
    assert run.returncode == 0, run.stderr
    assert re.findall("called: (.*)", run.stdout) == [
        "update -q",
        "install -q -y --no-install-recommends chromium chromium-driver fonts-dejavu-core",
    ]


def test_a_failed_installation(bare: Path) -> None:
    """Where apt-get fails, make stops and says so."""
    program(bare, "apt-get", "exit 100")
    program(bare, "id", "echo 0")
    run = run_script(bare, "browser.sh")
    assert run.returncode == 1
    assert "apt-get failed; see its output above." in run.stderr


def test_a_browser_that_is_there_is_taken(bare: Path) -> None:
    """Nothing is installed where browser and driver are there under any of their names."""
    program(bare, "google-chrome", "")
    program(bare, "chromedriver", "")
    run = run_script(bare, "browser.sh")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
