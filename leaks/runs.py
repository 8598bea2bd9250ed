"""The inner runs: each fails in another way, and writes all that it can."""

from __future__ import annotations

import signal
from collections.abc import Callable

from leaks.search import SECRETS
from leaks.server import CASES
from leaks.texts import CARELESS, CLIENT, FIXTURES, HELPERS, TEARDOWN, UNMASKED
from leaks.world import REAL, REPORTS, Found, World

FEW = ("html", "state", "order", "reset")
CALLS = ("messages", "resend", "cancel", "finish", "countries", "services", "operators", "count")
LONG = ("--tb=long",)
FULL = ("--full-trace", "-s", "-vvv", "-l", "--log-cli-level=DEBUG")

EXIT = """
def test_it():
    pytest.exit("exit with " + " ".join(os.environ[name] for name in SECRETS))
"""
INTERRUPT = """
def test_it():
    environ = dict(os.environ)
    raise KeyboardInterrupt("interrupted with " + " ".join(os.environ[name] for name in SECRETS))
"""
IN_A_HOOK = """
def HOOK:
    environ = dict(os.environ)
    provider('otpcepat', 'html').balance() if THEIRS else {}[" ".join(os.environ[name] for name in SECRETS)]
"""
HANGING = {
    "read": "def test_hangs():\n    provider('otpcepat', 'stall').balance()",
    "post": "def test_hangs():\n    provider('otpvirt', 'stall').balance()",
    "order": (
        "def test_hangs(otp_number):\n    urllib.request.urlopen(os.environ['SERVER'] + '/case/stall').read()\n"
        "    otp_number(service='7', country='6')"
    ),
}
HANG_OPTIONS = (*REAL, "-l", "--full-trace", "--log-cli-level=DEBUG")
FINE = "def test_fine(): pass"


def client(cases: tuple[str, ...], calls: tuple[str, ...], *options: str) -> Callable[[World], Found]:
    """Calls of the providers' own clients in the test process."""

    def run(world: World) -> Found:
        world.write(test_client=f"{HELPERS}CASES = {(*cases, 'refused')}\nCALLS = {calls}\n{CLIENT}")
        return world.pytest(*options)

    return run


def fixtures(cases: tuple[str, ...], *options: str) -> Callable[[World], Found]:
    """Calls through the fixtures of a real run."""

    def run(world: World) -> Found:
        world.write(test_fixtures=f"{HELPERS}CASES = {cases}\n{FIXTURES}")
        return world.pytest(*REAL, *options)

    return run


def careless(*options: str, masked: bool = True, **environ: str | None) -> Callable[[World], Found]:
    """What the suite's own code writes into reports."""

    def run(world: World) -> Found:
        suite = CARELESS + ("" if set(REPORTS) <= set(options) else TEARDOWN)
        world.write(test_careless=HELPERS + suite, conftest="" if masked else UNMASKED)
        return world.pytest(*options, **environ)

    return run


def text(body: str, *options: str, conftest: str = "") -> Callable[[World], Found]:
    """A run of one module."""

    def run(world: World) -> Found:
        world.write(test_it=HELPERS + body if body != FINE else FINE, conftest=HELPERS + conftest if conftest else "")
        return world.pytest(*options)

    return run


def in_a_hook(hook: str, *, theirs: bool) -> Callable[[World], Found]:
    """A hook that fails: an INTERNALERROR, or a traceback of its own."""
    conftest = IN_A_HOOK.replace("HOOK", hook).replace("THEIRS", str(theirs))
    return text(FINE, *REAL, "-l", "--full-trace", conftest=conftest)


def dot_env(world: World) -> Found:
    """Secrets that are only in .env, in a run that does not use them."""
    secrets = ["API_KEY_OTPCEPAT", "OTPVIRT_API_PASSWORD", "OTPVIRT_CLIENT_ID"]
    world.write(
        test_it="from dotenv import dotenv_values\ndef test_it():\n    values = dotenv_values('.env')\n"
        "    raise RuntimeError(dict(values))\n"
    )
    quoted = {name: "'" + SECRETS[name].replace("\\", "\\\\").replace("'", "\\'") + "'" for name in secrets}
    (world.folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in quoted.items()))
    return world.pytest("-l", "-vv", *REPORTS, **dict.fromkeys(SECRETS))


