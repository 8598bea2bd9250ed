"""No secret leaves the process except to its provider: real failing pytest runs against servers that answer badly.

Each server case is bad in its own way, most of them echo the whole request, credentials included. The inner runs are
searched, output and files, for any piece of an invented key, password and client id. Without `--otp-provider` the
plugin's net over reports is not there, so those runs prove what the client does by itself.
"""

from __future__ import annotations

import base64
import gzip
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_plus

import pytest

from tests.servers import Asked, Reply, WireServer, closed_port, drop, raw, reply, reset, stall

KEY = "Zq7wX4pLk9tR/+=&'\"%2-mK5jH3gF6dS1vB"
PASSWORD = "Hy6nU3bTg8cV<>\\ß/+-wE4rQ9zA7sD2fG"
CLIENT_ID = "7d3f9a1c-e5b8-4206-9c4d-b1f6a8e03725"
SECRETS = {
    "API_KEY_OTPCEPAT": KEY,
    "OTPVIRT_CLIENT_ID": CLIENT_ID,
    "OTPVIRT_API_PASSWORD": PASSWORD,
}
PIECE = 8
"""Letters in a row that are no accident."""
PATIENCE = 120.0
"""Seconds for an inner run to do what it does at once, on a machine that is busy."""


def pieces() -> set[bytes]:
    """Every part of a secret that is distinct from other text, in each form that could be printed."""
    found: set[bytes] = set()
    for value in SECRETS.values():
        raw_value = value.encode()
        forms = [raw_value, raw_value.hex().encode(), raw_value[::-1]]
        forms += [base64.b64encode(b"x" * shift + raw_value)[4:-4] for shift in range(3)]
        for form in forms:
            found.update(form[i : i + PIECE] for i in range(len(form) - PIECE + 1))
    return found


PIECES = pieces()


def leaked(data: bytes) -> list[bytes]:
    """The pieces that are in the data, with some of what stands around each."""
    return [line[:300] for line in data.splitlines() if not PIECES.isdisjoint(windows(line))]


def windows(line: bytes) -> Iterator[bytes]:
    """All that is as long as a piece: looking each up is faster than looking for each piece."""
    return (line[start : start + PIECE] for start in range(len(line) - PIECE + 1))


def answer(asked: Asked) -> Reply:
    """The first part of the path says how to fail; after `late-` the first GetBalance is fine."""
    case = asked.target.split("/")[1].partition("?")[0]
    if case.startswith("late-"):
        if asked.target.endswith("/GetBalance"):
            return reply({"balance": 1, "currency": "USD", "error": 0})
        case = case.removeprefix("late-")
    body = gzip.decompress(asked.body) if asked.headers.get("content-encoding") == "gzip" else asked.body
    plain = unquote_plus(asked.target) + body.decode()
    echo = f"{asked.target} {body.decode()} {plain}"
    cases: dict[str, Reply] = {
        "html": reply(f"<html><title>Error</title><pre>{echo}</pre></html>", 500, kind="text/html"),
        "text": reply(echo, 200),
        "refusal": reply({"status": "false", "msg": echo, "error": 77, "echo": echo}),
        "state": reply({"status": "true", "data": {"status": echo, "sms": echo}, "error": 0, "sms": echo}),
        "order": reply(
            {
                "status": True,
                "data": {"order_id": plain, "number": plain},
                "activationId": plain,
                "number": 1,
                "error": 0,
            }
        ),
        "denied": reply(echo, 401),
        "redirect": reply(echo, 302, headers={"Location": asked.target, "X-Echo": asked.target}),
        "headers": raw(
            f"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n {asked.target}\r\n"
            f"nonsense {asked.target}\r\nX: y\r\n\r\n{{}}".encode()
        ),
        "nohttp": raw(f"{asked.target}\r\n\r\n".encode()),
        "cut": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n" + echo.encode()),
        "reset": reset,
        "drop": drop,
        "stall": stall,
    }
    return cases[case]


CASES = [
    "html",
    "text",
    "refusal",
    "state",
    "order",
    "denied",
    "redirect",
    "headers",
    "nohttp",
    "cut",
    "reset",
    "drop",
    "stall",
]

HELPERS = """
import os, signal, threading, warnings
import pytest
from pytest_otp.providers.http import HttpClient
from pytest_otp.providers.registry import credentials, load
from pytest_otp.providers.base import Order
from pytest_otp.providers.deadline import time_limit

def provider(name, case):
    base = os.environ["SERVER"] if case != "refused" else os.environ["NOBODY"]
    urls = {"OTPCEPAT_BASE_URL": f"{base}/{case}/api", "OTPVIRT_BASE_URL": f"{base}/{case}"}
    client = HttpClient(name, sleep=lambda seconds: None)
    return load(name)(credentials(name, {**os.environ, **urls}, {}), client)

def limit(case):
    return time_limit(0.3 if case == "stall" else 60)

ORDER = Order("order-1", "12015550123", None, None, None, None, None, None)
BOTH = pytest.mark.parametrize("name", ["otpcepat", "otpvirt"])
"""

