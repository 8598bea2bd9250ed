"""The page of tested clients shows what the applications' suite runs, and the recipes beside it hold."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.applications.rows import APPLICATIONS, CLIENTS, Row
from tests.applications.table import APPLICATIONS as APPLICATION_TABLE
from tests.applications.table import CLIENTS as CLIENT_TABLE
from tests.applications.table import PAGE, Line, joined, rewrite, shown
from tests.documentation.pages import ROOT, blocks, text_of
from tests.documentation.running import clean_environment


def lines(rows: tuple[Row, ...]) -> list[Line]:
    """What the table must hold, but for the versions."""
    of_row = ((row, major) for row in rows for major in (row.nodes if row.language == "Node.js" else ("",)))
    return [
        Line(row.package, row.installed, f"{row.language} {major}".strip(), row.sends, row.works)
        for row, major in of_row
    ]


@pytest.mark.parametrize(("name", "rows", "least"), [(APPLICATION_TABLE, APPLICATIONS, 8), (CLIENT_TABLE, CLIENTS, 45)])
def test_the_table_is_what_is_run(name: str, rows: tuple[Row, ...], least: int) -> None:
    """Each row of the suite is on the page as it is expected, and no other; `make applications` writes them anew."""

    def but_version(table: list[Line]) -> list[tuple[str, ...]]:
        return sorted((line.package, line.language, line.sends, line.works) for line in table)

    page = shown(name)
    assert but_version(page) == but_version(joined(lines(rows)))
    assert len(page) >= least
    assert all(re.fullmatch(r"\d[\w.]*", line.version) for line in page)


def test_a_table_is_written_anew(tmp_path: Path) -> None:
    """What was run replaces the table of the page, one client on two versions of a language in one line."""
    page = tmp_path / "clients.md"
    page.write_text(PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    before = shown(APPLICATION_TABLE, page)
    ran = [Line("axios", "1.2", f"Node.js {major}", "Twilio's API", "unchanged") for major in ("24", "20")]
    rewrite({CLIENT_TABLE: ran}, page)
    assert shown(CLIENT_TABLE, page) == [Line("axios", "1.2", "Node.js 20, 24", "Twilio's API", "unchanged")]
    assert shown(APPLICATION_TABLE, page) == before


def test_each_application_has_a_test() -> None:
    """Each row of the applications is named by a test of the suite, and each such mark names a row."""
    named = set()
    for path in (ROOT / "tests" / "applications").glob("test_*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        marks = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        named |= {
            tuple(ast.literal_eval(word) for word in node.args)
            for node in marks
            if ast.unparse(node.func) == "pytest.mark.application"
        }
    assert named == {(row.package, row.sends) for row in APPLICATIONS}


def test_each_program_is_run() -> None:
    """No program of a client lies there without a row."""
    programs = {path.name for path in (ROOT / "tests" / "applications" / "clients").iterdir() if path.is_file()}
    assert programs == {row.program for row in CLIENTS}


def test_the_sandbox_in_compose() -> None:
    """The sandbox takes the arguments of the Compose file, and answers by the name of its service."""
    (compose,) = [block.text for block in blocks() if block.page == "docs/gateways.md" and block.language == "yaml"]
    (arguments,) = re.findall(r"pytest-otp (sandbox [^\"\n]*)", compose)
    words = re.sub(r"--host \S+ --port \d+", "--port 0", arguments).split()
    assert "AWS_ENDPOINT_URL_SNS: http://sms:8900" in compose
    command = [sys.executable, "-m", "pytest_otp.cli", *words]
    with subprocess.Popen(command, env=clean_environment(), stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            url = next(filter(None, (re.search(r"http://127\.0\.0\.1:\d+", line) for line in process.stdout)))[0]
            body = json.dumps({"to": "+12015550123", "text": "482913 is your code"}).encode()
            headers = {"Host": "sms:8900", "Content-Type": "application/json"}
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(urllib.request.Request(f"{url}/sms", body, headers)) as response:
                assert response.status == 202
        finally:
            process.terminate()


def test_the_readme_promises_what_the_table_shows() -> None:
    """Of as many clients as the README says, most work unchanged, and the others with one setting."""
    promised = re.search(r"more than (\d+) clients\]\(docs/clients\.md\)", text_of("README.md"))
    assert promised
    works: dict[tuple[str, str], set[str]] = {}
    for line in shown(CLIENT_TABLE):
        works.setdefault((line.package, line.language.partition(" ")[0]), set()).add(line.works)
    served = {client: kinds for client, kinds in works.items() if not any(kind.startswith("no: ") for kind in kinds)}
    unchanged = [kinds for kinds in served.values() if "unchanged" in kinds]
    assert len(served) > int(promised[1])
    assert len(unchanged) > len(served) / 2
    kinds = {kind for each in served.values() for kind in each}
    assert kinds <= {"unchanged", "with `environ(preload=True)`", "with `environ(java=True)`"}
