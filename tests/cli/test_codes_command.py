"""`pytest-otp codes`: what it reads, what it shows, and its exit status."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_otp import cli, codes
from tests.cli.world import Command

SMS = "Shop: your code is 482913."
HINT = "Wrong code, or none? Please report the text with its digits replaced by others, and say what the code is."
NO_TEXT = (
    "pytest-otp codes: error: no text. Pass texts as arguments, files with --file, or pipe messages to standard "
    "input: pytest-otp codes 'Your code is 482913'\n"
)

Typed = Callable[[bytes], None]


class Keyboard(io.BytesIO):
    """A terminal's input."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Keyboard()))


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Put this on standard input."""
    return lambda content: monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def found(otp: Command, *arguments: str) -> list[tuple[str, str | None]]:
    """Each text with its code, as --json tells them."""
    assert otp("codes", "--json", *arguments) == 0, otp.err
    return [(row["text"], row["code"]) for row in json.loads(otp.out)]


class TestReading:
    """Where texts come from."""

    def test_arguments(self, otp: Command) -> None:
        """Each argument is one text, whatever it holds."""
        assert found(otp, SMS, "two\n---\nlines", "") == [(SMS, "482913"), ("two\n---\nlines", None), ("", None)]

    @pytest.mark.parametrize("arguments", [[], ["-"]])
    def test_standard_input(self, otp: Command, piped: Typed, arguments: list[str]) -> None:
        """It is read where it is asked for, and where nothing else is and it is no terminal."""
        piped(b"Your code is 482913\n---\nWelcome\n")
        assert found(otp, *arguments) == [("Your code is 482913", "482913"), ("Welcome", None)]

    def test_standard_input_is_left_alone(self, otp: Command, piped: Typed) -> None:
        """Who names a text or a file is not asked for more."""
        Path("sms.txt").write_text("Welcome")
        piped(b"\xff")
        assert found(otp, SMS) == [(SMS, "482913")]
        assert found(otp, "--file", "sms.txt") == [("Welcome", None)]

    def test_a_terminal_that_is_named_is_read(self, otp: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        """With - a person can type or paste a message."""
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Keyboard(b"Your code is 482913\n")))
        assert found(otp, "-") == [("Your code is 482913", "482913")]

    def test_files_after_the_texts(self, otp: Command, piped: Typed) -> None:
        """All sources go together: texts and standard input as they were named, then the files."""
        Path("a").write_text("A 1")
        Path("b").write_text("B 2")
        piped(b"in")
        texts = [text for text, _ in found(otp, "--file", "b", "--file", "a", "first", "-", "last")]
        assert texts == ["first", "in", "last", "B 2", "A 1"]

    @pytest.mark.parametrize(
        ("content", "texts"),
        [
            (b"one", ["one"]),
            (b"one\n", ["one"]),
            (b"one\n---\ntwo\n---\n", ["one", "two"]),
            (b"---\n\n---\none\n---\n  \n", ["one"]),
            (b"one\r\nline\r\n--- \r\ntwo\r\n", ["one\nline", "two"]),
            (b"\n\none\n\nline\n\n", ["one\n\nline"]),
            (b"one --- two\n----\n--", ["one --- two\n----\n--"]),
            (b"  one ", ["  one "]),
            ("\ufeff\u2068one\u2069\u2028line\x0b".encode(), ["\u2068one\u2069\u2028line\x0b"]),
        ],
    )
    def test_messages_of_a_file(self, otp: Command, content: bytes, texts: list[str]) -> None:
        """A line of --- stands between two messages; empty lines around a message, and empty messages, are none."""
        Path("sms.txt").write_bytes(content)
        assert [text for text, _ in found(otp, "--file", "sms.txt")] == texts

    def test_json_lines(self, otp: Command) -> None:
        """Each line is one message, so that one can have lines of its own; what else is said there is left."""
        Path("cases.jsonl").write_text('{"text": "Your code:\\n482913", "lang": "en"}\n\n  \n{"text": "---"}\n')
        assert found(otp, "--jsonl", "--file", "cases.jsonl") == [("Your code:\n482913", "482913"), ("---", None)]


class TestShowing:
    """What people see."""

    def test_a_code_and_what_else_was_looked_at(self, otp: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        """The text, its code, and each candidate in columns, the best first."""
        candidates = [
            codes.Candidate("482913", (19, 26), 106, "after 'code'"),
            codes.Candidate("7712", (5, 9), 40, "alone on its line"),
            codes.Candidate("99", (130, 132), 0, "an amount"),
        ]
        monkeypatch.setattr(codes, "candidates", lambda text, **_: candidates if "code" in text else [])
        assert otp("codes", "Shop 7712\nyour code: 482-913", "Welcome") == 0
        assert otp.lines == [
            "text 1 of 2:",
            "  | Shop 7712",
            "  | your code: 482-913",
            "  code 482913",
            "  * 106  482913  19-26    after 'code'",
            "  *  40  7712    5-9      alone on its line",
            "      0  99      130-132  an amount",
            "",
            "text 2 of 2:",
            "  | Welcome",
            "  no code",
            "",
            HINT,
        ]

    def test_it_asks_the_package(self, otp: Command) -> None:
        """What is shown is what `wait_code` would return, with its reason."""
        assert otp("codes", SMS) == 0
        assert otp.lines[:3] == ["text 1 of 1:", f"  | {SMS}", "  code 482913"]
        assert otp.lines[3].startswith("  * ")
        assert otp.lines[3].endswith("  482913  19-25  after 'code'")

    def test_nothing_steers_the_terminal(self, otp: Command) -> None:
        """Marks of direction and control characters are shown as escapes; letters of any script as they are."""
        assert otp("codes", "\x1b[2J\u202e code\t٤٨٢٩٣٣\r\nรหัส\udcff") == 0
        assert otp.lines[1:4] == ["  | \\x1b[2J\\u202e code\\t٤٨٢٩٣٣\\r", "  | รหัส\\udcff", "  code 482933"]

    def test_json(self, otp: Command) -> None:
        """A program gets everything, and nothing else."""
        assert otp("codes", "--json", SMS, "رمز 482913\x1b") == 0
        (first, second) = json.loads(otp.out)
        (candidate,) = codes.candidates(SMS)
        assert first == {
            "text": SMS,
            "code": "482913",
            "candidates": [
                {
                    "code": "482913",
                    "span": [19, 25],
                    "score": candidate.score,
                    "reason": "after 'code'",
                    "is_code": True,
                }
            ],
        }
        assert (second["text"], second["code"]) == ("رمز 482913\x1b", "482913")
        assert "\x1b" not in otp.out

    @pytest.mark.parametrize("arguments", [[], ["--json"]])
    def test_it_ends_with_its_reader(self, arguments: list[str]) -> None:
        """`pytest-otp codes | head -1` is no failure."""
        command = [sys.executable, "-m", "pytest_otp.cli", "codes", *arguments, *["Welcome " * 500] * 100]
        with subprocess.Popen(
            command,
            env=os.environ | {"PYTHONPATH": str(Path(cli.__file__).parents[2])},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.read(1)
            process.stdout.close()
            assert process.stderr.read() == b""
        assert process.returncode == 0


class TestChecking:
    """Labelled cases."""

    CASES = (
        '{"text": "Your code is 482913", "expected": "482913"}\n'
        '{"text": "Welcome", "expected": null}\n'
        '{"text": "Your code is 771204", "expected": "771-204"}\n'
        '{"text": "Welcome back", "expected": "back"}\n'
        '{"text": "code 1234", "expected": null}\n'
        '{"text": "Hello"}\n'
    )

    def test_what_differs_is_shown(self, otp: Command, piped: Typed) -> None:
        """Another code, a miss and an invented one are shown; then the counts, and status 1."""
        piped(self.CASES.encode())
        assert otp("codes", "--jsonl") == 1
        assert [line for line in otp.lines if line[:3] in ("tex", "  |", "  c", "  n")] == [
            "text 3 of 6:",
            "  | Your code is 771204",
            "  code 771204; expected: code 771-204",
            "text 4 of 6:",
            "  | Welcome back",
            "  no code; expected: code back",
            "text 5 of 6:",
            "  | code 1234",
            "  code 1234; expected: no code",
            "text 6 of 6:",
            "  | Hello",
            "  no code",
        ]
        assert otp.lines[-1] == "2 as expected, 3 differ, 1 without an expected code"

    def test_where_one_differs(self, otp: Command, piped: Typed) -> None:
        """One is not several."""
        piped(b'{"text": "code 1234", "expected": null}\n')
        assert otp("codes", "--jsonl") == 1
        assert otp.lines[-1] == "0 as expected, 1 differs"

    def test_where_nothing_differs(self, otp: Command, piped: Typed) -> None:
        """One line and status 0."""
        piped("".join(self.CASES.splitlines(keepends=True)[:2]).encode())
        assert otp("codes", "--jsonl") == 0
        assert otp.lines == ["2 as expected, 0 differ"]

    def test_json(self, otp: Command, piped: Typed) -> None:
        """A program gets all cases with what was expected, and the same status."""
        piped(self.CASES.encode())
        assert otp("codes", "--jsonl", "--json") == 1
        rows = json.loads(otp.out)
        assert [(row["code"], row.get("expected", ...)) for row in rows] == [
            ("482913", "482913"),
            (None, None),
            ("771204", "771-204"),
            (None, "back"),
            ("1234", None),
            (None, ...),
        ]


@pytest.mark.usefixtures("own_words")
class TestLanguages:
    """Word lists of one's own."""

    TEXT = "Zumbel 4829 blarg you the and for"

    def test_words_are_added(self, otp: Command) -> None:
        """A language can be tried before it is in the package; several files go together."""
        Path("one.ini").write_text("[x-one]\nname = One\ncode = zumbel\n")
        Path("two.ini").write_text("[x-two]\nname = Two\ncode = wibbel\n")
        both = ["--languages", "one.ini", "--languages", "two.ini"]
        assert found(otp, self.TEXT) == [(self.TEXT, None)]
        assert found(otp, self.TEXT, *both) == [(self.TEXT, "4829")]
        assert otp("codes", *both, "Wibbel 4829") == 0
        assert otp.lines[3].endswith("  4829  7-11  after 'wibbel'")

    @pytest.mark.parametrize(
        ("content", "error"),
        [
            (b"\xff", "words.ini is not UTF-8 (at byte 0)\n"),
            (b"code = zumbel\n", "words.ini: File contains no section headers."),
            (b"[x]\nkode = zumbel\n", "words.ini: [x] kode is not a kind of word. A section per language"),
        ],
    )
    def test_files_that_are_none(self, otp: Command, content: bytes, error: str) -> None:
        """What is wrong is told before anything is shown, with status 2."""
        Path("words.ini").write_bytes(content)
        assert otp("codes", SMS, "--languages", "words.ini") == 2
        assert otp.out == ""
        assert otp.err.startswith(f"pytest-otp codes: error: {error}")
        assert otp.err.count("\n") == 1

    def test_a_file_that_is_not_there(self, otp: Command) -> None:
        """Its name is told."""
        assert otp("codes", SMS, "--languages", "none.ini") == 2
        assert otp.err == "pytest-otp codes: error: cannot read none.ini (No such file or directory)\n"