def commands(world: World) -> Found:
    """A ledger with an open order, and the commands that cannot close it."""
    world.write(
        test_it=HELPERS
        + "def test_it(otp_number):\n    urllib.request.urlopen(os.environ['SERVER'] + '/case/order').read()\n"
        "    otp_number(service='7', country='6')\n"
    )
    world.pytest(*REAL)
    outputs = [
        world.run(["-m", "pytest_otp.cli", *command], PYTEST_OTP_LEDGER="ledger")
        for command in (["orders", "--all"], ["orders", "--json"], ["sweep"], ["sweep", "--wait", "nonsense"])
    ]
    return world.searched("\n".join(found.output for found in outputs).encode())


SHORT: dict[str, Callable[[World], Found]] = {
    "the suite's own code": careless(*REAL, *REPORTS, *LONG),
    "the client": client(FEW, ("cancel", "countries"), *LONG, *REPORTS),
    "real run, through fixtures": fixtures(("html", "state"), *LONG, *REPORTS),
    "pytest.exit": text(EXIT, *REAL, *REPORTS),
    "Ctrl-C of its own": text(INTERRUPT, *REAL, "--full-trace", "-l"),
    "a hook that fails": in_a_hook("pytest_collection_finish(session)", theirs=False),
    "the commands and the ledger": commands,
}
"""A part that the test suite runs."""

FULL_RUNS: dict[str, Callable[[World], Found]] = {
    **SHORT,
    "the client": client(CASES, CALLS, *LONG, *REPORTS),
    "the client, full trace": client(("state", "order"), CALLS, *FULL),
    "the client, default flags": client(FEW, CALLS),
    "the client, in a real run": client(FEW, CALLS, *REAL, *LONG, *REPORTS),
    "the client, xdist": client(FEW, CALLS, "-p", "xdist.plugin", "-n2", *LONG, *REPORTS),
    "real run, through fixtures": fixtures(
        tuple(case for case in CASES if case not in ("stall", "cut")), *LONG, *REPORTS
    ),
    "real run, without a keeper": fixtures(FEW, "--otp-keeper=off", *LONG, *REPORTS),
    "real run, full trace": fixtures(("order",), *FULL),
    "real run, xdist": fixtures(("order", "html"), "-p", "xdist.plugin", "-n2", *LONG, *REPORTS),
    "own code, offline run": careless(*LONG, *REPORTS),
    "own code, default flags": careless(),
    "own code, full trace": careless("--full-trace", "-l", "-vvv"),
    "own code, xdist": careless("-p", "xdist.plugin", "-n2", *REAL, *REPORTS),
    "secrets in .env": dot_env,
    "collection": text("provider('otpcepat', 'html').balance()", *REAL, *REPORTS, "--full-trace"),
    "collection, own code": text("environ = dict(os.environ)\n{}[environ[SECRETS[0]]]", *REPORTS),
    "a hook at start-up": in_a_hook("pytest_configure(config)", theirs=True),
    "a hook at the end": in_a_hook("pytest_sessionfinish(session)", theirs=True),
}

CONTROLS: dict[str, Callable[[World], Found]] = {
    "own code, not masked": careless(*REAL, *REPORTS, *LONG, masked=False),
}
"""With masking switched off, the same search must find a leak in each place."""


def hang(call: str) -> Callable[[World], Found]:
    """Ctrl-C in a call that waits for its answer."""

    def run(world: World) -> Found:
        world.write(test_hang=HELPERS + HANGING[call])
        return world.struck(signal.SIGINT, *HANG_OPTIONS)

    return run


FULL_RUNS |= {f"Ctrl-C in a hanging {call}": hang(call) for call in ("read", "post")}
