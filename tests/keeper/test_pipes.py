"""One side process, started for real, and its pipes."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pytest_otp.clock import monotonic
from pytest_otp.keeper.pipes import BOOTSTRAP, KeeperNotResponding, SideProcess
from pytest_otp.keeper.wire import encode
from pytest_otp.orders.ledger import Ledger
from pytest_otp.redact import Secret
from tests.keeper.loopback import KEY, PACKAGE, Cepat, runs, stop
from tests.orders.processes import LONG, until

ORDER: Mapping[str, Any] = {"op": "order", "provider": 0, "service": "1", "country": "6", "operator": None}
"""An order, but for its key and until when it may be sent."""


class Talk:
    """A side process, and all that it said."""

    def __init__(self, hello: Mapping[str, Any], **options: Any) -> None:
        self.said: list[Mapping[str, Any]] = []
        self.ended = False
        self.side = SideProcess(hello, on_message=self.said.append, on_end=self._end, **options)

    @property
    def pid(self) -> int:
        return self.side.pid

    def ask(self, number: int, **message: Any) -> Mapping[str, Any]:
        self.side.write(encode({"id": number, **message}))
        until(lambda: self._answers(number))
        return self._answers(number)[0]

    def kill(self) -> None:
        """Kill it, and wait until that is noticed."""
        self.side.kill()
        until(lambda: self.ended)

    def _answers(self, number: int) -> list[Mapping[str, Any]]:
        return [message for message in self.said if message.get("id") == number]

    def _end(self, side: SideProcess) -> None:
        self.ended = True


Begin = Callable[..., Talk]


def hello_of(ledger: Path, *recipes: Mapping[str, Any]) -> dict[str, Any]:
    """What an owner introduces itself with."""
    return {
        "pid": os.getpid(),
        "ledger": str(ledger),
        "run": "a-run",
        "budget": (None, None, None),
        "owner": "an-owner",
        "held": {},
        "providers": recipes,
    }


@pytest.fixture
def begin(ledger_path: Path, cepat: Cepat) -> Iterator[Begin]:
    """Starts side processes; none of them is left after the test."""
    talks: list[Talk] = []

    def begun(options: Mapping[str, Any] | None = None, **changes: Any) -> Talk:
        recipe = {"name": "otpcepat", "values": cepat.values, "allow_http": []}
        talks.append(Talk({**hello_of(ledger_path, recipe), **changes}, **(options or {})))
        return talks[-1]

    yield begun
    for talk in talks:
        talk.kill()


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    """One that is ready and has nothing to do, started from an environment with secrets."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("API_KEY_OTPCEPAT", "another-invented-key")
        patched.setenv("OTPVIRT_API_PASSWORD", "yet-another-invented-key")
        patched.setenv("COPY_OF_THE_KEY", f"key={Secret(KEY).reveal()};")
        patched.setenv("A_PLUGINS_TOKEN", Secret("an-invented-token").reveal())
        patched.setenv("HARMLESS", "and-wanted")
        patched.setenv("COVERAGE_PROCESS_CONFIG", "starts a measurement")
        patched.setenv("COV_CORE_SOURCE", "starts a measurement")
        talk = Talk(hello_of(tmp_path_factory.mktemp("idle") / "ledger.sqlite3"))
    until(lambda: talk.side.ready)
    yield talk
    talk.kill()


def test_it_orders_and_ends_when_its_work_is_done(begin: Begin, cepat: Cepat, ledger: Ledger) -> None:
    """It says that it is ready, answers, closes what is open when its input ends, and is gone, without an error."""
    talk = begin()
    answer = talk.ask(1, **ORDER, key="a", until=monotonic() + LONG)
    assert talk.side.ready
    assert talk.said[0] == {"ready": True}
    assert answer["result"].number == "6281200000001"
    talk.side.close()
    until(lambda: talk.ended)
    assert talk.side.exit_status == 0
    assert not cepat.open
    assert [entry.state for entry in ledger.entries()] == ["cancelled"]


def test_without_an_open_order_it_ends_at_once(begin: Begin) -> None:
    """It does not outlive its work."""
    talk = begin()
    until(lambda: talk.side.ready)
    talk.side.close()
    until(lambda: talk.ended)
    assert talk.side.exit_status == 0


def test_it_is_of_our_own_installation(begin: Begin, tmp_path: Path) -> None:
    """If another pytest-otp is installed as well, the keeper uses the one that the tests run with."""
    ours = tmp_path / "pytest_otp"
    shutil.copytree(PACKAGE, ours, ignore=shutil.ignore_patterns("__pycache__"))
    process = ours / "keeper" / "process.py"
    process.write_text(process.read_text().replace('{"ready": True}', '{"ready": "the copy"}'))
    talk = begin(home=str(tmp_path))
    until(lambda: talk.said)
    assert talk.said == [{"ready": "the copy"}]


def test_an_owner_that_dies_before_its_first_line(begin: Begin) -> None:
    """A side process that never hears from its owner ends."""
    talk = begin({"bootstrap": BOOTSTRAP.replace("incoming.readline()", "''")})
    until(lambda: talk.ended)
    assert talk.side.exit_status == 0
    assert not talk.said


def test_it_is_in_a_session_of_its_own(idle: Talk) -> None:
    """No closed terminal and no signal to our process group reaches it."""
    assert os.getsid(idle.pid) == os.getpgid(idle.pid) == idle.pid != os.getsid(0)


