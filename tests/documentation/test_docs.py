"""The code in the README and the documentation runs as shown, and the commands, options and links in it exist."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_otp import cli
from pytest_otp.options import OPTIONS
from pytest_otp.providers.registry import BUILT_IN, load
from tests.documentation.pages import PAGES, ROOT, Block, blocks, commands, text_of
from tests.documentation.running import PATIENCE_SECONDS, WITHOUT, clean_environment, running_sandbox
from tests.servers import closed_port

IN_A_BROWSER = "with the example application"
AS_A_SCRIPT = "as a script"
WITH_THE_SANDBOX = "as a script, with the sandbox"

PYTHON = [block for block in blocks() if block.language == "python"]
TESTS = [block for block in PYTHON if block.is_test and block.how != IN_A_BROWSER]
SCRIPTS = [block for block in PYTHON if block.how in (AS_A_SCRIPT, WITH_THE_SANDBOX)]


@pytest.mark.parametrize("how", sorted({block.how or "pytest" for block in TESTS}))
def test_offline_blocks_pass(pytester: pytest.Pytester, how: str) -> None:
    """Each block with a test passes as shown. Blocks that are run in the same way share a run, each in its own file."""
    shown = [block for block in TESTS if (block.how or "pytest") == how]
    for block in shown:
        name = re.sub(r"\W", "_", str(block))
        pytester.makepyfile(**{f"test_{name}": block.text})
    # The port that is shown may be taken on this machine.
    command, *arguments = shlex.split(re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{closed_port()}", how))
    assert command == "pytest"
    result = pytester.runpytest_subprocess(*WITHOUT, *arguments)
    texts = [block.text for block in shown]
    result.assert_outcomes(passed=sum(text.count("\ndef test_") + text.startswith("def test_") for text in texts))


def test_the_reason_for_a_missing_code_is_as_shown(pytester: pytest.Pytester) -> None:
    """The page about writing tests quotes what a time-out says of the SMS that it names."""
    (sms,) = re.findall(r"this one is `(.*?)`", text_of("docs/writing-tests.md"))
    (shown,) = [block for block in blocks() if block.page == "docs/writing-tests.md" and block.language == "text"]
    pytester.makepyfile(
        f"""
        def test_it(otp_number, otp_carrier):
            number = otp_number()
            otp_carrier.deliver(number, {sms!r}, sender="Shop")
            number.wait_code(timeout=0.2)
        """
    )
    result = pytester.runpytest_subprocess(*WITHOUT)
    assert shown.text.strip() in result.stdout.str()


@pytest.mark.long
@pytest.mark.browser
def test_browser_blocks_pass(tmp_path: Path) -> None:
    """Each block with a browser passes against the example application."""
    shutil.copytree(ROOT / "examples" / "signup", tmp_path, dirs_exist_ok=True, ignore=lambda *_: ["tests", "demo"])
    shown = [block for block in PYTHON if block.is_test and block.how == IN_A_BROWSER]
    pages = {"README.md", "docs/getting-started.md", "docs/playwright.md", "docs/selenium.md"}
    assert pages <= {block.page for block in shown}
    for number, block in enumerate(shown):
        (tmp_path / f"test_shown_{number}.py").write_text(block.text, encoding="utf-8")
    run = run_python(clean_environment(), "-m", "pytest", *WITHOUT, str(tmp_path), cwd=tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr
    assert f" {len(shown)} passed in " in run.stdout


@pytest.mark.parametrize("block", SCRIPTS, ids=str)
def test_scripts_run(block: Block, tmp_path: Path) -> None:
    """Each script runs to its end without pytest; those with a provider run against the sandbox."""
    script = tmp_path / "script.py"
    script.write_text(block.text, encoding="utf-8")
    environment = clean_environment()
    if block.how == AS_A_SCRIPT:
        run = run_python(environment, str(script), cwd=tmp_path)
    else:
        with running_sandbox(environment, "auto") as variables:
            run = run_python({**environment, **variables}, str(script), cwd=tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stderr == ""


def test_a_script_gets_its_code(tmp_path: Path) -> None:
    """The script that orders a number receives a code and finishes its order."""
    (block,) = [block for block in SCRIPTS if "number.state" in block.text]
    (tmp_path / "script.py").write_text(block.text, encoding="utf-8")
    environment = clean_environment()
    with running_sandbox(environment, "auto") as variables:
        run = run_python({**environment, **variables}, "script.py", cwd=tmp_path)
    assert re.search(r"^The code is \d{4,}$", run.stdout, re.MULTILINE), run.stdout + run.stderr
    assert "The order is finished" in run.stdout


def run_python(environment: Mapping[str, str], *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )


@pytest.mark.parametrize("block", PYTHON, ids=str)
def test_python_blocks_compile(block: Block) -> None:
    """Blocks that show only a part are valid Python too."""
    compile(block.text, str(block), "exec")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_options_and_variables_exist(page: Path) -> None:
    """A page names no option, variable or ini setting that the plugin does not have."""
    text = page.read_text(encoding="utf-8")
    known = {option.flag for option in OPTIONS}
    assert set(re.findall(r"--otp-[a-z-]*[a-z]", text)) <= known
    variables = {option.variable for option in OPTIONS} | {"PYTEST_OTP_GATEWAY_URL"}
    assert set(re.findall(r"PYTEST_OTP_[A-Z_]*[A-Z]", text)) <= variables
    credentials = {variable.name for name in BUILT_IN for variable in load(name).variables}
    assert set(re.findall(r"(?:API_KEY_OTPCEPAT|OTPCEPAT_[A-Z_]+|OTPVIRT_[A-Z_]+)", text)) <= credentials


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
    """Each relative link leads to a file that exists."""
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
            assert target.startswith("https://") or (page.parent / target).exists(), f"{page}: {target}"


def test_user_pages_show_documented_paths_only() -> None:
    """The code that users read imports the package's documented modules and no others."""
    documented = {"", ".errors", ".redact", ".codes", ".browser", *(f".providers.{name}" for name in PROVIDER_MODULES)}
    for block in PYTHON:
        imported = re.findall(r"^\s*(?:from|import) pytest_otp([\w.]*)", block.text, re.MULTILINE)
        assert set(imported) <= documented, block


PROVIDER_MODULES = ("base", "http", "answers", "push", "registry")
