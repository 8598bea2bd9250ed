"""otp_shared: started once over all xdist workers, and stopped when the last of them is done, whatever happens."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_otp.errors import OtpError
from pytest_otp.plugin.shared import Shared
from tests.plugin.inner import XDIST, Run
from tests.plugin.runs import PATIENCE


class Application:
    """What the tests share: it counts its starts, and says whether it runs."""

    def __init__(self) -> None:
        self.starts = 0
        self.stopped = threading.Event()

    def start(self) -> Iterator[str]:
        self.starts += 1
        yield f"http://127.0.0.1/{self.starts}"
        self.stopped.set()


@pytest.fixture
def application() -> Application:
    return Application()


@pytest.fixture
def workers(tmp_path: Path) -> Callable[[str], Shared]:
    """Workers of one run, by name."""
    return lambda name: Shared(tmp_path / "shared", name)


Workers = Callable[[str], Shared]


def in_thread(target: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    return thread


class TestOneStart:
    """What all workers get."""

    def test_the_first_worker_starts_it(self, workers: Workers, application: Application) -> None:
        """It is started once, whoever asks and how often, and each call returns what was yielded."""
        first, second = workers("gw0"), workers("gw1")
        urls = [shared("app", application.start) for shared in (first, second, first, second)]
        assert urls == ["http://127.0.0.1/1"] * 4
        second.close()
        first.close()
        assert application.stopped.is_set()

    def test_others_wait_for_the_start(self, workers: Workers) -> None:
        """A worker that asks while another one is starting it waits, and starts nothing."""
        begun, go_on, got = threading.Event(), threading.Event(), []

        def slow() -> Iterator[int]:
            begun.set()
            assert go_on.wait(PATIENCE)
            yield 1

        first, second = workers("gw0"), workers("gw1")
        starter = in_thread(lambda: got.append(first("app", slow)))
        assert begun.wait(PATIENCE)
        waiter = in_thread(lambda: got.append(second("app", pytest.fail)))
        go_on.set()
        starter.join(PATIENCE)
        waiter.join(PATIENCE)
        assert got == [1, 1]
        second.close()
        first.close()

    def test_names_are_apart(self, workers: Workers, application: Application) -> None:
        """Each name is a thing of its own."""
        shared = workers("")
        assert [shared(name, application.start) for name in ("app", "../app", "")] == [
            f"http://127.0.0.1/{number}" for number in (1, 2, 3)
        ]
        shared.close()

    @pytest.mark.parametrize("value", [{"url": "http://127.0.0.1", "ports": [1, 2]}, None, 5.5, True])
    def test_plain_data_reaches_all(self, workers: Workers, value: object) -> None:
        """Structured data arrives unchanged; a context manager will do as well as a generator."""
        first, second = workers("gw0"), workers("gw1")
        assert first("app", lambda: contextlib.nullcontext(value)) == value
        assert second("app", pytest.fail) == value
        second.close()
        first.close()

    def test_all_get_what_json_keeps(self, workers: Workers) -> None:
        """The worker that started it gets the same as the others, so that no test depends on which one it was."""
        shared = workers("gw0")
        assert shared("app", lambda: contextlib.nullcontext((1, 2))) == [1, 2]
        shared.close()


class TestStop:
    """When it is stopped."""

    def test_not_before_the_last_user(self, workers: Workers, application: Application) -> None:
        """The worker that started it waits for the others."""
        first, second = workers("gw0"), workers("gw1")
        first("app", application.start)
        second("app", application.start)
        closing = in_thread(first.close)
        assert not application.stopped.wait(0.1)
        second.close()
        closing.join(PATIENCE)
        assert application.stopped.is_set()

    def test_one_that_asks_late_starts_it_anew(self, workers: Workers, application: Application) -> None:
        """Where all were done before another worker asked, that one starts it again."""
        first, second = workers("gw0"), workers("gw1")
        first("app", application.start)
        first.close()
        assert second("app", application.start) == "http://127.0.0.1/2"
        second.close()

    def test_two_that_use_each_others(self, workers: Workers) -> None:
        """Two workers, each of which started what the other uses, both come to their end."""
        first, second = workers("gw0"), workers("gw1")
        for shared, own in ((first, "a"), (second, "b")):
            shared(own, lambda: contextlib.nullcontext(1))
        first("b", pytest.fail)
        second("a", pytest.fail)
        threads = [in_thread(shared.close) for shared in (first, second)]
        for thread in threads:
            thread.join(PATIENCE)
        assert not any(thread.is_alive() for thread in threads)

    def test_one_that_needs_another(self, workers: Workers) -> None:
        """What was started with the help of another worker's is stopped before it."""
        first, second, stopped = workers("gw0"), workers("gw1"), []

        def database() -> Iterator[str]:
            yield "db"
            stopped.append("database")

        def application() -> Iterator[str]:
            yield "app on " + second("database", pytest.fail)
            stopped.append("application")

        first("database", database)
        assert second("app", application) == "app on db"
        closing = in_thread(first.close)
        second.close()
        closing.join(PATIENCE)
        assert stopped == ["application", "database"]

    def test_an_error_at_the_stop(self, workers: Workers, application: Application) -> None:
        """It is raised, and what else was started is stopped all the same."""

        def breaks() -> Iterator[None]:
            yield
            raise RuntimeError("no way to stop")

        shared = workers("")
        shared("app", application.start)
        shared("other", breaks)
        with pytest.raises(RuntimeError, match="no way to stop"):
            shared.close()
        assert application.stopped.is_set()


