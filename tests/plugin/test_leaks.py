"""No secret leaves a run except to its provider: a part of `make leaks`, and its proof that it would find one."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from leaks.runs import CONTROLS, HANG_OPTIONS, HANGING, SHORT
from leaks.search import SECRETS, leaked
from leaks.texts import CARELESS, HELPERS
from leaks.world import REPORTS, World, world

TIME_IS_UP = """
def time_is_up(number, frame):
    for timer in threading.enumerate():
        if isinstance(timer, threading.Timer) and timer.name.startswith("pytest_timeout"):
            threading.Thread(target=timer.function, args=timer.args).start()

signal.signal(signal.SIGUSR1, time_is_up)
"""
"""With pytest-timeout's method `thread`: SIGUSR1 does what it does when the time is up."""


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as found:
        yield found


@pytest.mark.parametrize("name", SHORT)
def test_nothing_leaks(made: World, name: str) -> None:
    """Whatever fails, and whatever the suite's own code writes, no piece of a secret is in any output or file."""
    found = SHORT[name](made)
    assert found.leaks == {}, found.worst()
    assert "***" in found.output or name == "the commands and the ledger", found.output
    assert "INTERNALERROR" not in found.output or "hook" in name, found.output


EXPECTED = ("output", "log.txt", "junit.xml", "report.html", "debug.txt")


@pytest.mark.parametrize("name", CONTROLS)
def test_the_search_would_find_a_leak(made: World, name: str) -> None:
    """With masking switched off, the same run leaks into each place, and the search finds it there."""
    found = CONTROLS[name](made)
    assert found.findings > 100
    assert set(EXPECTED) <= set(found.leaks)
    assert any(place.startswith("allure/") for place in found.leaks)
    for value in SECRETS.values():
        assert leaked(b"... " + value.splitlines()[0].encode()[:8])
    assert not leaked((HELPERS + CARELESS).encode())


@pytest.mark.parametrize("call", ["post", "order"])
def test_ctrl_c_in_a_hanging_call(made: World, call: str) -> None:
    """An interrupt of a call that waits for its answer shows frames and locals, and no secret among them."""
    made.write(test_hang=HELPERS + HANGING[call])
    found = made.struck(signal.SIGINT, *HANG_OPTIONS)
    assert found.leaks == {}, found.worst()
    assert "KeyboardInterrupt" in found.output


@pytest.mark.parametrize(("call", "method"), [("read", "signal"), ("order", "signal"), ("post", "thread")])
def test_a_timeout_in_a_hanging_call(made: World, call: str, method: str) -> None:
    """pytest-timeout ends a call that waits for its answer, by either method, and no secret is shown."""
    made.write(test_hang=HELPERS + TIME_IS_UP + HANGING[call])
    timeout = ("-p", "pytest_timeout", "--timeout=600", f"--timeout-method={method}")
    number = signal.SIGALRM if method == "signal" else signal.SIGUSR1
    found = made.struck(number, *HANG_OPTIONS, *timeout, "--junitxml=junit.xml", "-o", "junit_logging=all")
    assert found.leaks == {}, found.worst()
    assert "Timeout" in found.output


def test_an_unused_provider(made: World) -> None:
    """Without any setting, a copy of the environment shows no secret of any provider, and short values are left."""
    made.write(
        test_it="import os\ndef test_it():\n    environ = dict(os.environ)\n    assert environ['MINE'] == 'another'\n"
    )
    short = {"OTPVIRT_CLIENT_ID": "test", "API_KEY_OTPCEPAT": "elevenchars"}
    found = made.pytest("-l", "-vv", *REPORTS, MINE="a test with elevenchars", **short)
    assert found.leaks == {}, found.worst()
    assert "a test with elevenchars" in found.output
    assert "***" in found.output


def test_a_used_provider_hides_short_values(made: World) -> None:
    """In a run that uses a provider its own secrets are masked from four characters on."""
    made.write(test_it="import os\ndef test_it():\n    assert os.environ['API_KEY_OTPCEPAT'] == 'another'\n")
    found = made.pytest("-l", "-vv", "--otp-provider=otpcepat", API_KEY_OTPCEPAT="k3ys")
    assert "k3ys" not in found.output
    assert "'***' == 'another'" in found.output


def test_a_secret_set_by_a_test(made: World) -> None:
    """What a test sets with monkeypatch is masked in its report, though no setting and no variable was there before."""
    made.write(
        test_it="import os\ndef test_it(monkeypatch):\n"
        "    monkeypatch.setenv('SHELF_KEY', 'set by a test only')\n    raise RuntimeError(os.environ['SHELF_KEY'])\n"
    )
    found = made.pytest(**dict.fromkeys(SECRETS), OTPCEPAT_BASE_URL=None)
    assert "set by a test only" not in found.output.replace("'set by a test only'", "", 1), "but in the source line"
    assert "RuntimeError: ***" in found.output


@pytest.mark.parametrize(
    "url",
    [
        "https://user:hunter2-hunter2@a.example/api",
        "https://user:hunter2/hunter2@a.example",
        "user:hunter2-hunter2@a.example",
        "ftp://user:hunter2-hunter2@a.example",
        "http://user:hunter2-hunter2@a.example:port",
    ],
)
def test_a_password_in_a_base_url(made: World, url: str) -> None:
    """A base URL with a password is refused without showing it; a run that does not use it masks it too."""
    made.write(test_it="import os\ndef test_it():\n    raise RuntimeError(os.environ['OTPVIRT_BASE_URL'])\n")
    refused = made.pytest("--otp-provider=otpvirt", OTPVIRT_BASE_URL=url)
    assert "ERROR: OTPVIRT_BASE_URL: " in refused.output
    unused = made.pytest(OTPVIRT_BASE_URL=url)
    assert "RuntimeError: " in unused.output
    assert "hunter2" not in refused.output + unused.output


def test_a_broken_provider_of_another_package(made: World) -> None:
    """A package that cannot be imported does not break the reports of a run without it, and the rest is masked."""
    made.write(
        shelf="raise RuntimeError('cannot be imported')",
        test_it="import os\ndef test_it():\n    raise RuntimeError(os.environ['OTPVIRT_API_PASSWORD'])\n",
    )
    found = made.pytest(SHELF_KEY=None)
    assert found.leaks == {}, found.worst()
    assert "RuntimeError: ***" in found.output
