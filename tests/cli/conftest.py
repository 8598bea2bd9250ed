"""What the tests of the commands share: a ledger in an empty folder, and a plugin's provider."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from pytest_otp.cli.sweeping import SweepTiming
from pytest_otp.orders.closers import Closers
from pytest_otp.orders.ledger import Ledger
from pytest_otp.providers import registry as providers
from pytest_otp.redact import Secret
from tests.cli.world import TOKEN, Command, ThirdParty
from tests.orders.written import write
from tests.scripted import Time

Write = Callable[..., None]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands start in an empty folder, and find no ledger of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def third_party(monkeypatch: pytest.MonkeyPatch) -> type[ThirdParty]:
    """The plugin is installed, and its credentials are in the environment."""
    point = EntryPoint("thirdparty", "tests.cli.world:ThirdParty", providers.GROUP)
    monkeypatch.setattr(providers, "entry_points", lambda group: [point])
    monkeypatch.setattr(ThirdParty, "log", [])
    monkeypatch.setattr(ThirdParty, "troubles", {})
    monkeypatch.setattr(ThirdParty, "over", set())
    monkeypatch.setattr(ThirdParty, "refusals", [])
    monkeypatch.setenv("THIRD_TOKEN", TOKEN)
    monkeypatch.setenv("THIRD_CLIENT", "client-7")
    return ThirdParty


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """The ledger that commands use here: PYTEST_OTP_LEDGER is not set, so it is the one of the user's folder."""
    opened = Ledger(tmp_path / "state" / "pytest-otp" / "ledger.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def account(ledger: Ledger) -> str:
    """The account of the credentials that the environment has."""
    return ledger.account("thirdparty", {"THIRD_TOKEN": Secret(TOKEN), "THIRD_URL": "https://third.example/api"})


@pytest.fixture
def otp(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


def hurried() -> Closers:
    """Pauses in virtual time."""
    virtual = Time(0.0)  # else what is left of a short time would vanish beside it
    return Closers(clock=virtual.clock, sleep=virtual.sleep)


@pytest.fixture
def hurry(otp: Command) -> None:
    """A sweep takes little time."""
    otp.timing = SweepTiming(attempt=0.2, interval=0.02, closers=hurried)


@pytest.fixture
def written(ledger: Ledger, account: str, third_party: type[ThirdParty]) -> Write:
    """Writes an order at the account that there are credentials for."""

    def write_one(key: str = "key-1", state: str = "waiting", **changes: object) -> None:
        write(ledger, key, state, **{"provider": "thirdparty", "account": account, **changes})  # type: ignore[arg-type]

    return write_one
