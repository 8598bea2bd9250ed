"""What holds for the project as a whole: which way imports go, what the wheel holds, and what its files promise."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "pytest_otp"


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel and the source archive, built from this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return folder


def test_wheel_contents(dist: Path) -> None:
    """The wheel holds the package's modules, word lists, page, type marker, licence and metadata, and nothing else."""
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (entry_points,) = [name for name in names if name.endswith(".dist-info/entry_points.txt")]
        declared = archive.read(entry_points).decode()
    info = entry_points.rpartition("/")[0]
    package = {str(path.relative_to(ROOT)) for path in PACKAGE.rglob("*.py")}
    data = {"pytest_otp/py.typed", "pytest_otp/codes/languages.ini", "pytest_otp/sandbox/page.html"}
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
        "tests/architecture/test_architecture.py",
        "examples/signup/pytest.ini",
    } <= names
    assert not [name for name in names if re.search(r"\.venv|__pycache__|\.env$|demo-report", name)]


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


def test_a_missing_browser_without_apt_is_told(bare: Path) -> None:
    """On a system without apt-get, make names the packages and stops."""
    run = run_script(bare, "browser.sh")
    assert run.returncode == 1
    assert "Please install: chromium chromium-driver" in run.stderr
    assert "This machine has no apt-get." in run.stderr


def test_a_missing_browser_without_rights_is_told(bare: Path) -> None:
    """Who is not root and would have to type a password is asked to install the packages."""
    program(bare, "apt-get", "echo called: $@")
    program(bare, "sudo", "exit 1")
    run = run_script(bare, "browser.sh")
    assert run.returncode == 1
    assert "You are not root, and sudo is not there or wants a password." in run.stderr
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


def test_a_failed_installation_is_told(bare: Path) -> None:
    """Where apt-get fails, make stops and says so."""
    program(bare, "apt-get", "exit 100")
    program(bare, "id", "echo 0")
    run = run_script(bare, "browser.sh")
    assert run.returncode == 1
    assert "apt-get could not do it; its own words are above." in run.stderr


def test_a_browser_that_is_there_is_taken(bare: Path) -> None:
    """Nothing is installed where browser and driver are there under any of their names."""
    program(bare, "google-chrome", "")
    program(bare, "chromedriver", "")
    run = run_script(bare, "browser.sh")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_every_target_is_phony_and_told() -> None:
    """`make` alone lists every target that a person would call, and no file's name can hide one."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = set(re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)[0].split())
    targets = set(re.findall(r"^([a-z]+):", text, re.MULTILINE))
    told = set(re.findall(r"^([a-z]+):.*## ", text, re.MULTILINE))
    assert targets == phony
    assert targets - told == {"browser", "node"}


def test_ci_runs_what_people_run() -> None:
    """CI calls make targets and nothing else, so that a green run can be had on any machine."""
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    commands = [line for line in lines if line and not line.startswith(("#", "set ", "cd "))]
    assert {"make lint", "make test"} <= set(commands)
    assert all(re.fullmatch(r"make [a-z]+", command) for command in commands)


def test_the_changelog_knows_this_version() -> None:
    """The version that is built has its section in the changelog."""
    (version,) = re.findall(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert re.search(
        rf"^## \[{re.escape(version)}\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )


@pytest.mark.parametrize(
    "path",
    sorted(ROOT.glob("tests/**/test_*.py")) + sorted(ROOT.glob("examples/**/test_*.py")),
    ids=lambda path: path.name,
)
def test_every_test_says_what_it_proves(path: Path) -> None:
    """Each test function has a docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    silent = [node.name for node in functions if node.name.startswith("test_") and not ast.get_docstring(node)]
    assert not silent