class TestFailures:
    """What each worker is told."""

    def test_a_start_that_fails(self, workers: Workers) -> None:
        """The worker that tried gets the error itself, every other call names the worker and the reason."""

        def fails() -> Iterator[None]:
            raise RuntimeError("port 8000 is taken")
            yield

        first, second = workers("gw0"), workers("gw1")
        with pytest.raises(RuntimeError, match=r"^port 8000 is taken$"):
            first("app", fails)
        for shared in (first, second):
            with pytest.raises(OtpError) as told:
                shared("app", pytest.fail)
            assert str(told.value) == "otp_shared('app') failed to start in gw0: RuntimeError: port 8000 is taken"
        second.close()
        first.close()

    def test_a_start_that_skips(self, workers: Workers) -> None:
        """A start that skips skips the tests of all workers, with the same reason."""

        def skips() -> Iterator[None]:
            pytest.skip("needs Docker")
            yield

        first, second = workers("gw0"), workers("gw1")
        for shared in (first, second):
            with pytest.raises(pytest.skip.Exception, match=r"^needs Docker$"):
                shared("app", skips)

    @pytest.mark.parametrize(
        ("start", "said"),
        [
            (lambda: "http://127.0.0.1", "start() must return a context manager or be a generator function"),
            (lambda: contextlib.nullcontext(object()), "start() yielded object, but only plain data reaches all"),
        ],
    )
    def test_what_cannot_be_shared(self, workers: Workers, start: Any, said: str) -> None:
        """A value that others cannot get is an error in the first worker already."""
        with pytest.raises(TypeError) as told:
            workers("gw0")("app", start)
        assert said in str(told.value)

    def test_a_generator_that_yields_nothing(self, workers: Workers) -> None:
        """There would be nothing to share: the error says what `start` has to do."""
        with pytest.raises(TypeError) as told:
            workers("gw0")("app", lambda: iter(()))
        assert str(told.value) == "otp_shared('app', start): start() yielded nothing; it must yield once"

    def test_a_generator_that_yields_twice(self, workers: Workers) -> None:
        """It is closed at the second yield, so that nothing of it keeps running, and the error names the reason."""
        ended = threading.Event()

        def starts() -> Iterator[str]:
            try:
                yield "first"
                yield "second"
            finally:
                ended.set()

        first, second = workers("gw0"), workers("gw1")
        assert first("app", starts) == "first"
        with pytest.raises(TypeError) as told:
            first.close()
        assert str(told.value) == "otp_shared('app', start): start() yielded again; it must yield once"
        assert ended.is_set()
        assert second("app", lambda: iter(["anew"])) == "anew"
        second.close()

    def test_one_that_cannot_be_shared_is_stopped(self, workers: Workers) -> None:
        """What was started is stopped when its value turns out to be none that others can get."""
        ended = threading.Event()

        def starts() -> Iterator[object]:
            yield object()
            ended.set()

        with pytest.raises(TypeError):
            workers("gw0")("app", starts)
        assert ended.is_set()

    def test_one_that_asks_for_itself(self, workers: Workers) -> None:
        """A start that asks for its own name is told so, and does not wait for ever."""
        shared = workers("gw0")

        def start() -> Iterator[object]:
            yield shared("app", start)

        with pytest.raises(OtpError, match=r"^otp_shared\('app'\) is called by what it starts$"):
            shared("app", start)


