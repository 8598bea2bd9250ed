"""Each client sends one code, with the gateway's variables alone or with the one setting that its row names."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pytest_otp.errors import CodeTimeout
from pytest_otp.gateway.address import GatewayAddress
from pytest_otp.numbers.ordering import Numbers
from tests.applications.rows import BLOCKED, NODE, OTHERS, PYTHON, Row
from tests.applications.running import PATIENCE, command, variables

TEXT = "Your code is 482913"
Ran = Callable[..., None]


def cases(rows: tuple[Row, ...]) -> list[object]:
    """Each row, on each runtime that it is tested with."""
    return [
        pytest.param(row, major, id=f"{row}-{row.sends}{major}", marks=[pytest.mark.short] if row.short else [])
        for row in rows
        for major in (row.nodes if row.language == "Node.js" else ("",))
    ]


@contextmanager
def running(row: Row, major: str, to: str, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The program, which is given the number and a text."""
    with subprocess.Popen(
        [*command(row, major), to, TEXT],
        env=environment,
        cwd=environment["HOME"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize(("row", "major"), cases(PYTHON + NODE + OTHERS))
def test_the_code_arrives(
    row: Row, major: str, otp_number: Numbers, otp_gateway: GatewayAddress, tmp_path: Path, ran: Ran
) -> None:
    """The code that it sends, or that the service invents and it checks, is what the test gets."""
    number = otp_number()
    with running(row, major, number.e164, variables(otp_gateway, tmp_path, row)) as process:
        if row.verifies:
            try:
                code = number.wait_code(timeout=PATIENCE / 4)
            except CodeTimeout as error:
                process.kill()
                pytest.fail(f"{error}\n{process.communicate()[0]}")
            output, _ = process.communicate(f"{code}\n", timeout=PATIENCE)
            assert process.returncode == 0, output
            assert output.split()[-1] in ("approved", "completed", "0"), output
        else:
            output, _ = process.communicate(timeout=PATIENCE)
            assert process.returncode == 0, output
            assert number.wait_code(timeout=5) == "482913"
    ran(row, major)


@pytest.mark.parametrize(("row", "major"), cases(BLOCKED))
def test_nothing_goes_out(
    row: Row, major: str, otp_number: Numbers, otp_gateway: GatewayAddress, tmp_path: Path, ran: Ran
) -> None:
    """A service that is not served is blocked, and the test says so."""
    number = otp_number()
    with running(row, major, number.e164, variables(otp_gateway, tmp_path, row)) as process:
        output, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode != 0, output
    with pytest.raises(CodeTimeout) as told:
        number.wait_code(timeout=0.1)
    assert "blocked" in str(told.value)
    ran(row, major)
