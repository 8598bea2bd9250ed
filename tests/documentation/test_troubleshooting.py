"""The error messages on the troubleshooting page are those that users meet.

Each message stands in a text block. A comment `<!-- pytest OPTIONS -->` above it names a run that prints it; the others
are compared with the texts in the source.
"""

from __future__ import annotations

import shlex

import pytest

from tests.documentation.package_texts import is_beginning_of_a_text
from tests.documentation.pages import Block, blocks
from tests.documentation.running import WITHOUT

QUOTED = [block for block in blocks() if block.page == "docs/troubleshooting.md" and block.language == "text"]


@pytest.mark.parametrize("block", [block for block in QUOTED if block.how], ids=str)
def test_a_run_prints_the_message(pytester: pytest.Pytester, block: Block) -> None:
    """A run with the options shown prints the message."""
    pytester.makepyfile("def test_it(otp_number): otp_number().wait_code()")
    command, *arguments = shlex.split(block.how)
    assert command == "pytest"
    result = pytester.runpytest_subprocess(*WITHOUT, *arguments)
    assert block.text.strip() in result.stdout.str() + result.stderr.str()


@pytest.mark.parametrize("block", [block for block in QUOTED if not block.how], ids=str)
def test_the_source_has_the_message(block: Block) -> None:
    """The message, or its beginning, is a text of the package with something in each placeholder."""
    assert is_beginning_of_a_text(block.text.rstrip("\n")), block.text


def test_a_message_that_does_not_exist_is_noticed() -> None:
    """A message that no text of the package can begin with is found to be missing."""
    assert not is_beginning_of_a_text("the keeper process has gone fishing")
    assert not is_beginning_of_a_text("the order could not be opened")


def test_messages_are_quoted() -> None:
    """The page quotes messages at all."""
    assert len(QUOTED) >= 20