SHARES = """
import os, pathlib, signal, time
import pytest

def say(name):
    pathlib.Path(name).touch()

def wait_for(name):
    while not pathlib.Path(name).exists():
        time.sleep(0.01)

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def start():
    yield os.environ["PYTEST_XDIST_WORKER"]
    say("stopped")

@pytest.fixture(scope="session")
def starter(otp_shared):
    return otp_shared("app", start)
"""


class TestRuns:
    """The fixture in runs of pytest."""

    def test_without_xdist(self, pytester: pytest.Pytester, run: Run) -> None:
        """It is started when a test first asks, and stopped at the end of the session."""
        pytester.makepyfile("""
            events = []

            def start():
                events.append("start")
                yield "http://127.0.0.1"
                print("stopped after", events)

            def test_one(otp_shared):
                assert otp_shared("app", start) == "http://127.0.0.1"
                events.append("one")

            def test_two(otp_shared):
                assert otp_shared("app", start) == "http://127.0.0.1"
                events.append("two")
            """)
        result = run("-s")
        result.assert_outcomes(passed=2)
        result.stdout.fnmatch_lines(["*stopped after ?'start', 'one', 'two'?"])

    def test_the_one_that_started_it_is_done_first(self, pytester: pytest.Pytester, run: Run) -> None:
        """It runs until the other worker's test is done, and pytest-timeout does not count that wait."""
        pytester.makeconftest("""
            import pathlib

            def pytest_timeout_cancel_timer(item):
                if not pathlib.Path("stopped").exists():
                    pathlib.Path("not-timed").touch()
            """)
        pytester.makepyfile(
            SHARES
            + """
def test_it(starter, worker_id):
    say("used-by-" + worker_id)
    wait_for("used-by-gw0")
    wait_for("used-by-gw1")
    if starter != worker_id:
        wait_for("not-timed")
        assert not pathlib.Path("stopped").exists()
"""
        )
        result = run(*XDIST, "-p", "pytest_timeout", "--timeout=60", "--dist=each", "-n2")
        result.assert_outcomes(passed=2)
        assert (pytester.path / "stopped").exists()

    def test_a_user_that_crashes(self, pytester: pytest.Pytester, run: Run) -> None:
        """Nobody waits for a worker that has died: what it used is stopped."""
        pytester.makepyfile(
            SHARES
            + """
def test_it(starter, worker_id):
    say("used-by-" + worker_id)
    wait_for("used-by-gw0")
    wait_for("used-by-gw1")
    if starter != worker_id:
        die()
"""
        )
        result = run(*XDIST, "--dist=each", "-n2", "--max-worker-restart=0")
        result.assert_outcomes(passed=1, failed=1)
        assert (pytester.path / "stopped").exists()

    def test_a_starter_that_crashes(self, pytester: pytest.Pytester, run: Run) -> None:
        """The others are told which worker has died, instead of a value that leads nowhere."""
        pytester.makepyfile(
            SHARES
            + """
def test_it(starter, worker_id, otp_shared):
    say("used-by-" + worker_id)
    wait_for("used-by-gw0")
    wait_for("used-by-gw1")
    if starter == worker_id:
        die()
    while True:
        otp_shared("app", start)
        time.sleep(0.01)
"""
        )
        result = run(*XDIST, "--dist=each", "-n2", "--max-worker-restart=0")
        result.assert_outcomes(failed=2)
        died = r"otp_shared\('app'\): gw\d, the xdist worker that started it, has died\. "
        result.stdout.re_match_lines([rf"E +\S+OtpError: {died}What it started may have died with it, or may still be"])

    def test_one_that_crashes_while_it_starts(self, pytester: pytest.Pytester, run: Run) -> None:
        """Workers that wait for the start are told too, also where it has forked a process that lives on."""
        pytester.makepyfile(
            SHARES
            + """
def breaks():
    if os.fork() == 0:
        wait_for("told")
        os._exit(0)
    die()
    yield

def test_it(otp_shared, worker_id):
    try:
        otp_shared("app", breaks)
    finally:
        say("told")
"""
        )
        result = run(*XDIST, "--dist=each", "-n2", "--max-worker-restart=0")
        result.assert_outcomes(failed=2)
        result.stdout.fnmatch_lines(["E * the xdist worker that started it, has died. *"])