SUITE = """
@BOTH
@pytest.mark.parametrize("case", CASES)
def test_read(name, case):
    acme = provider(name, case)
    with limit(case):
        acme.balance()
    raise RuntimeError("it went well")

@BOTH
@pytest.mark.parametrize("case", CASES)
def test_order_and_more(name, case):
    acme = provider(name, case if case == "refused" else "late-" + case)
    kept = [acme, vars(acme), [vars(part) for part in vars(acme).values() if hasattr(part, "__dict__")]]
    with limit(case):
        try:
            acme.messages(ORDER)
        except Exception as error:
            chained = error
            print(error, repr(error), vars(error))
        try:
            order = acme.order("7", "6", None)
        except Exception as error:
            raise ValueError("while ordering") from error
        assert order is None, order.price

@pytest.fixture
def set_up_fails():
    return provider("otpcepat", "html").balance()

def test_set_up(set_up_fails):
    pass

@pytest.fixture
def teardown_fails():
    acme = provider("otpvirt", "late-reset")
    yield
    acme.cancel(ORDER)

def test_teardown(teardown_fails):
    pass

def test_thread():
    thread = threading.Thread(target=provider("otpcepat", "drop").balance)
    thread.start()
    thread.join()
    raise RuntimeError("see the thread's exception above")

class Dying:
    def __del__(self):
        provider("otpcepat", "html").balance()

def test_finaliser():
    Dying()

def test_shown(record_property, caplog):
    acme = provider("otpvirt", "html")
    record_property("provider", repr(vars(acme)))
    print(acme, vars(acme), f"{[*vars(acme).values()]}")
    with pytest.raises(Exception) as caught:
        acme.balance()
    warnings.warn(str(caught.value))
    print(caplog.text, [vars(record) for record in caplog.records])
    assert vars(acme) == caught.value, vars(acme)
"""


