"""Libraries that answer or record requests in the provider's place, where this process speaks to it itself."""

from __future__ import annotations

import re
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import responses
import urllib3.connectionpool

from pytest_otp.errors import SettingsError
from pytest_otp.keeper.guard import Guard, GuardOptions
from pytest_otp.keeper.mocks import active_mocks, refuse_mocks
from pytest_otp.providers.registry import create
from tests.keeper.loopback import Cepat
from tests.scripted import ScriptedProvider

URL = "https://provider.test/api"


def active(*urls: str) -> list[str]:
    return list(active_mocks(urls or [URL]))


@pytest.fixture
def mock() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as started:
        yield started


def test_none() -> None:
    """Nothing is found where nothing is replaced."""
    assert active() == []
    refuse_mocks("otpcepat", [URL])


def test_others_that_replace_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Libraries that measure requests, or forbid sockets, answer nothing."""
    send = requests.Session.send

    def measured(*args: Any, **kwargs: Any) -> Any:
        return send(*args, **kwargs)

    measured.__module__ = "sentry_sdk.integrations.stdlib"
    monkeypatch.setattr(requests.Session, "send", measured)
    monkeypatch.setattr(socket, "socket", type("GuardedSocket", (socket.socket,), {"__module__": "pytest_socket"}))
    assert active() == []


class TestResponses:
    """The real library."""

    def test_active(self, mock: responses.RequestsMock) -> None:
        """It would refuse the requests, and is named with what lets them through."""
        assert active() == ["responses"]
        with pytest.raises(SettingsError) as caught:
            refuse_mocks("otpcepat", [URL])
        assert str(caught.value) == (
            "otpcepat: responses is active in this process, and would answer or record the requests to the provider; "
            "nothing was ordered. Let the keeper process speak to the provider (--otp-keeper on, and no otp_provider "
            "of your own), or let the provider's URL through with responses.add_passthru(URL). A provider object that "
            "sends no requests is declared by offline = True."
        )

    @pytest.mark.parametrize("prefix", [URL, "https://provider.test/", re.compile(r"https://provider\.\w+/")])
    def test_let_through(self, mock: responses.RequestsMock, prefix: Any) -> None:
        """A URL that it lets through is the provider's; another is not."""
        mock.add_passthru(prefix)
        assert active() == []
        assert active("https://other.test/") == ["responses"]
        assert active(URL, "https://other.test/") == ["responses"]

    def test_over(self) -> None:
        """Once it has stopped, it is gone."""
        with responses.RequestsMock():
            assert active()
        assert not active()

    def test_two(self, mock: responses.RequestsMock) -> None:
        """One within another, as moto's that lets everything through: the innermost answers first."""
        with responses.RequestsMock() as inner:
            inner.add_passthru("http")
            assert active() == []


def replaced_by(library: str, owner: Any, name: str, **says: Any) -> Callable[[Any], Any]:
    """A function as a method of the library's makes it, in the place of one of another class."""

    def made(self: Any) -> Any:
        def send(*args: Any, **kwargs: Any) -> Any:
            return self

        send.__module__ = f"{library}.mocker"
        return send

    function: Any = made(SimpleNamespace(**says))
    setattr(owner, name, function)
    return function  # type: ignore[no-any-return]


class TestRequestsMock:
    """As that library replaces what it mocks; the real one is in the neighbours' suite."""

    @pytest.mark.parametrize("name", ["send", "get_adapter"])
    @pytest.mark.parametrize(("says", "found"), [({"real_http": False}, ["requests_mock"]), ({"real_http": True}, [])])
    def test_active(self, monkeypatch: pytest.MonkeyPatch, name: str, says: dict[str, Any], found: list[str]) -> None:
        """It answers unless it was told to let real requests through."""
        monkeypatch.setattr(requests.Session, name, getattr(requests.Session, name))
        replaced_by("requests_mock", requests.Session, name, **says)
        assert active() == found

    def test_a_version_that_is_built_in_another_way(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What it would do is not known then, so nothing is ordered."""
        monkeypatch.setattr(requests.Session, "send", requests.Session.send)
        replaced_by("requests_mock", requests.Session, "send")
        assert active() == ["requests_mock"]


class TestVcr:
    """As vcrpy replaces classes of connections."""

    @pytest.mark.parametrize(
        ("kept", "found"), [(lambda request: request, ["vcr"]), (lambda request: None, [])], ids=["recorded", "ignored"]
    )
    def test_a_cassette(self, monkeypatch: pytest.MonkeyPatch, kept: Callable[[Any], Any], found: list[str]) -> None:
        """It records or answers what its filters keep."""
        cassette = SimpleNamespace(filter_request=kept)
        connection = type("VCRRequestsHTTPConnection", (), {"__module__": "vcr.patch", "cassette": cassette})
        monkeypatch.setattr(urllib3.connectionpool.HTTPSConnectionPool, "ConnectionCls", connection)
        request = SimpleNamespace(Request=lambda *arguments: arguments)
        monkeypatch.setitem(sys.modules, "vcr.request", request)
        assert active() == found


@pytest.mark.parametrize("library", ["httpretty", "mocket"])
def test_those_that_replace_sockets(monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    """They are active or not; what they let through is theirs to know."""
    monkeypatch.setattr(socket, "socket", type("socket", (socket.socket,), {"__module__": f"{library}.core"}))
    assert active() == [library]


class TestGuard:
    """Where the test process itself speaks to the provider."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return tmp_path

    def test_without_a_keeper(self, folder: Path, cepat: Cepat, mock: responses.RequestsMock) -> None:
        """Nothing is ordered and nothing is written down, until the provider's URL is let through."""
        guard = Guard(GuardOptions("a-run", folder, "ledger.sqlite3", keeper=False))
        provider = guard.guarded(create("otpcepat", cepat.values))
        with pytest.raises(SettingsError, match=r"^otpcepat: responses is active in this process, "):
            provider.order("1", "6", None)
        assert not cepat.log
        assert not list(folder.iterdir())
        mock.add_passthru(cepat.url)
        provider.cancel(provider.order("1", "6", None))
        assert cepat.log[0] == "get_order"
        guard.end()

    def test_an_object_of_ones_own(self, folder: Path, mock: responses.RequestsMock) -> None:
        """Nobody knows where its requests go: it must be declared to send none, or everything be let through."""
        guard = Guard(GuardOptions("a-run", folder, "ledger.sqlite3"))
        scripted = ScriptedProvider()
        provider = guard.guarded(scripted)
        with pytest.raises(SettingsError, match=r"^scripted: responses is active"):
            provider.order("1", "6", None)
        mock.add_passthru("https://")
        provider.order("1", "6", None)
        mock.passthru_prefixes = ()
        offline: Any = type("Offline", (ScriptedProvider,), {"offline": True})()
        guard.guarded(offline).order("1", "6", None)
        guard.end()

    def test_with_a_keeper(self, folder: Path, cepat: Cepat, mock: responses.RequestsMock) -> None:
        """A mock in this process sees nothing of what the keeper does, from the order to the close."""
        guard = Guard(GuardOptions("a-run", folder, "ledger.sqlite3"))
        provider = guard.guarded(create("otpcepat", cepat.values))
        order = provider.order("1", "6", None)
        assert provider.messages(order).sms == ()
        provider.cancel(order)
        guard.end()
        assert len(mock.calls) == 0
        assert cepat.log == ["get_order", "get_status 1", "set_status 1 2"]
