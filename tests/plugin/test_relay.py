"""The channel between xdist's controller and its workers: who answers, who is waited for, and what is left of it."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from pytest_otp.errors import OtpError
from pytest_otp.plugin.relay import SECRET, Hub
from pytest_otp.plugin.relay_worker import Branch

LIMIT = 0.3
"""Seconds that a hub waits where a test is about giving up."""
FOREVER = 3600.0
"""Seconds that a hub waits where a test is about not waiting."""
PATIENCE = 60.0
"""Seconds until a test fails that waits for something."""


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def hub(stack: ExitStack) -> Hub:
    return a_hub(stack, limit=FOREVER)


@pytest.fixture
def hasty(stack: ExitStack) -> Hub:
    return a_hub(stack, limit=LIMIT)


def a_hub(stack: ExitStack, **options: Any) -> Hub:
    hub = Hub(**options)
    hub.start()
    stack.callback(hub.stop)
    return hub


def a_branch(stack: ExitStack, hub: Hub, **handlers: Any) -> Branch:
    branch = Branch(hub.address)
    for topic, handler in handlers.items():
        branch.handle(topic, handler)
    branch.start()
    stack.callback(branch.stop)
    return branch


def wait_until(condition: Any) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


class TestAsking:
    """What comes back."""

    def test_every_worker_answers(self, stack: ExitStack, hub: Hub) -> None:
        """All workers are asked, with the arguments as they were given."""
        for name in "ab":
            a_branch(stack, hub, sms=lambda *args, name=name: [name, *args])
        said = hub.ask("sms", "+12015550123", "Ваш код 482913 📱\n", None, 7)
        assert sorted(said) == [[name, "+12015550123", "Ваш код 482913 📱\n", None, 7] for name in "ab"]

    def test_none_is_an_answer(self, stack: ExitStack, hub: Hub) -> None:
        """A handler that gives None has answered."""
        a_branch(stack, hub, sms=lambda: None)
        assert hub.ask("sms") == [None]

    def test_nobody_to_ask(self, hub: Hub) -> None:
        """Without workers there is no answer, at once."""
        assert hub.ask("sms") == []

    def test_a_worker_without_a_handler(self, stack: ExitStack, hub: Hub) -> None:
        """It gives no answer, and nobody waits for one."""
        a_branch(stack, hub, sms=lambda: "sms")
        a_branch(stack, hub, push=lambda: "push")
        assert hub.ask("push") == ["push"]

    def test_handlers_come_and_go(self, stack: ExitStack, hub: Hub) -> None:
        """A connected worker can get handlers, several for a topic too, and lose them."""
        branch = a_branch(stack, hub)
        assert hub.ask("sms") == []

        def first() -> str:
            return "first"

        branch.handle("sms", first)
        branch.handle("sms", lambda: "second")
        assert hub.ask("sms") == ["first", "second"]
        branch.forget(first)
        assert hub.ask("sms") == ["second"]

    def test_connecting_twice(self, stack: ExitStack, hub: Hub) -> None:
        """Starting a connected branch again does nothing."""
        branch = a_branch(stack, hub, sms=lambda: "here")
        branch.start()
        assert hub.ask("sms") == ["here"]

    def test_a_worker_asks_the_controller(self, stack: ExitStack, hub: Hub) -> None:
        """A worker gets what each of the controller's handlers of a topic returns, and nothing for an unknown topic."""
        hub.handle("seen", lambda *args: ["one", *args])
        hub.handle("seen", lambda *args: None)
        branch = a_branch(stack, hub)
        assert branch.ask("seen", "+12015550123", 7) == [["one", "+12015550123", 7], None]
        assert branch.ask("unseen") == []

    def test_both_ask_at_once(self, stack: ExitStack, hub: Hub) -> None:
        """Questions of both ends cross without being mixed up."""
        hub.handle("double", lambda number: 2 * number)
        branches = [a_branch(stack, hub, sms=lambda number: number + 1) for _ in range(2)]
        with ThreadPoolExecutor(8) as threads:
            down = [threads.submit(hub.ask, "sms", number) for number in range(50)]
            up = [threads.submit(branches[number % 2].ask, "double", number) for number in range(50)]
            assert [future.result() for future in down] == [[number + 1] * 2 for number in range(50)]
            assert [future.result() for future in up] == [[2 * number] for number in range(50)]

    def test_a_controller_that_fails_to_answer(
        self, stack: ExitStack, hub: Hub, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A handler that raises gives no answer, and its message, which may contain an SMS, is in no log."""
        hub.handle("seen", lambda: {}["a secret"])
        assert a_branch(stack, hub).ask("seen") == []
        assert "KeyError" in caplog.text
        assert "KeyError: 'a secret'" not in caplog.text

    def test_a_controller_that_is_silent(self, stack: ExitStack, hub: Hub) -> None:
        """A worker does not wait for ever."""
        answered = threading.Event()
        stack.callback(answered.set)
        hub.handle("seen", answered.wait)
        with pytest.raises(OtpError, match="^this xdist worker got no answer from its controller$"):
            a_branch(stack, hub).ask("seen", limit=LIMIT)

    def test_a_controller_that_ends_while_it_is_asked(self, stack: ExitStack, hub: Hub) -> None:
        """The end of the connection ends the wait for an answer, and later questions fail at once."""
        branch = a_branch(stack, hub)
        hub.handle("seen", lambda: hub.stop())
        with pytest.raises(OtpError, match="got no answer"):
            branch.ask("seen", limit=FOREVER)
        with pytest.raises(OtpError, match="got no answer"):
            branch.ask("seen", limit=FOREVER)

    def test_until(self, stack: ExitStack, hub: Hub) -> None:
        """Once an answer is as wanted, nobody waits for the others."""
        pool, go_on = stack.enter_context(ThreadPoolExecutor()), threading.Event()
        a_branch(stack, hub, sms=lambda: True)
        a_branch(stack, hub, sms=go_on.wait)
        stack.callback(go_on.set)
        assert pool.submit(hub.ask, "sms", until=bool).result(PATIENCE) == [True]

    def test_many_at_once(self, stack: ExitStack, hub: Hub) -> None:
        """Each of many threads gets the answers to its own question."""
        for factor in (10, 100):
            a_branch(stack, hub, times=lambda number, factor=factor: number * factor)
        with ThreadPoolExecutor(20) as pool:
            found = list(pool.map(lambda number: sorted(hub.ask("times", number)), range(300)))
        assert found == [[number * 10, number * 100] for number in range(300)]

    def test_a_long_text(self, stack: ExitStack, hub: Hub) -> None:
        """What is more than a socket takes at once arrives whole."""
        a_branch(stack, hub, sms=lambda text: text)
        text = "é" * 500_000
        assert hub.ask("sms", text) == [text]


class TestTrouble:
    """A worker with a problem does not affect the others."""

    def test_a_handler_that_fails(self, stack: ExitStack, hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
        """It gives no answer; the log has the error's type, but not its message, which may hold an SMS."""

        def failing(text: str) -> None:
            raise ValueError(text)

        a_branch(stack, hub, sms=failing)
        a_branch(stack, hub, sms=lambda text: "fine")
        assert hub.ask("sms", "code 482913") == ["fine"]
        assert hub.ask("sms", "code 482913") == ["fine"], "it goes on"
        assert "ValueError" in caplog.text
        assert "482913" not in caplog.text

    def test_a_worker_that_hangs(self, stack: ExitStack, hasty: Hub) -> None:
        """Only the first question waits for it; when it goes on, it answers all, and is waited for again."""
        pool, go_on, heard = stack.enter_context(ThreadPoolExecutor()), threading.Event(), list[int]()
        stack.callback(go_on.set)

        def slow(number: int) -> int:
            go_on.wait()
            heard.append(number)
            return number

        a_branch(stack, hasty, sms=slow)
        assert hasty.ask("sms", 1) == []
        hasty.limit = FOREVER
        a_branch(stack, hasty, sms=lambda number: number)
        assert pool.submit(hasty.ask, "sms", 2).result(PATIENCE) == [2]
        go_on.set()
        wait_until(lambda: heard == [1, 2])
        wait_until(lambda: hasty.ask("sms", 3) == [3, 3])

    def test_a_worker_that_hangs_for_long(self, stack: ExitStack) -> None:
        """Asking never waits for its socket, however much is unsent; what exceeds `max_unsent` is dropped."""
        hub = a_hub(stack, limit=LIMIT, max_unsent=3)
        go_on, heard = threading.Event(), list[int]()
        stack.callback(go_on.set)

        def slow(number: int, text: str) -> None:
            go_on.wait()
            heard.append(number)

        a_branch(stack, hub, sms=slow)
        for number in range(20):
            assert hub.ask("sms", number, "x" * 500_000) == []
        go_on.set()
        wait_until(lambda: len(heard) >= 4)
        assert heard == sorted(heard)
        assert len(heard) < 20

    def test_a_worker_that_is_killed(self, stack: ExitStack, hub: Hub) -> None:
        """Its end is noticed at once, also in the middle of a question."""
        program = (
            "import json, sys, time\n"
            "from pytest_otp.plugin.relay_worker import Branch\n"
            "def hang():\n"
            "    print('asked', flush=True)\n"
            "    time.sleep(600)\n"
            "branch = Branch(json.loads(sys.argv[1]))\n"
            "branch.handle('sms', hang)\n"
            "branch.start()\n"
            "print('ready', flush=True)\n"
            "time.sleep(600)\n"
        )
        a_branch(stack, hub, sms=lambda: "here")
        with (
            subprocess.Popen(
                [sys.executable, "-c", program, json.dumps(hub.address)], stdout=subprocess.PIPE, text=True
            ) as worker,
            ThreadPoolExecutor() as pool,
        ):
            assert worker.stdout
            assert worker.stdout.readline() == "ready\n"
            asking = pool.submit(hub.ask, "sms")
            assert worker.stdout.readline() == "asked\n"
            worker.send_signal(signal.SIGKILL)
            assert asking.result(PATIENCE) == ["here"]
            assert pool.submit(hub.ask, "sms").result(PATIENCE) == ["here"]

    def test_a_worker_that_leaves(self, stack: ExitStack, hub: Hub) -> None:
        """After stop() it is not asked any more; a second stop() does nothing."""
        branch = a_branch(stack, hub, sms=lambda: "gone")
        a_branch(stack, hub, sms=lambda: "here")
        branch.stop()
        branch.stop()
        assert hub.ask("sms") == ["here"]

    def test_the_end_while_a_question_waits(self, stack: ExitStack, hub: Hub) -> None:
        """When the hub stops, the question returns."""
        pool, asked, go_on = stack.enter_context(ThreadPoolExecutor()), threading.Event(), threading.Event()

        def hang() -> None:
            asked.set()
            go_on.wait()

        a_branch(stack, hub, sms=hang)
        stack.callback(go_on.set)
        asking = pool.submit(hub.ask, "sms")
        assert asked.wait(PATIENCE)
        hub.stop()
        assert asking.result(PATIENCE) == []


class TestPrivate:
    """Who is admitted, and what remains afterwards."""

    def test_only_this_user_may_enter(self, hub: Hub) -> None:
        """The socket is in a folder that no other user can enter."""
        assert stat.S_IMODE(Path(hub.address["path"]).parent.stat().st_mode) == 0o700

    def test_each_hub_has_a_key_of_its_own(self, stack: ExitStack, hub: Hub) -> None:
        """A worker of another run is not admitted."""
        other = a_hub(stack)
        assert hub.address[SECRET] != other.address[SECRET]
        with pytest.raises(OtpError, match="this xdist worker cannot connect to its controller: access denied"):
            Branch({**hub.address, SECRET: other.address[SECRET]}).start()
        assert hub.ask("sms") == []

    @pytest.mark.parametrize(
        "said",
        [
            b"",
            b"\n",
            b"nothing\n",
            b"[]\n",
            b"{}\n",
            b'{"key": 1}\n',
            b"\xff\n",
            b"x" * 10_000,
            b"nothing",
        ],
        ids=["nothing", "empty", "words", "list", "no-key", "number", "bytes", "long", "silent"],
    )
    def test_strangers(self, stack: ExitStack, hasty: Hub, said: bytes) -> None:
        """Anyone who does not send the key is disconnected, and the others go on."""
        a_branch(stack, hasty, sms=lambda: "here")
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.connect(hasty.address["path"])
            stranger.settimeout(PATIENCE)
            stranger.sendall(said)
            if not said:
                stranger.shutdown(socket.SHUT_WR)
            try:
                assert stranger.recv(100) == b""
            except ConnectionResetError:
                assert len(said) > 4096, "only unread data is answered with a reset"
        hasty.limit = FOREVER
        assert hasty.ask("sms") == ["here"]

    def test_nothing_is_left(self, stack: ExitStack, hub: Hub) -> None:
        """After stop() socket and folder are removed, and nobody can connect; a second stop() does nothing."""
        address = hub.address
        hub.stop()
        hub.stop()
        assert not Path(address["path"]).parent.exists()
        with pytest.raises(RuntimeError, match="the hub is not running"):
            _ = hub.address
        with pytest.raises(OtpError) as caught:
            Branch(address).start()
        assert str(caught.value) == (
            "this xdist worker cannot connect to its controller: [Errno 2] No such file or directory. "
            "Workers on another machine cannot share the controller's gateway or webhook."
        )

    def test_no_thread_is_left(self) -> None:
        """Hub and branches end their threads."""
        before = set(threading.enumerate())
        with ExitStack() as stack:
            hub = a_hub(stack)
            for _ in range(5):
                a_branch(stack, hub, sms=lambda: "here")
            assert len(hub.ask("sms")) == 5
        wait_until(lambda: set(threading.enumerate()) <= before)

    def test_starting_twice(self, hub: Hub) -> None:
        """A second start() does nothing."""
        address = hub.address
        hub.start()
        assert hub.address == address

    def test_a_long_name_of_the_temporary_folder(
        self, stack: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A socket's path has a limit, and the temporary folder may be longer."""
        deep = tmp_path / ("deep" * 30)
        deep.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(deep))
        hub = a_hub(stack)
        a_branch(stack, hub, sms=lambda: "here")
        assert hub.ask("sms") == ["here"]
        assert not list(deep.iterdir())

    def test_no_folder_at_all(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """If the folder cannot be created, the error says so."""

        def refuse(**_: object) -> str:
            raise OSError("disk full")

        monkeypatch.setattr(tempfile, "mkdtemp", refuse)
        with pytest.raises(OtpError) as caught:
            Hub().start()
        assert str(caught.value) == (
            "cannot open a channel to the xdist workers: disk full. "
            "Run without xdist, or without a fixed gateway port and without a webhook."
        )


def test_importing_it_is_cheap() -> None:
    """Neither end imports one of the large packages."""
    program = (
        "import sys, pytest_otp.plugin.relay, pytest_otp.plugin.relay_worker\n"
        "print(sorted({'werkzeug', 'requests', 'phonenumbers', 'tenacity'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ)
    assert said.stdout == "[]\n"
