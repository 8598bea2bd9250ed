"""One side process, started for real, and its pipes."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pytest_otp.keeper import pipes as side_module
from pytest_otp.keeper.pipes import Side, Stuck
from pytest_otp.keeper.wire import encode
from pytest_otp.orders.ledger import Ledger
from pytest_otp.redact import Secret
from tests.keeper.loopback import KEY, LONG, PACKAGE, Cepat, runs, stop, until

ORDER: Mapping[str, Any] = {"op": "order", "provider": 0, "service": "1", "country": "6", "operator": None}


class Talk:
    """A side process, and all that it said."""

    def __init__(self, hello: Mapping[str, Any]) -> None:
        self.said: list[Mapping[str, Any]] = []
        self.ended = False
        self.side = Side(hello, on_message=self.said.append, on_end=self._end)

    @property
    def pid(self) -> int:
        return self.side._process.pid

    def ask(self, number: int, **message: Any) -> Mapping[str, Any]:
        self.side.write(encode({"id": number, **message}))
        until(lambda: self._answers(number))
        return self._answers(number)[0]

    def _answers(self, number: int) -> list[Mapping[str, Any]]:
        return [message for message in self.said if message.get("id") == number]

    def _end(self, side: Side) -> None:
        self.ended = True


Begin = Callable[..., Talk]


@pytest.fixture
def begin(ledger_path: Path, cepat: Cepat) -> Iterator[Begin]:
    """Starts side processes; none of them is left after the test."""
    talks: list[Talk] = []

    def begun(**changes: Any) -> Talk:
        hello = {
            "pid": os.getpid(),
            "ledger": str(ledger_path),
            "run": "a-run",
            "budget": (None, None, None),
            "owner": "an-owner",
            "held": [],
            "providers": [{"name": "otpcepat", "values": cepat.values, "allow_http": []}],
            **changes,
        }
        talks.append(Talk(hello))
        return talks[-1]

    yield begun
    for talk in talks:
        talk.side._process.kill()
        until(lambda talk=talk: talk.ended)  # type: ignore[misc]


def test_it_orders_and_ends_when_its_work_is_done(begin: Begin, cepat: Cepat, ledger: Ledger) -> None:
    """It says that it is ready, answers, closes what is open when its input ends, and is gone, without an error."""
    talk = begin()
    answer = talk.ask(1, **ORDER, key="a")
    assert talk.side.ready
    assert talk.said[0] == {"ready": True}
    assert answer["order"]["number"] == "6281200000001"
    talk.side.close()
    until(lambda: talk.ended)
    assert talk.side._process.returncode == 0
    assert not cepat.open
    assert [entry.state for entry in ledger.entries()] == ["cancelled"]


def test_without_an_open_order_it_ends_at_once(begin: Begin) -> None:
    """It does not outlive its work."""
    talk = begin()
    until(lambda: talk.side.ready)
    start = time.monotonic()
    talk.side.close()
    until(lambda: talk.ended)
    assert time.monotonic() - start < 5


def test_it_is_of_our_own_installation(begin: Begin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where another pytest-otp is installed as well, the one that the tests run with is the keeper's too."""
    ours = tmp_path / "pytest_otp"
    shutil.copytree(PACKAGE, ours, ignore=shutil.ignore_patterns("__pycache__"))
    process = ours / "keeper" / "process.py"
    process.write_text(process.read_text().replace('{"ready": True}', '{"ready": "the copy"}'))
    monkeypatch.setattr(side_module, "_HOME", str(tmp_path))
    talk = begin()
    until(lambda: talk.said)
    assert talk.said == [{"ready": "the copy"}]


def test_an_owner_that_dies_before_it_has_said_anything(monkeypatch: pytest.MonkeyPatch, begin: Begin) -> None:
    """A side process that never hears from its owner ends."""
    monkeypatch.setattr(Side, "write", lambda self, line: None)
    talk = begin()
    talk.side.close()
    until(lambda: talk.ended)
    assert talk.side._process.returncode == 0
    assert not talk.said


def test_it_is_in_a_session_of_its_own(begin: Begin) -> None:
    """No closed terminal and no signal to our process group reaches it."""
    talk = begin()
    assert os.getsid(talk.pid) == os.getpgid(talk.pid) == talk.pid != os.getsid(0)


