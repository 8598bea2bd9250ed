"""What the README and the documentation show is run: each block with a test in it, and each command's options.

A comment above a block says how: `<!-- pytest OPTIONS -->`, or `<!-- with the example application -->`, in a browser.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_otp import OtpError, cli, errors
from pytest_otp.offline.scenarios import SCENARIOS
from pytest_otp.options import OPTIONS
from pytest_otp.providers.registry import BUILT_IN, load

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*/README.md")])
PROTOCOLS = (ROOT / "docs" / "protocols.md").read_text()
IN_A_BROWSER = "with the example application"
BLOCK = re.compile(r"(?:^<!-- (?P<how>.*?) -->\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code on a page."""

    page: str
    line: int
    how: str
    language: str
    text: str

    @property
    def is_test(self) -> bool:
        return self.language == "python" and "def test_" in self.text

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks() -> Iterator[Block]:
    for page in PAGES:
        content = page.read_text(encoding="utf-8")
        for match in BLOCK.finditer(content):
            line = content.count("\n", 0, match.start("text"))
            yield Block(str(page.relative_to(ROOT)), line, match["how"] or "pytest", match["language"], match["text"])


def commands() -> Iterator[tuple[Block, list[str]]]:
    for block in blocks():
        if block.language == "console":
            for line in block.text.splitlines():
                yield block, shlex.split(line, comments=True)


SHOWN = [block for block in blocks() if block.is_test and block.how != IN_A_BROWSER]


@pytest.mark.parametrize("how", sorted({block.how for block in SHOWN}))
def test_offline_blocks_pass(pytester: pytest.Pytester, how: str) -> None:
    """What is shown passes as it is shown: blocks that are run in the same way each in a file of their own."""
    shown = [block for block in SHOWN if block.how == how]
    for block in shown:
        name = re.sub(r"\W", "_", str(block))
        pytester.makepyfile(**{f"test_{name}": block.text})
    command, *arguments = shlex.split(how)
    assert command == "pytest"
    result = pytester.runpytest_subprocess("-p", "no:asyncio", *arguments)
    texts = [block.text for block in shown]
    result.assert_outcomes(passed=sum(text.count("\ndef test_") + text.startswith("def test_") for text in texts))


@pytest.mark.browser
def test_browser_blocks_pass(tmp_path: Path) -> None:
    """What is shown with a browser passes against the example application."""
    shutil.copytree(ROOT / "examples" / "signup", tmp_path, dirs_exist_ok=True, ignore=lambda *_: ["tests", "demo"])
    shown = [block for block in blocks() if block.is_test and block.how == IN_A_BROWSER]
    assert {"README.md", "docs/getting-started.md"} <= {block.page for block in shown}
    for number, block in enumerate(shown):
        (tmp_path / f"test_shown_{number}.py").write_text(block.text, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", str(tmp_path)]
    run = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert f" {len(shown)} passed in " in run.stdout


@pytest.mark.parametrize("block", [block for block in blocks() if block.language == "python"], ids=str)
def test_python_blocks_compile(block: Block) -> None:
    """Also the blocks that only show a part are Python."""
    compile(block.text, str(block), "exec")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_options_and_variables_exist(page: Path) -> None:
    """A page names no option, variable or ini setting that the plugin does not have."""
    text = page.read_text(encoding="utf-8")
    known = {option.flag for option in OPTIONS}
    assert set(re.findall(r"--otp-[a-z-]*[a-z]", text)) <= known
    variables = {option.variable for option in OPTIONS} | {"PYTEST_OTP_GATEWAY_URL"}
    assert set(re.findall(r"PYTEST_OTP_[A-Z_]+", text)) <= variables
    credentials = {variable.name for name in BUILT_IN for variable in load(name).variables}
    assert set(re.findall(r"(?:API_KEY_OTPCEPAT|OTPCEPAT_[A-Z_]+|OTPVIRT_[A-Z_]+)", text)) <= credentials


@pytest.mark.parametrize("page", ["README.md", "docs/settings.md"])
def test_every_setting_is_told(page: str) -> None:
    """The tables of settings leave none out, and name each one's option and variable in one row."""
    rows = (ROOT / page).read_text(encoding="utf-8").splitlines()
    for option in OPTIONS:
        shown = f"{option.flag} {option.metavar}".replace("|", "\\|") if option.metavar else option.flag
        assert [row for row in rows if row.startswith(f"| `{shown}` | `{option.variable}` |")], option.flag


def test_every_ini_name_is_told() -> None:
    """The table of settings has each ini name."""
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert [option.ini for option in OPTIONS if f"| `{option.ini}` |" not in text] == []


def test_every_scenario_is_told() -> None:
    """The table of scenarios has each of them and no other."""
    section = (
        (ROOT / "docs" / "offline.md").read_text(encoding="utf-8").partition("## Scenarios")[2].partition("```")[0]
    )
    assert re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE) == list(SCENARIOS)


def test_every_error_is_told() -> None:
    """The table of errors has each class of the tree."""
    section = (ROOT / "docs" / "writing-tests.md").read_text(encoding="utf-8").partition("## Errors")[2]
    told = set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
    tree = {name for name, item in vars(errors).items() if isinstance(item, type) and issubclass(item, OtpError)}
    assert told == tree - {"OtpError"}


def test_commands_have_the_options_shown() -> None:
    """Each `pytest-otp` command line that is shown has a command and options that exist."""
    shown = [(str(block), words[1:]) for block, words in commands() if words[:1] == ["pytest-otp"]]
    assert shown
    for where, (command, *arguments) in shown:
        help_text = io.StringIO()
        with contextlib.redirect_stdout(help_text):
            assert cli.main([command, "--help"]) == 0, where
        options = [word for word in arguments if word.startswith("--")]
        assert [option for option in options if option not in help_text.getvalue()] == [], where


def test_make_targets_exist() -> None:
    """Each `make` command line that is shown has a target."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in PAGES:
        shown = re.findall(r"(?:`|^)make ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert set(shown) <= targets, page


def test_links_lead_somewhere() -> None:
    """Each relative link leads to a file that is there."""
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
            assert target.startswith("https://") or (page.parent / target).exists(), f"{page}: {target}"


def cells_of_protocols(column: int) -> list[str]:
    rows = re.findall(r"^\| (.*) \| (.*) \| (.*) \|$", PROTOCOLS, re.MULTILINE)
    return sorted({name for row in rows for name in re.findall(r"`(\w+(?:\.|::)[\w.:]+)`", row[column])})


@pytest.mark.parametrize("name", cells_of_protocols(1))
def test_protocol_table_names_code_that_exists(name: str) -> None:
    """Each piece of code that the protocols' tables name is there."""
    module, _, rest = name.partition(".")
    home = {"errors": "pytest_otp", "pushed": "pytest_otp.push", "webhook": "pytest_otp.push"}
    found: object = importlib.import_module(f"{home.get(module, 'pytest_otp.providers')}.{module}")
    for part in rest.split("."):
        found = getattr(found, part)


@pytest.mark.parametrize("name", cells_of_protocols(2))
def test_protocol_table_names_tests_that_exist(name: str) -> None:
    """Each test that the protocols' tables name is there."""
    module, *path = name.split("::")
    (file,) = (file for home in ("providers", "push") for file in (ROOT / "tests" / home).rglob(f"{module}.py"))
    body = ast.parse(file.read_text()).body
    for part in path:
        node = next(node for node in body if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and node.name == part)
        body = node.body
