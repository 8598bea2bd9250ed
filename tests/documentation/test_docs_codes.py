"""What docs/codes.md says of codes is so: its tables, its output, and its example of a language."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from pytest_otp import cli, extract_code, find_codes
from pytest_otp.codes.kinds import KEYS
from tests.documentation.running import WITHOUT

PAGE = (Path(__file__).parent.parent.parent / "docs" / "codes.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(.+?)` \| (?:`(.+?)`|none) \|", PAGE, re.MULTILINE)
LINE_END = "↵"


def block(language: str, section: str) -> str:
    """The only block of a language in a section."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", part(section), re.MULTILINE | re.DOTALL)
    return str(found)


def part(section: str) -> str:
    return PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize(("message", "code"), ROWS)
def test_messages_have_the_codes_shown(message: str, code: str) -> None:
    """Each message in a table has the code beside it, or none."""
    assert extract_code(message.replace(LINE_END, "\n")) == (code or None)


def test_every_table_of_messages_is_read() -> None:
    """No row of those tables is passed over because it is written in another way."""
    tables = re.findall(r"^\| message \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert sum(table.count("\n") for table in tables) == len(ROWS)
    assert [code for _, code in ROWS].count("") >= 8


def test_output_is_as_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """The command in the section on the command line prints what stands below it."""
    found = re.search(r"```console\n(.*)\n```\n\n```text\n(.*?)```", part("On the command line"), re.DOTALL)
    assert found
    command, *arguments = shlex.split(found[1])
    assert command == "pytest-otp"
    assert cli.main(arguments) == 0
    assert capsys.readouterr().out == found[2]


def test_enough_is_as_many_points_as_said() -> None:
    """From the points on that the page names, a candidate is a code."""
    (points,) = re.findall(r"\*\*A candidate with (\d+) points or more", PAGE)
    (code,) = find_codes("Your code is 482913")
    assert type(code)("482913", (0, 6), int(points), "").is_code
    assert not type(code)("482913", (0, 6), int(points) - 1, "").is_code


def test_every_key_is_documented() -> None:
    """The table of keys has each of them, and no other."""
    assert re.findall(r"^\| `(\w+)` \|", part("Add a language"), re.MULTILINE) == ["name", *KEYS]


@pytest.mark.usefixtures("own_words")
def test_the_example_of_a_language_is_tried_as_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command shown finds all that is expected of the cases shown, and less without the words shown."""
    monkeypatch.chdir(tmp_path)
    section = "Add a language"
    Path("my.ini").write_text(block("ini", section), encoding="utf-8")
    Path("cases.jsonl").write_text(block("json", section), encoding="utf-8")
    assert cli.main(["codes", "--jsonl", "--file", "cases.jsonl"]) == 1
    assert capsys.readouterr().out.endswith("1 as expected, 1 differs\n")
    _, *arguments = shlex.split(block("console", section))
    assert cli.main(arguments) == 0
    assert capsys.readouterr().out == "2 as expected, 0 differ\n"


def test_the_example_of_a_language_is_used_as_shown(pytester: pytest.Pytester) -> None:
    """With the conftest shown, a test finds the code in the language shown."""
    section = "Add a language"
    pytester.makeconftest(block("python", section))
    pytester.path.joinpath("my.ini").write_text(block("ini", section), encoding="utf-8")
    pytester.makepyfile(
        """
        def test_it(otp_number, otp_carrier):
            number = otp_number()
            otp_carrier.deliver(number, "Voss pled-clav per l'annunzia: 482913. El vala 10 minutas.")
            assert number.wait_code() == "482913"
        """
    )
    pytester.runpytest_subprocess(*WITHOUT).assert_outcomes(passed=1)
