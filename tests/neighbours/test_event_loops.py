"""Async tests: pytest-asyncio, anyio with both its backends, and trio alone."""

from __future__ import annotations

import pytest

from tests.neighbours.beside import Beside

ASYNCIO = """
    import asyncio
    import pytest

    async def both(otp_number):
        first, second = await asyncio.gather(*(asyncio.to_thread(otp_number) for _ in range(2)))
        return await asyncio.gather(first.wait_code_async(timeout=60), second.wait_code_async(timeout=60))

    @pytest.mark.asyncio
    async def test_it(otp_number):
        codes = await both(otp_number)
        assert [len(code) for code in codes] == [6, 6]

    @pytest.mark.asyncio(loop_scope="session")
    async def test_shared_loop(otp_number):
        assert len(await otp_number().wait_code_async(timeout=60)) == 6
"""
ANYIO = """
    import anyio
    import pytest
    from pytest_otp import CodeTimeout

    @pytest.fixture(params=["asyncio", "trio"])
    def anyio_backend(request):
        return request.param

    @pytest.mark.anyio
    async def test_code(otp_number):
        number = otp_number()
        assert len(await number.wait_code_async(timeout=60)) == 6
        with pytest.raises(CodeTimeout):
            await number.wait_code_async(timeout=0.2, sender="nobody")

    @pytest.mark.anyio
    async def test_cancelled(otp_number):
        number = otp_number()
        with anyio.move_on_after(0.2) as scope:
            await number.wait_code_async(timeout=60, sender="nobody")
        assert scope.cancelled_caught
        assert len(await number.wait_code_async(timeout=60)) == 6

    @pytest.mark.anyio
    async def test_in_a_thread(otp_number):
        number = await anyio.to_thread.run_sync(otp_number)
        assert len(await anyio.to_thread.run_sync(number.wait_code)) == 6
"""
TRIO = """
    import trio

    def test_it(otp_number):
        async def both():
            codes = []
            async def one(number):
                codes.append(await number.wait_code_async(timeout=60))
            async with trio.open_nursery() as nursery:
                for _ in range(2):
                    nursery.start_soon(one, otp_number())
            return codes
        assert [len(code) for code in trio.run(both)] == [6, 6]
"""


@pytest.mark.neighbour("pytest-asyncio")
def test_asyncio(beside: Beside) -> None:
    """Two waits at once, and a loop that tests share."""
    beside.passes(ASYNCIO, plugins=("pytest_asyncio.plugin",), passed=2)


@pytest.mark.neighbour("anyio")
@pytest.mark.short
def test_anyio(beside: Beside) -> None:
    """On both backends a code arrives, a time-out ends, a cancelled wait loses nothing, and threads work too."""
    beside.passes(ANYIO, plugins=("anyio.pytest_plugin",), passed=6)


@pytest.mark.neighbour("trio")
def test_trio(beside: Beside) -> None:
    """Two waits at once."""
    beside.passes(TRIO)