class TestMistakes:
    """What cannot be read ends the command before it shows anything, with one line and status 2."""

    def refused(self, otp: Command, *arguments: str) -> str:
        assert otp("codes", SMS, *arguments) == 2
        assert otp.out == ""
        assert otp.err.count("\n") == 1
        return otp.err.removeprefix("pytest-otp codes: error: ").rstrip("\n")

    def test_a_missing_file(self, otp: Command) -> None:
        """The name and the system's own words are told; what could steer a terminal is escaped."""
        assert self.refused(otp, "--file", "no\x1bne") == "cannot read no\\x1bne (No such file or directory)"

    def test_a_folder(self, otp: Command) -> None:
        """A folder is no file."""
        assert self.refused(otp, "--file", ".") == "cannot read . (Is a directory)"

    def test_a_file_that_is_not_utf_8(self, otp: Command) -> None:
        """It is not guessed at: a wrong guess would show another text than the SMS."""
        Path("latin.txt").write_bytes("Ihr Schlüssel: 4829".encode("latin-1"))
        assert self.refused(otp, "--file", "latin.txt") == "latin.txt is not UTF-8 (at byte 8)"

    @pytest.mark.parametrize("content", [b"", b"\n\n", b"---\n \n---\n"])
    def test_nothing_to_read(self, otp: Command, piped: Typed, content: bytes) -> None:
        """An empty file or input is a mistake, as in a pipe whose first command failed."""
        Path("empty").write_bytes(content)
        assert self.refused(otp, "--file", "empty") == "empty has no text"
        piped(content)
        assert self.refused(otp, "-") == "standard input has no text"

    def test_standard_input_that_cannot_be_read(self, otp: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is named as a file is."""

        class Unreadable(io.BytesIO):
            def read(self, size: int | None = -1, /) -> bytes:
                raise io.UnsupportedOperation("File not open for reading")

        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Unreadable()))
        assert self.refused(otp, "-") == "cannot read standard input (File not open for reading)"

    def test_no_standard_input(self, otp: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where a program was started without one, that is said."""
        monkeypatch.setattr(sys, "stdin", None)
        assert self.refused(otp, "-") == "standard input is closed"
        assert otp("codes") == 2
        assert otp.err == NO_TEXT

    def test_nothing_given_at_a_terminal(self, otp: Command) -> None:
        """The command does not sit and wait: it says what it needs."""
        assert otp("codes") == 2
        assert (otp.out, otp.err) == ("", NO_TEXT)

    @pytest.mark.parametrize(
        ("line", "error"),
        [
            ('{"text": ', "cases.jsonl, line 2 is not JSON (Expecting value at column 10)"),
            ("[" * 100_000, "cases.jsonl, line 2 is not JSON (maximum recursion depth exceeded"),
            ('["code 1234"]', 'cases.jsonl, line 2 is not an object with a "text" string'),
            ('{"sms": "code 1234"}', 'cases.jsonl, line 2 is not an object with a "text" string'),
            ('{"text": 1234}', 'cases.jsonl, line 2 is not an object with a "text" string'),
            (
                '{"text": "code 1234", "expected": 1234}',
                'cases.jsonl, line 2: "expected" must be a code as a string, or null',
            ),
            (
                '{"text": "Welcome", "expected": ""}',
                'cases.jsonl, line 2: "expected" must be a code as a string, or null',
            ),
        ],
        ids=["cut off", "too deep", "a list", "no text", "a number", "a number as code", "an empty code"],
    )
    def test_a_broken_line(self, otp: Command, line: str, error: str) -> None:
        """The line's number and what is wrong with it are told."""
        Path("cases.jsonl").write_text(f'{{"text": "Welcome"}}\n{line}\n')
        assert otp("codes", "--jsonl", "--file", "cases.jsonl") == 2
        assert otp.out == ""
        assert otp.err.startswith(f"pytest-otp codes: error: {error}")
        assert otp.err.count("\n") == 1

    def test_a_file_in_the_place_of_a_text(self, otp: Command) -> None:
        """`--jsonl cases.jsonl` would read the file's name as a text."""
        assert otp("codes", "--jsonl", "cases.jsonl") == 2
        assert otp.err == (
            "pytest-otp codes: error: --jsonl works with --file and standard input, not with texts as arguments\n"
        )

    def test_options_are_not_guessed(self, otp: Command) -> None:
        """No option can be shortened."""
        assert otp("codes", SMS, "--lang", "x") == 2
        assert "unrecognized arguments: --lang x" in otp.err

    def test_ctrl_c(self, otp: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        """Who has changed their mind at the prompt sees one line, and status 130."""

        class Interrupted(Keyboard):
            def read(self, size: int | None = -1, /) -> bytes:
                raise KeyboardInterrupt

        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Interrupted()))
        assert otp("codes", "-") == 130
        assert (otp.out, otp.err) == ("", "pytest-otp codes: stopped\n")