def test_no_secret_is_in_its_environment_or_command_line(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process list shows no key: neither a built-in provider's, nor one that stands elsewhere, nor a plugin's."""
    monkeypatch.setenv("API_KEY_OTPCEPAT", "another-invented-key")
    monkeypatch.setenv("OTPVIRT_API_PASSWORD", "yet-another-invented-key")
    monkeypatch.setenv("COPY_OF_THE_KEY", f"key={KEY};")
    monkeypatch.setenv("A_PLUGINS_TOKEN", Secret("an-invented-token").reveal())
    monkeypatch.setenv("HARMLESS", "and-wanted")
    talk = begin()
    until(lambda: talk.side.ready)
    environ = Path(f"/proc/{talk.pid}/environ").read_text()
    shown = environ + Path(f"/proc/{talk.pid}/cmdline").read_text()
    assert "HARMLESS=and-wanted" in environ
    assert "invented" not in shown


def test_a_list_of_processes_tells_what_it_is(begin: Begin) -> None:
    """Who finds it in `ps` reads its name, as an option that Python takes and ignores."""
    talk = begin()
    until(lambda: talk.side.ready)
    words = Path(f"/proc/{talk.pid}/cmdline").read_bytes().split(b"\0")
    assert words[words.index(b"-X") + 1] == b"pytest_otp_keeper"


def test_its_standard_streams_are_the_null_device(begin: Begin) -> None:
    """It holds no terminal, log or pipe of ours open, but for its own two."""
    talk = begin()
    until(lambda: talk.side.ready)
    files = {int(path.name): os.readlink(path) for path in Path(f"/proc/{talk.pid}/fd").iterdir() if path.exists()}
    assert [files[number] for number in range(3)] == ["/dev/null"] * 3
    assert sum(name.startswith("pipe:") for name in files.values()) == 2
    assert os.readlink(f"/proc/{talk.pid}/cwd") == os.getcwd()  # where relative paths in the environment start


PLUGIN = """
import os
from datetime import datetime, timezone
from pathlib import Path
from pytest_otp.providers.base import Order

WORDS = '{"id": 1, "order": {}}'
print(WORDS, flush=True)

class Talkative:
    name = "talkative"
    variables = ()
    order_id = 0

    def __init__(self, variables, http):
        self.log = Path(__file__).with_name("log")
        self.talk("built")

    def talk(self, what):
        print(WORDS, flush=True)
        os.write(1, WORDS.encode() + b"\\n")
        os.system(f"echo '{WORDS}'; cat")
        with self.log.open("a") as log:
            log.write(what + "\\n")

    def order(self, service, country, operator):
        self.talk("order")
        return Order("7", "12015550100", service, country, operator, None, None, datetime.now(timezone.utc))

    def cancel(self, order):
        self.talk("cancel")

    def messages(self, order):
        raise OSError("no")

    resend = finish = cancel
"""


def test_a_talkative_plugin(begin: Begin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin that was found on our path is found on its; what it prints is no answer, and it reads no question."""
    (tmp_path / "talkative.py").write_text(PLUGIN)
    metadata = tmp_path / "talkative-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: talkative\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[pytest_otp.providers]\ntalkative = talkative:Talkative\n")
    monkeypatch.syspath_prepend(tmp_path)
    talk = begin(providers=[{"name": "talkative", "values": {}, "allow_http": []}])
    assert talk.ask(1, **ORDER, key="a")["order"]["id"] == "7"
    talk.side.close()
    until(lambda: talk.ended)
    assert [set(message) for message in talk.said] == [{"ready"}, {"id", "order"}]
    assert (tmp_path / "log").read_text().split() == ["built", "order", "cancel"]


