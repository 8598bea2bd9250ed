"""What holds for the project as a whole: which way imports go, what the wheel holds, and what its files promise."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "pytest_otp"

# Which modules of ours each module may import: when it is itself imported, and, after the bar, later, inside functions.
# `errors` and `redact` are left out, since everything may import them. A wrong arrow is a design question: ask before
# adding one.
MAY_IMPORT = """
    (package)
    _fixtures             _run number ordering providers.base settings | _webhook
    _gateways             _fixtures _run server server.gateway server.gateway.address | carrier server.relay
    _prepare              _reports _run places providers settings | _webhook
    _reports
    _run                  books guard settings stopping summary | ledger
    _webhook              providers pushes server server.webhook settings | _prepare server.relay
    _xdist                settings | _gateways _run _webhook books places server.relay stopping
    books                 providers.base
    carrier               numbering
    cli                   cli.codes cli.orders cli.output cli.sandbox cli.sweeping
    cli.__main__          cli
    cli.accounts          books cli.ledgers ledger providers recorded
    cli.codes             cli.output | codes
    cli.ledgers           books ledger liveness places settings
    cli.orders            books cli.ledgers cli.output ledger summary
    cli.output
    cli.sandbox           cli.output rentals | carrier server.gateway server.gateway.address server.proxy
                          server.sandbox
    cli.sweeping          books cli.accounts cli.ledgers cli.orders cli.output closers ledger summary sweep
    closers               closing providers.base recorded
    closing               providers.base
    codes                 codes.judging codes.lexicon codes.scene | codes.formats
    codes.announcing      codes.lexicon codes.never codes.placing codes.scene codes.shapes
    codes.contexts        codes.announcing codes.lexicon codes.never codes.placing codes.scene codes.shapes
    codes.formats         codes.never codes.scene
    codes.index           codes.kinds
    codes.judging         codes.announcing codes.never codes.placing codes.refusing codes.scene codes.shapes
    codes.kinds
    codes.lexicon         codes.index codes.reading | codes.listing
    codes.listing         codes.kinds codes.reading
    codes.never           codes.lexicon codes.reading
    codes.placing         codes.lexicon codes.scene codes.shapes
    codes.reading
    codes.refusing        codes.announcing codes.contexts codes.never codes.placing codes.scene codes.shapes
    codes.scene           codes.kinds codes.lexicon codes.never codes.reading codes.shapes
    codes.shapes
    errors
    filters               codes providers.base
    guard                 books closing places providers recorded | closers keeper.client keeper.provider ledger sweep
    inbox                 providers.base
    keeper
    keeper.client         books keeper.side keeper.wire liveness
    keeper.process        books closers keeper.wire ledger liveness providers providers.base recorded sweep
    keeper.provider       closing keeper.side keeper.wire providers.base recorded
    keeper.side           keeper.wire providers
    keeper.wire           providers.base
    ledger                books liveness providers.base
    liveness
    number                closing filters inbox phone providers.base waiting
    numbering
    options               | providers rentals
    ordering              number providers.base
    phone
    places
    plugin                options settings | _fixtures _gateways _prepare _webhook _xdist providers providers.fake
                          rentals
    providers             | providers.base providers.http
    providers.answers     providers.base
    providers.base
    providers.catalogue   | phone
    providers.fake        numbering providers.base rentals | phone
    providers.http        providers.answers providers.base
    providers.otpcepat    providers.base providers.catalogue
    providers.otpvirt     providers.base providers.catalogue
    pushes                providers.base
    recorded              books providers.base providers.catalogue
    redact
    rentals               carrier providers.base
    server                server.connection
    server.authority
    server.catalogue
    server.connection     server.proxy
    server.gateway        server.gateway.address | server.gateway.http server.gateway.plain
                          server.gateway.sns server.gateway.twilio server.gateway.vonage
    server.gateway.address  server.authority server.proxy | server server.gateway
    server.gateway.http
    server.gateway.message
    server.gateway.plain  server.gateway.http server.gateway.message
    server.gateway.sns    server.gateway.http server.gateway.message
    server.gateway.twilio  server.gateway.http server.gateway.message
    server.gateway.vonage  server.gateway.http server.gateway.message
    server.otpcepat_face  providers.base rentals server.catalogue
    server.otpvirt_face   providers.base rentals server server.catalogue
    server.page           server.gateway server.gateway.http server.gateway.message server.gateway.plain
                          server.page_log
    server.page_log
    server.proxy
    server.relay          server
    server.sandbox        rentals server server.gateway server.gateway.http server.otpcepat_face
                          server.otpvirt_face server.page server.page_log
    server.webhook        pushes
    settings              options
    stopping
    summary               books providers.base
    sweep                 books closers ledger providers.base recorded
    waiting
