"""What the wheel and the source archive hold."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.architecture.source import PACKAGE, ROOT


def build(folder: Path, *targets: str, mask: str = "022") -> Path:
    """Build from this checkout, under a umask."""
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder), *targets]
    built = subprocess.run(
        ["sh", "-c", f'umask {mask} && exec "$@"', "sh", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return folder


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel and the source archive, built from this checkout."""
    return build(tmp_path_factory.mktemp("dist"))


def test_the_wheel_can_be_reproduced(dist: Path, tmp_path: Path) -> None:
    """Built once more, later and under another umask, it has the same bytes: anyone can check what is published."""
    (first,), (second,) = dist.glob("*.whl"), build(tmp_path, "-t", "wheel", mask="077").glob("*.whl")
    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()


def test_wheel_contents(dist: Path) -> None:
    """The wheel holds the package's modules, word lists, pages, type marker, licence and metadata, and nothing else."""
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (entry_points,) = [name for name in names if name.endswith(".dist-info/entry_points.txt")]
        declared = archive.read(entry_points).decode()
    info = entry_points.rpartition("/")[0]
    package = {str(path.relative_to(ROOT)) for end in ("py", "pyi", "js") for path in PACKAGE.rglob(f"*.{end}")}
    data = {
        "pytest_otp/py.typed",
        "pytest_otp/browser/words.ini",
        "pytest_otp/codes/languages.index",
        "pytest_otp/codes/languages.ini",
        "pytest_otp/gateway/preload/node.cjs",
        "pytest_otp/sandbox/page.html",
    }
    metadata = {f"{info}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")}
    assert names == package | data | metadata
    assert "[pytest11]\notp = pytest_otp.plugin" in declared
    assert "[console_scripts]\npytest-otp = pytest_otp.cli:main" in declared


def test_source_archive_can_be_tested(dist: Path) -> None:
    """Who gets the source archive can run the suite from it, and finds nothing of the machine that it was built on."""
    (archive,) = dist.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    assert {
        "Makefile",
        "LICENSE",
        "README.md",
        "tox.ini",
        "tests/conftest.py",
        "examples/signup/pytest.ini",
    } <= names
    assert not [name for name in names if re.search(r"\.venv|__pycache__|\.env$|demo-report", name)]