def test_help(otp: Command) -> None:
    """Nobody needs the docs to use it, or to read its exit status."""
    assert otp("codes", "--help") == 0
    said = " ".join(otp.out.split())
    assert "a line of --- separates messages" in said
    assert "Exit status: 0 if all texts were shown; 1 if a text of --jsonl has another code than expected" in said
    assert "2 for bad arguments or unreadable input; 130 after Ctrl-C" in said
    for option in ("--file PATH", "--jsonl", "--json", "--languages FILE", "--length N", "--alphabet CHARACTERS"):
        assert option in said


def test_help_needs_no_word_lists() -> None:
    """The search for codes is imported when there is a text, not for help or for another command."""
    program = (
        "import sys\nfrom pytest_otp import cli\ncli.main(['codes', '--help'])\n"
        "assert not [name for name in sys.modules if name.startswith('pytest_otp.codes')]\n"
    )
    subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        stdout=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(Path(cli.__file__).parents[2])},
    )


class TestFormat:
    """What the user knows of the codes."""

    def test_length_and_alphabet(self, otp: Command) -> None:
        """A code that does not fit is refused, with the reason; a token that fits alone is the code."""
        assert otp("codes", SMS, "--length", "4-5") == 0
        assert "no code" in otp.out
        assert "has 6 characters, not 4 to 5" in otp.out
        assert otp("codes", "Use kaxtrb at Acme", "--length", "6", "--alphabet", "abkrtx") == 0
        assert "code kaxtrb" in otp.out

    def test_a_mistake(self, otp: Command) -> None:
        """A length that is none ends the command with status 2."""
        assert otp("codes", SMS, "--length", "six") == 2
        assert otp.err == (
            "pytest-otp codes: error: code length 'six' is not a number such as 6 or a range such as 4-8\n"
        )
