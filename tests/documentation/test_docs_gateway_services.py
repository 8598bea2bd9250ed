"""The pages on described services: the file and the package on them work as shown, and their tables are complete."""

from __future__ import annotations

import re

import pytest

from pytest_otp.gateway.described import DescribedService
from pytest_otp.gateway.description import ANSWER_PLACEHOLDERS
from pytest_otp.gateway.description_checks import ERROR_KINDS, FAILURE_KINDS
from pytest_otp.gateway.failures import OF_SERVICES, Failure
from pytest_otp.gateway.services.africastalking import AfricasTalking
from pytest_otp.gateway.services.infobip import Infobip
from pytest_otp.gateway.services.messagebird import Bird, MessageBird
from pytest_otp.gateway.services.plivo import Plivo
from pytest_otp.gateway.services.sinch import Sinch
from pytest_otp.gateway.services.telnyx import Telnyx
from tests.documentation.pages import Block, blocks, text_of
from tests.documentation.running import WITHOUT

PAGE = "docs/gateway-own-services.md"
SHOWN = [block for block in blocks() if block.page == PAGE]


def shown(language: str, words: str) -> Block:
    (block,) = [block for block in SHOWN if block.language == language and words in block.text]
    return block


@pytest.fixture
def test_alone(pytester: pytest.Pytester) -> None:
    """The test of the page, without the fixture that adds the service."""
    text = shown("python", "def test_").text
    without, found = re.subn(r"^@pytest\.fixture.*?(?=^def test_)", "", text, flags=re.MULTILINE | re.DOTALL)
    assert found == 1
    pytester.makepyfile(without)


def test_the_file(pytester: pytest.Pytester, test_alone: None) -> None:
    """The TOML file describes the same service as the conftest."""
    pytester.path.joinpath("services.toml").write_text(shown("toml", "[[services]]").text)
    command = shown("console", "--otp-gateway-services").text.split()
    assert command[:2] == ["$", "pytest"]
    pytester.runpytest_subprocess(*WITHOUT, *command[2:]).assert_outcomes(passed=1)


def test_the_package(pytester: pytest.Pytester, test_alone: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The module and the entry point of the package do so, too."""
    pytester.path.joinpath("harbour_sms.py").write_text(shown("python", "HARBOUR =").text)
    (group,) = re.findall(r'^\[project\.entry-points\."(.*)"\]$', shown("toml", "[project]").text, re.MULTILINE)
    (point,) = re.findall(r'^(\w+) = "(\w+:\w+)"$', shown("toml", "[project]").text, re.MULTILINE)
    metadata = pytester.mkdir("pytest_otp_harbour-1.0.dist-info")
    metadata.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: pytest-otp-harbour\nVersion: 1.0\n")
    metadata.joinpath("entry_points.txt").write_text(f"[{group}]\n{' = '.join(point)}\n")
    monkeypatch.setenv("PYTHONPATH", str(pytester.path))
    pytester.runpytest_subprocess(*WITHOUT).assert_outcomes(passed=1)


def test_the_tables() -> None:
    """The tables list every placeholder of an answer and every kind of error."""
    words = set(re.findall(r"`\{?([\w]+)\}?`", text_of(PAGE)))
    assert set(ANSWER_PLACEHOLDERS) <= words
    assert set(ERROR_KINDS + FAILURE_KINDS) - {"missing_sender"} <= words


@pytest.mark.parametrize("service", [Telnyx, Plivo, MessageBird, Bird, Sinch, Infobip, AfricasTalking])
def test_the_table_of_built_in_services(service: type[DescribedService]) -> None:
    """Each has a row with its hosts and requests."""
    description = service.DESCRIPTION
    (row,) = re.findall(rf"^\| `{description.name}` \|.*$", text_of("docs/gateway-other-services.md"), re.MULTILINE)
    cells = [set(re.findall(r"`(.*?)`", cell)) for cell in row.split("|")]
    assert cells[2] == set(description.hosts)
    assert cells[3] == {f"{request.method} {request.path}" for request in description.requests}


@pytest.mark.parametrize("service", [Telnyx, Plivo, MessageBird, Bird, Sinch, Infobip, AfricasTalking])
def test_the_table_of_failures(service: type[DescribedService]) -> None:
    """Each has a row with the status and the code of every kind of failure that is an error."""
    (row,) = re.findall(rf"^\| `{service.SERVICE}` \|(.*) \|$", text_of("docs/gateway-failures.md"), re.MULTILINE)
    shown_cells = [cell.strip() for cell in row.split("|")]
    errors = [Failure(kind).by(service.FAILURES) for kind in OF_SERVICES]
    assert shown_cells == [", ".join(filter(None, [str(each[0]), each[1]])) if each else "" for each in errors]