"""

GATEWAY_FACES = {f"server.gateway.{name}" for name in ("plain", "sns", "twilio", "vonage")}

# Where each dependency is at home. One HTTP client, one polling loop, one place where settings are resolved.
AT_HOME = {
    "pytest": {"_fixtures", "_gateways", "_prepare", "_reports", "_run", "_webhook", "_xdist", "plugin"},
    "requests": {"providers.answers", "providers.http"},
    "urllib3": {"providers.answers", "providers.http"},
    "tenacity": {"closing", "providers.http", "waiting"},
    "dotenv": {"settings"},
    "sqlite3": {"ledger"},
    "phonenumbers": {"carrier", "numbering", "phone", "server.gateway.message"},
    "trustme": {"server.authority"},
    "werkzeug": {
        "server",
        "server.connection",
        "server.gateway",
        "server.gateway.http",
        *GATEWAY_FACES,
        "server.page",
        "server.sandbox",
        "server.webhook",
    },
}

CONCRETE_PROVIDERS = {"providers.fake", "providers.otpcepat", "providers.otpvirt"}


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement's target."""

    module: str
    """Ours without the package's name (`providers.base`), another's as its top name (`requests`)."""
    ours: bool
    later: bool
    """Inside a function: it costs nothing at start-up."""


def modules() -> dict[str, Path]:
    """Ours by dotted name without the package's, the package itself as the empty name."""
    paths = sorted(PACKAGE.rglob("*.py"))
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").rstrip("."): path
        for path in paths
    }


def imports(name: str) -> set[Import]:
    """What a module imports at run time; imports for type checkers only are left out."""
    found: set[Import] = set()
    package = modules()[name].name == "__init__.py"

    def resolve(node: ast.ImportFrom) -> Iterator[tuple[str, bool]]:
        if node.level == 0:
            base = node.module or ""
            if base != PACKAGE.name and not base.startswith(PACKAGE.name + "."):
                yield base.partition(".")[0], False
                return
            parts = base.split(".")[1:]
        else:
            parts = name.split(".") if name else []
            parts = parts[: len(parts) - node.level + package] + (node.module.split(".") if node.module else [])
        for alias in node.names:
            whole = ".".join([*parts, alias.name])
            yield (whole if whole in modules() else ".".join(parts)), True

    def visit(node: ast.AST, later: bool) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for alternative in node.orelse:
                visit(alternative, later)
            return
        if isinstance(node, ast.Import):
            for alias in node.names:
                top, _, rest = alias.name.partition(".")
                ours = top == PACKAGE.name
                found.add(Import(rest if ours else top, ours, later))
        elif isinstance(node, ast.ImportFrom):
            found.update(Import(module, ours, later) for module, ours in resolve(node))
        inner = later or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for child in ast.iter_child_nodes(node):
            visit(child, inner)

    visit(ast.parse(modules()[name].read_text(encoding="utf-8")), False)
    return found


def may_import() -> dict[str, tuple[set[str], set[str]]]:
    table = {}
    for row in re.split(r"\n    (?=\S)", MAY_IMPORT.rstrip())[1:]:
        name, _, allowed = row.partition(" ")
        now, _, later = allowed.partition("|")
        table["" if name == "(package)" else name] = set(now.split()), set(later.split())
    return table


@pytest.mark.parametrize("name", sorted(modules()), ids=lambda name: name or "(package)")
def test_imports_go_one_way(name: str) -> None:
    """A module imports what the table lets it import, early or late; a new module needs a row of its own."""
    assert name in may_import(), f"give {name} a row in MAY_IMPORT"
    early, late = may_import()[name]
    anywhere = {"errors", "redact"} if name != "errors" else set()
    ours = {item for item in imports(name) if item.ours}
    assert {item.module for item in ours if not item.later} - anywhere <= early
    assert {item.module for item in ours if item.later} - anywhere <= early | late


def test_the_import_table_has_no_dead_rows() -> None:
    """Each row of the table stands for a module that exists, and names only what is really imported."""
    assert set(may_import()) == set(modules())
    for name, (early, late) in may_import().items():
        used = {item.module for item in imports(name) if item.ours}
        assert early | late <= used, f"{name} does not import {sorted((early | late) - used)}"


def test_the_tables_main_rules() -> None:
    """Nothing imports the plugin, providers do not know numbers, and numbers do not know which providers there are."""
    for name in modules():
        targets = {item.module for item in imports(name) if item.ours}
        assert "plugin" not in targets, name
        if name.startswith("providers"):
            assert not targets & {"number", "plugin"}, name
        if name in ("number", "waiting", "phone", "filters"):
            assert not targets & CONCRETE_PROVIDERS, name
        if name.partition(".")[0] == "codes":
            # A text is judged by what it says, whoever delivers it: the search can be taken out and used elsewhere.
            assert all(target == "errors" or target.partition(".")[0] == "codes" for target in targets), name
        if name.startswith("server"):
            # The sandbox is written from the providers' documents, so that it can find our clients' mistakes.
            assert not targets & (CONCRETE_PROVIDERS | {"providers.http"}), name


@pytest.mark.parametrize("dependency", sorted(AT_HOME))
def test_dependencies_stay_at_home(dependency: str) -> None:
    """A dependency is imported by the modules whose job it is, and by no other."""
    users = {name for name in modules() if any(not item.ours and item.module == dependency for item in imports(name))}
    assert users <= AT_HOME[dependency]


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
    data = {
        "pytest_otp/py.typed",
        "pytest_otp/codes/languages.index",
        "pytest_otp/codes/languages.ini",
        "pytest_otp/server/page.html",
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
    assert {"Makefile", "LICENSE", "README.md", "tox.ini", "tests/test_house.py", "examples/signup/pytest.ini"} <= names
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