@pytest.mark.parametrize("words", ["hello", "hello\\n", "1\\n", "[1]\\n", '{"id\\n'])
def test_what_python_prints_at_its_start(begin: Begin, monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    """A start-up file of the installation that prints something spoils nothing."""
    monkeypatch.setattr(side_module, "_BOOTSTRAP", f"import os; os.write(1, b'{words}')\n{side_module._BOOTSTRAP}")
    talk = begin()
    assert "order" in talk.ask(1, **ORDER, key="a")
    assert talk.said[0] == {"ready": True}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_that_was_meant_for_its_owner(begin: Begin, cepat: Cepat, number: signal.Signals) -> None:
    """It goes on, from its first moments on."""
    talk = begin()
    status = Path(f"/proc/{talk.pid}/status")
    until(lambda: _ignores(status.read_text(), number))
    os.kill(talk.pid, number)
    assert "order" in talk.ask(1, **ORDER, key="a")
    os.kill(talk.pid, number)
    talk.side.close()
    until(lambda: talk.ended)
    assert talk.side._process.returncode == 0
    assert not cepat.open


def _ignores(status: str, number: signal.Signals) -> bool:
    ignored = next(line for line in status.splitlines() if line.startswith("SigIgn:"))
    return bool(int(ignored.split()[1], 16) >> (number - 1) & 1)


def test_its_end_is_told(begin: Begin) -> None:
    """However it ends, that is noticed; nothing can be written to it afterwards."""
    talk = begin()
    until(lambda: talk.side.ready)
    os.kill(talk.pid, signal.SIGKILL)
    until(lambda: talk.ended)
    with pytest.raises(OSError, match="Bad file descriptor"):
        talk.side.write(b"{}\n")


@pytest.mark.parametrize("how", ["closed", "dead"])
def test_a_file_with_its_number(begin: Begin, tmp_path: Path, how: str) -> None:
    """What is written too late never reaches a file that was opened since: it may hold a key."""
    talk = begin()
    until(lambda: talk.side.ready)
    if how == "closed":
        talk.side.close()
    else:
        os.kill(talk.pid, signal.SIGKILL)
    until(lambda: talk.ended)
    files = [(tmp_path / str(number)).open("wb") for number in range(20)]
    with pytest.raises(OSError, match="Bad file descriptor"):
        talk.side.write(b'{"secret": "an-invented-key"}\n')
    for file in files:
        file.close()
    assert not any(path.stat().st_size for path in map(Path, (file.name for file in files)))


class TestStopped:
    """It takes nothing in."""

    @pytest.fixture
    def stopped(self, begin: Begin, monkeypatch: pytest.MonkeyPatch) -> Talk:
        """One whose pipe is full."""
        monkeypatch.setattr(side_module, "WRITE_TIMEOUT", 0.1)
        talk = begin()
        until(lambda: talk.side.ready)
        stop(talk.pid)
        for _ in range(1000):
            try:
                talk.side.write(b" " * 4095 + b"\n")
            except Stuck:
                return talk
        raise AssertionError("a pipe without end")

    def test_writing_ends(self, stopped: Talk) -> None:
        """It is said in time; whatever was written whole is read later, and nothing else."""
        start = time.monotonic()
        with pytest.raises(Stuck) as caught:
            stopped.side.write(b"x" * 4095 + b"\n")
        assert 0.1 <= time.monotonic() - start < LONG / 2
        assert str(caught.value) == (
            "the keeper, which guards orders against a killed run, takes nothing in. Was it stopped?"
        )
        assert runs(stopped.pid)

    def test_half_a_line(self, begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where part of a line is in the pipe, it is killed: it would understand nothing that comes after it."""
        monkeypatch.setattr(side_module, "WRITE_TIMEOUT", 0.1)
        talk = begin()
        until(lambda: talk.side.ready)
        stop(talk.pid)
        with pytest.raises(Stuck):
            talk.side.write(b"x" * 1_000_000 + b"\n")
        until(lambda: talk.ended)
        assert talk.side._process.returncode == -signal.SIGKILL

    def test_at_its_very_start(self, begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
        """A first line that does not get through ends it, which is told as any other end."""
        monkeypatch.setattr(side_module, "WRITE_TIMEOUT", 0.1)
        monkeypatch.setattr(side_module, "_BOOTSTRAP", "import time; time.sleep(60)")
        talk = begin(run="x" * 1_000_000)
        until(lambda: talk.ended)
        assert talk.side._process.returncode == -signal.SIGKILL


def test_more_files_than_select_can_count(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing waits for room also in a process with thousands of open files."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 1200:
        pytest.skip("this machine allows few open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1200), hard))
    spare = [os.open(os.devnull, os.O_RDONLY) for _ in range(1050)]
    try:
        monkeypatch.setattr(side_module, "WRITE_TIMEOUT", 0.05)
        talk = begin()
        stop(talk.pid)
        with pytest.raises(Stuck):
            talk.side.write(b"x" * 1_000_000)
    finally:
        for number in spare:
            os.close(number)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_python_that_cannot_be_started(begin: Begin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The operating system's error goes to whoever wants a keeper."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "missing"))
    with pytest.raises(FileNotFoundError):
        begin()