def test_no_secret_is_in_its_environment_or_command_line(idle: Talk) -> None:
    """A process list shows no key: neither a built-in provider's, nor a copy of one, nor a plugin's."""
    environ = Path(f"/proc/{idle.pid}/environ").read_text()
    shown = environ + Path(f"/proc/{idle.pid}/cmdline").read_text()
    assert "HARMLESS=and-wanted" in environ
    assert "invented" not in shown


def test_nothing_measures_it(idle: Talk) -> None:
    """The variables by which coverage starts in each Python process are not passed on."""
    assert "starts a measurement" not in Path(f"/proc/{idle.pid}/environ").read_text()


def test_a_list_of_processes_shows_what_it_is(idle: Talk) -> None:
    """Its name is in `ps`, as an option that Python takes and ignores."""
    words = Path(f"/proc/{idle.pid}/cmdline").read_bytes().split(b"\0")
    assert words[words.index(b"-X") + 1] == b"pytest_otp_keeper"


def test_its_standard_streams_are_the_null_device(idle: Talk) -> None:
    """It holds no terminal, log or pipe of ours open, except its own two."""
    files = {int(path.name): os.readlink(path) for path in Path(f"/proc/{idle.pid}/fd").iterdir() if path.exists()}
    assert [files[number] for number in range(3)] == ["/dev/null"] * 3
    assert sum(name.startswith("pipe:") for name in files.values()) == 2
    assert os.readlink(f"/proc/{idle.pid}/cwd") == os.getcwd()  # where relative paths in the environment start


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
    assert talk.ask(1, **ORDER, key="a", until=monotonic() + LONG)["result"].id == "7"
    talk.side.close()
    until(lambda: talk.ended)
    assert [set(message) for message in talk.said] == [{"ready"}, {"id", "result"}]
    assert (tmp_path / "log").read_text().split() == ["built", "order", "cancel"]


@pytest.mark.parametrize("words", ['hello\\n1\\n[1]\\n{"id\\n', "hello"])
def test_what_python_prints_at_its_start(begin: Begin, words: str) -> None:
    """A start-up file of the installation that prints whole lines, or half of one, spoils nothing."""
    talk = begin({"bootstrap": f"import os; os.write(1, b'{words}')\n{BOOTSTRAP}"})
    assert "result" in talk.ask(1, **ORDER, key="a", until=monotonic() + LONG)
    assert talk.said[0] == {"ready": True}


def test_signals_that_are_meant_for_its_owner(begin: Begin, cepat: Cepat) -> None:
    """It ignores them, from its first moments on."""
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    talk = begin()
    status = Path(f"/proc/{talk.pid}/status")
    until(lambda: all(_ignores(status.read_text(), number) for number in signals))
    for number in signals:
        os.kill(talk.pid, number)
    assert "result" in talk.ask(1, **ORDER, key="a", until=monotonic() + LONG)
    for number in signals:
        os.kill(talk.pid, number)
    talk.side.close()
    until(lambda: talk.ended)
    assert talk.side.exit_status == 0
    assert not cepat.open


def _ignores(status: str, number: signal.Signals) -> bool:
    ignored = next(line for line in status.splitlines() if line.startswith("SigIgn:"))
    return bool(int(ignored.split()[1], 16) >> (number - 1) & 1)


@pytest.mark.parametrize("how", ["closed", "killed"])
def test_writing_after_its_end(begin: Begin, tmp_path: Path, how: str) -> None:
    """However it ends, nothing can be written to it, nor to a file that now has its number: it may be a key."""
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


def fill(side: SideProcess) -> None:
    """Write whole lines until there is no room."""
    for _ in range(1000):
        side.write(b" " * 4095 + b"\n")


class TestSuspended:
    """It does not read."""

    def test_writing_ends(self, begin: Begin) -> None:
        """A write fails after a while, and what was written whole stays in the pipe."""
        talk = begin()
        until(lambda: talk.side.ready)
        stop(talk.pid)
        talk.side.write_timeout = 0.05
        with pytest.raises(KeeperNotResponding) as caught:
            fill(talk.side)
        assert str(caught.value) == "the keeper process is not responding (is it suspended?)"
        assert runs(talk.pid)

    def test_half_a_line(self, begin: Begin) -> None:
        """If part of a line is in the pipe, it is killed: it could not understand anything after it."""
        talk = begin()
        until(lambda: talk.side.ready)
        stop(talk.pid)
        talk.side.write_timeout = 0.05
        with pytest.raises(KeeperNotResponding):
            talk.side.write(b"x" * 1_000_000 + b"\n")
        until(lambda: talk.ended)
        assert talk.side.exit_status == -signal.SIGKILL

    def test_at_its_very_start(self, begin: Begin) -> None:
        """A first line that it does not read ends it, which is reported as any other end."""
        talk = begin({"bootstrap": "import time; time.sleep(600)", "write_timeout": 0.05}, run="x" * 1_000_000)
        until(lambda: talk.ended)
        assert talk.side.exit_status == -signal.SIGKILL


def test_more_files_than_select_can_count(begin: Begin) -> None:
    """Writing waits for room also in a process with thousands of open files."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 1200:
        pytest.skip("this machine allows few open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1200), hard))
    spare = [os.open(os.devnull, os.O_RDONLY) for _ in range(1050)]
    try:
        talk = begin()
        talk.side.write_timeout = 0.05
        stop(talk.pid)
        with pytest.raises(KeeperNotResponding):
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