@dataclass(frozen=True)
class World:
    """A folder for an inner run, and the server that it talks to."""

    folder: Path
    server: WireServer

    def write(self, **modules: str) -> None:
        for name, text in modules.items():
            (self.folder / f"{name}.py").write_text(text, encoding="utf-8")

    def environ(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        cleaned = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
        return {
            **cleaned,
            **SECRETS,
            "SERVER": self.server.url,
            "NOBODY": f"http://127.0.0.1:{closed_port()}",
            "OTPCEPAT_BASE_URL": f"{self.server.url}/stall",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            **(extra or {}),
        }

    def run(self, *options: str, environ: Mapping[str, str] | None = None) -> str:
        """What an inner run prints, after it and its files were searched."""
        done = subprocess.run(
            command(options),
            cwd=self.folder,
            env=self.environ(environ),
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        return self.searched(done.stdout + done.stderr)

    def struck(self, number: int, *options: str) -> str:
        """What an inner run prints that gets a signal while it waits for an answer that never comes."""
        with subprocess.Popen(
            command(options), cwd=self.folder, env=self.environ(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as run:
            end = time.monotonic() + PATIENCE
            while not self.server.asked and run.poll() is None and time.monotonic() < end:
                time.sleep(0.02)
            run.send_signal(number if self.server.asked else signal.SIGKILL)
            output, _ = run.communicate(timeout=PATIENCE)
        assert self.server.asked, output.decode()
        return self.searched(output)

    def searched(self, output: bytes) -> str:
        found = {"output": leaked(output), **{name: leaked(data) for name, data in self.files().items()}}
        worst = [f"{name}: {line!r}" for name, lines in found.items() for line in lines[:3]]
        assert not worst, "\n".join(worst)
        return output.decode()

    def files(self) -> dict[str, bytes]:
        paths = [path for path in self.folder.rglob("*") if path.is_file()]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in paths}


def command(options: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", "pytest", "-p", "pytest_otp.plugin", *options]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with WireServer(by=answer) as server:
        yield World(tmp_path, server)


EVERYTHING = (
    *("-p", "pytest_html.plugin", "-p", "pytest_metadata.plugin"),
    *("-vv", "-rA", "--log-cli-level=DEBUG", "--log-file=log.txt", "--log-file-level=DEBUG"),
    *("--junitxml=junit.xml", "-o", "junit_logging=all", "--html=report.html", "--self-contained-html"),
)
FEW = ["html", "state", "order", "reset"]
RUNS: dict[str, tuple[list[str], tuple[str, ...]]] = {
    "default": (FEW, ()),
    "locals": (CASES, ("-l", "--tb=long", *EVERYTHING)),
    "full trace": (FEW[1:3], ("--full-trace", "--showlocals", "-vvv", "-s", "--log-cli-level=DEBUG")),
    "xdist": (FEW, ("-p", "xdist.plugin", "-n2", "-l", "--tb=long", *EVERYTHING)),
    "with the net": (FEW, ("-l", "--tb=long", "--otp-provider=otpcepat", "--debug", *EVERYTHING)),
}


@pytest.mark.parametrize("run", RUNS)
def test_a_failing_suite(world: World, run: str) -> None:
    """Every bad answer, in calls, set-up, teardown, threads and finalisers: no piece of a secret anywhere."""
    cases, flags = RUNS[run]
    world.write(test_bad=HELPERS + f"CASES = {[*cases, 'refused']}" + SUITE)
    printed = world.run(*flags)
    calls = 4 * (len(cases) + 1)
    assert f"{calls + 2} failed" in printed
    assert "2 errors" in printed
    assert "see the thread's exception above" in printed
    assert "***" in printed
    assert len(world.server.asked) > calls
    written = [world.files()[name] for name in ("log.txt", "junit.xml", "report.html") if name in " ".join(flags)]
    assert all(b"***" in data for data in written)


def test_a_collection_error(world: World) -> None:
    """A module that asks while it is imported fails without a secret."""
    world.write(test_early=HELPERS + "provider('otpcepat', 'html').balance()\n")
    printed = world.run(
        "-l", "--full-trace", "--log-cli-level=DEBUG", "--junitxml=junit.xml", "-o", "junit_logging=all"
    )
    assert "ProviderUnavailable" in printed
    assert "1 error" in printed


@pytest.mark.parametrize(
    "hook", ["pytest_configure(config)", "pytest_collection_finish(session)", "pytest_sessionfinish(session)"]
)
def test_a_hook_error(world: World, hook: str) -> None:
    """A hook that asks and fails shows its INTERNALERROR without a secret."""
    world.write(
        conftest=HELPERS + f"def {hook}:\n    provider('otpcepat', 'html').balance()\n",
        test_fine="def test_fine(): pass",
    )
    assert "ProviderUnavailable" in world.run("-l", "--full-trace")


HANGING = {
    "read": "def test_hangs():\n    provider('otpcepat', 'stall').balance()",
    "post": "def test_hangs():\n    provider('otpvirt', 'stall').balance()",
    "order": "def test_hangs(otp_number):\n    otp_number(service='7', country='6')",
}
HANG_OPTIONS = ("-l", "--full-trace", "--otp-provider=otpcepat", "--otp-close-timeout=0.2", "--log-cli-level=DEBUG")

TIME_IS_UP = """
def time_is_up(number, frame):
    for timer in threading.enumerate():
        if isinstance(timer, threading.Timer) and timer.name.startswith("pytest_timeout"):
            threading.Thread(target=timer.function, args=timer.args).start()

signal.signal(signal.SIGUSR1, time_is_up)
"""
"""With pytest-timeout's method `thread`: SIGUSR1 does what it does when the time is up."""


@pytest.mark.parametrize("call", ["post", "order"])
def test_ctrl_c_in_a_hanging_call(world: World, call: str) -> None:
    """An interrupt of a call that waits for its answer shows frames and locals, and no secret among them."""
    world.write(test_hang=HELPERS + HANGING[call])
    assert "KeyboardInterrupt" in world.struck(signal.SIGINT, *HANG_OPTIONS)


@pytest.mark.parametrize(("call", "method"), [("read", "signal"), ("order", "signal"), ("post", "thread")])
def test_a_timeout_in_a_hanging_call(world: World, call: str, method: str) -> None:
    """pytest-timeout ends a call that waits for its answer, by either method, and no secret is shown."""
    world.write(test_hang=HELPERS + TIME_IS_UP + HANGING[call])
    timeout = ("-p", "pytest_timeout", "--timeout=600", f"--timeout-method={method}")
    number = signal.SIGALRM if method == "signal" else signal.SIGUSR1
    printed = world.struck(number, *HANG_OPTIONS, *timeout, "--junitxml=junit.xml", "-o", "junit_logging=all")
    assert "Timeout" in printed


def test_what_the_application_prints_is_caught(world: World) -> None:
    """With a real provider the plugin's net masks what tests and applications write into reports themselves."""
    world.write(
        test_careless=HELPERS
        + """
def test_careless(record_property):
    value = credentials("otpcepat", os.environ, {})["API_KEY_OTPCEPAT"].reveal()
    print("printed", value)
    record_property("recorded", value)
    warnings.warn("warned " + value)
    assert value == "another"
"""
    )
    printed = world.run("-l", "--otp-provider=otpcepat", *EVERYTHING)
    assert "1 failed" in printed
    assert "printed ***" in printed


def test_the_search_would_find_a_leak(world: World) -> None:
    """The control: the same search finds a naive client's key in the output and in each file, cut and encoded too."""
    world.write(
        test_naive="""
import os, requests
def test_naive():
    url, params = os.environ["SERVER"], {"api_key": os.environ["API_KEY_OTPCEPAT"]}
    requests.get(url + "/html", params=params, timeout=5).raise_for_status()
"""
    )
    done = subprocess.run(
        command(("-l", *EVERYTHING)),
        cwd=world.folder,
        env=world.environ(),
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert leaked(done.stdout)
    files = world.files()
    assert all(leaked(files[name]) for name in ("log.txt", "junit.xml", "report.html"))
    for value in SECRETS.values():
        assert leaked(b"... " + value.encode()[:PIECE])
        assert leaked(base64.b64encode(b"user:" + value.encode()))
    assert not leaked(SUITE.encode())
