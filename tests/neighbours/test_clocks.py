"""Libraries that freeze time, or travel in it: waits and their time-outs take real time."""

from __future__ import annotations

import pytest

from tests.neighbours.beside import Beside

FUNCTION_FIXTURE = """
    import pytest
    from freezegun import freeze_time

    @pytest.fixture
    def frozen():
        with freeze_time("2024-02-29"):
            yield

    def test_it(frozen, otp_number):
        assert len(otp_number().wait_code(timeout=60)) == 6
"""
SESSION_FIXTURE = """
    import time
    import pytest
    from freezegun import freeze_time
    from pytest_otp import CodeTimeout

    @pytest.fixture(scope="session", autouse=True)
    def frozen():
        with freeze_time("2024-02-29"):
            yield

    def test_code(otp_number):
        before = time.monotonic()
        assert len(otp_number().wait_code(timeout=60)) == 6
        assert time.monotonic() == before

    def test_timeout(otp_number):
        number = otp_number()
        number.wait_code(timeout=60)
        with pytest.raises(CodeTimeout):
            number.wait_code(timeout=0.2, sender="nobody")

    async def waits(number):
        assert len(await number.wait_code_async(timeout=60)) == 6
        with pytest.raises(CodeTimeout):
            await number.wait_code_async(timeout=0.2, sender="nobody")

    def test_async(otp_number):
        import asyncio
        asyncio.run(waits(otp_number()))
"""
DECORATOR = """
    import datetime
    from freezegun import freeze_time

    @freeze_time("2024-02-29")
    def test_it(otp_number):
        message = otp_number().wait_message(timeout=60)
        assert datetime.datetime.now().year == 2024
        assert message.received_at is None or message.received_at.year > 2024
"""
TIME_MACHINE = """
    import datetime
    import pytest
    import time_machine
    from pytest_otp import CodeTimeout

    @pytest.fixture(scope="session", autouse=True)
    def frozen():
        with time_machine.travel(datetime.datetime(2024, 2, 29, tzinfo=datetime.timezone.utc), tick=False):
            yield

    def test_code(otp_number):
        number = otp_number()
        assert len(number.wait_code(timeout=60)) == 6
        with pytest.raises(CodeTimeout):
            number.wait_code(timeout=0.2, sender="nobody")

    def test_moved(otp_number, time_machine):
        time_machine.move_to("2030-01-01")
        assert len(otp_number().wait_code(timeout=60)) == 6
"""


@pytest.mark.neighbour("freezegun")
@pytest.mark.short
def test_freezegun_for_the_session(beside: Beside) -> None:
    """Time is frozen before our modules are imported: codes arrive and time-outs end, on an event loop too."""
    output = beside.passes(SESSION_FIXTURE, passed=3)
    assert "3 finished, 0 cancelled, 0 uncertain, 0 still open" in output


@pytest.mark.neighbour("freezegun")
@pytest.mark.parametrize("text", [FUNCTION_FIXTURE, DECORATOR], ids=["fixture", "decorator"])
def test_freezegun_for_a_test(beside: Beside, text: str) -> None:
    """Time is frozen by a fixture or a decorator: a code arrives, and messages have the real time."""
    beside.passes(text)


@pytest.mark.neighbour("time-machine")
def test_time_machine(beside: Beside) -> None:
    """Time stands still for the session, and is moved by a test: codes arrive and time-outs end."""
    beside.passes(TIME_MACHINE, plugins=("time_machine",), passed=2)
