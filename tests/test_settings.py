"""Settings: which source wins, and the object that holds them."""

from __future__ import annotations

import pickle
from itertools import combinations
from typing import Any

import pytest

from pytest_otp.errors import SettingsError
from pytest_otp.options import OPTIONS
from pytest_otp.settings import DEFAULT, Settings, resolve

SOURCES = ("option", "environment", ".env", "ini", "default")


VALUES: dict[str, tuple[tuple[str, Any], tuple[str, Any]]] = {
    "provider": (("otpcepat", "otpcepat"), ("otpvirt", "otpvirt")),
    "service": (("shop", "shop"), ("bank", "bank")),
    "country": (("6", "6"), ("Indonesia", "Indonesia")),
    "operator": (("axis", "axis"), ("any", "any")),
    "timeout": (("30", 30.0), ("1.5", 1.5)),
    "poll_interval": (("2", 2.0), ("0.1", 0.1)),
    "fake": (("auto", "auto"), ("no-numbers", "no-numbers")),
    "unavailable": (("skip", "skip"), ("xfail", "xfail")),
    "fake_seed": (("7", 7), ("-1", -1)),
    "close_timeout": (("0", 0.0), ("5.5", 5.5)),
    "show_sms": (("true", True), ("true", True)),
    "allow_http": (("sandbox.test", ("sandbox.test",)), ("a.test,b.test", ("a.test", "b.test"))),
    "keeper": (("off", "off"), ("on", "on")),
    "max_orders": (("50", 50), ("0", 0)),
    "max_spend": (("5 USD", ("5", "USD")), ("0.50 idr", ("0.50", "IDR"))),
    "code_length": (("6", 6), ("4-8", (4, 8))),
    "code_alphabet": (("0123456789", "0123456789"), ("ABC", "ABC")),
    "ledger": (("orders.sqlite3", "orders.sqlite3"), ("other", "other")),
    "env_file": (("other.env", "other.env"), ("third.env", "third.env")),
    "gateway": (("127.0.0.1:8025", ("127.0.0.1", 8025)), ("[::1]:0", ("::1", 0))),
    "gateway_services": (("services.toml", "services.toml"), ("other.toml", "other.toml")),
    "gateway_ca": (("../ca", "../ca"), ("~/ca", "~/ca")),
    "webhook": (("127.0.0.1:8026", ("127.0.0.1", 8026)), ("[::1]:0", ("::1", 0))),
}


BY_NAME = {option.name: option for option in OPTIONS}


def resolved(**given: dict[str, object]) -> Settings:
    """The settings of a run: `option` and `ini` by our names, `environment` and `env_file` by variables."""
    option, ini = given.get("option", {}), given.get("ini", {})
    return resolve(
        lambda known: option.get(known.name),
        lambda known: ini.get(known.name),
        {f"PYTEST_OTP_{name.upper()}": str(value) for name, value in given.get("environment", {}).items()},
        {f"PYTEST_OTP_{name.upper()}": str(value) for name, value in given.get("env_file", {}).items()},
    )


def given_by(source: str, name: str, value: object) -> dict[str, dict[str, object]]:
    """One setting from one source, as arguments of `resolved`."""
    if source == "default":
        return {}
    as_option = {"show_sms": True, "allow_http": [value]}.get(name, value)
    return {source.replace(".env", "env_file"): {name: as_option if source == "option" else value}}


def shown(source: str, name: str) -> str:
    """How the header names a source."""
    variable = "PYTEST_OTP_" + name.upper()
    flag = "--otp-" + name.replace("_", "-")
    names = {"option": flag, "environment": variable, ".env": f"{variable} in .env", "ini": f"otp_{name}"}
    return names.get(source, DEFAULT)


def sources_of(name: str) -> tuple[str, ...]:
    """Where a setting can come from, the strongest first."""
    return SOURCES if BY_NAME[name].flag else SOURCES[1:]


def test_every_setting_is_in_the_table() -> None:
    """A setting that is added is tested for precedence too."""
    assert set(VALUES) == set(BY_NAME)


@pytest.mark.parametrize(
    ("name", "wins", "loses"),
    [(name, *pair) for name in VALUES for pair in combinations(sources_of(name), 2)],
)
def test_precedence(name: str, wins: str, loses: str) -> None:
    """Option > environment > .env > ini > default, for each pair of sources and each setting, in both values."""
    for first, second in (VALUES[name], VALUES[name][::-1]):
        settings = resolved(**{**given_by(loses, name, second[0]), **given_by(wins, name, first[0])})
        assert (getattr(settings, name), settings.source(name)) == (first[1], shown(wins, name))


@pytest.mark.parametrize("name", VALUES)
def test_all_sources_at_once(name: str) -> None:
    """The first source wins if a setting comes from everywhere: the option, where there is one."""
    first, *others = sources_of(name)[:-1]
    everywhere = {
        key: value for source in (first, *others) for key, value in given_by(source, name, VALUES[name][0][0]).items()
    }
    assert resolved(**everywhere).source(name) == shown(first, name)


def test_show_sms_can_be_switched_off_again() -> None:
    """Off in the environment wins over on in the configuration file."""
    assert resolved(environment={"show_sms": "off"}, ini={"show_sms": "on"}).show_sms is False


def test_defaults() -> None:
    """What holds in a run that sets nothing is what the documentation says."""
    settings = resolved()
    assert {name: getattr(settings, name) for name in VALUES if name != "fake_seed"} == {
        "provider": "fake",
        "service": None,
        "country": None,
        "operator": None,
        "timeout": 120.0,
        "poll_interval": 0.75,
        "fake": "manual",
        "unavailable": "fail",
        "close_timeout": 20.0,
        "show_sms": False,
        "allow_http": (),
        "keeper": "on",
        "max_orders": None,
        "max_spend": None,
        "code_length": None,
        "code_alphabet": None,
        "ledger": None,
        "env_file": None,
        "gateway": None,
        "gateway_services": None,
        "gateway_ca": None,
        "webhook": None,
    }
    assert dict(settings.sources) == {}
    assert settings.offline


@pytest.mark.parametrize("empty", ["", " ", "\t"])
def test_an_empty_variable_is_unset(empty: str) -> None:
    """CI systems set variables to nothing to unset them."""
    settings = resolved(environment={"country": empty}, env_file={"country": empty}, ini={"country": "ID"})
    assert (settings.country, settings.source("country")) == ("ID", "otp_country")


@pytest.mark.parametrize("empty", ["", [], None])
def test_an_empty_ini_value_is_unset(empty: object) -> None:
    """So is an empty value of the configuration file."""
    settings = resolved(ini={"allow_http": empty, "country": empty})
    assert (settings.allow_http, settings.country, dict(settings.sources)) == ((), None, {})


@pytest.mark.parametrize("source", SOURCES[:4])
def test_an_invalid_value_names_its_source(source: str) -> None:
    """The message begins with where the value was set, which is not always where one looks."""
    with pytest.raises(SettingsError) as caught:
        resolved(**given_by(source, "timeout", "soon"))
    assert str(caught.value) == (
        f"{shown(source, 'timeout')}: invalid value 'soon': expected seconds greater than 0. "
        "Set it with --otp-timeout (PYTEST_OTP_TIMEOUT, ini otp_timeout)."
    )


def test_a_bad_value_that_loses_is_not_looked_at() -> None:
    """What an option overrides may be nonsense."""
    assert resolved(option={"timeout": "5"}, ini={"timeout": "soon"}).timeout == 5


def test_a_misspelt_variable_is_noticed() -> None:
    """A variable that begins as ours do and names no setting is unknown, unless it is one that we set for others."""
    nothing: dict[str, str] = {}
    environ = {"PYTEST_OTP_PROVDER": "otpcepat", "PYTEST_OTP_GATEWAY_URL": "http://127.0.0.1:1"}
    settings = resolve(lambda option: None, lambda option: None, environ, nothing)
    assert settings.unknown == ("PYTEST_OTP_PROVDER",)


@pytest.mark.parametrize(
    ("settings", "scenario", "seconds"),
    [
        (Settings(), "manual", 10.0),
        (Settings(), "auto", 120.0),
        (Settings(), "flaky", 120.0),
        (Settings(), None, 120.0),
        (Settings(timeout=120.0, sources={"timeout": "--otp-timeout"}), "manual", 120.0),
        (Settings().replace(timeout=120.0), "manual", 120.0),
        (Settings(), "never", 10.0),
        (Settings(), "no-code", 10.0),
        (Settings(), "cancel-refused", 10.0),
    ],
)
def test_timeout_by_default(settings: Settings, scenario: str | None, seconds: float) -> None:
    """If no code arrives by itself a wait is short, unless a timeout was set. With a real provider one may arrive."""
    assert settings.timeout_for(scenario) == seconds


@pytest.mark.parametrize(("provider", "offline"), [("fake", True), ("otpcepat", False), ("otpvirt", False)])
def test_offline(provider: str, offline: bool) -> None:
    """Settings are offline if their provider is, which no class is imported for."""
    assert Settings(provider=provider).offline is offline


def test_replace() -> None:
    """A changed copy, for who overrides the fixture; the original stays."""
    settings = resolved(option={"country": "ID"})
    changed = settings.replace(timeout=30, service="shop")
    assert (changed.timeout, changed.service, changed.country) == (30, "shop", "ID")
    assert (changed.source("timeout"), changed.source("country")) == ("replace", "--otp-country")
    assert (settings.timeout, settings.source("timeout")) == (120.0, "default")


def test_settings_cannot_be_set() -> None:
    """Settings are read by many; who wants others makes a copy."""
    with pytest.raises(AttributeError) as caught:
        Settings().timeout = 5
    assert str(caught.value) == "settings are read-only: use settings.replace(timeout=...)"


@pytest.mark.parametrize(
    "make", [lambda: Settings(timeot=5), lambda: Settings().replace(timeot=5)], ids=["made", "replaced"]
)
def test_unknown_settings(make: Any) -> None:
    """A misspelt name is refused with a list of all settings."""
    with pytest.raises(TypeError, match=r"unknown setting: timeot \(choose from provider, service, country, operator,"):
        make()


def test_plain_data_for_workers() -> None:
    """What a worker is told is plain data and makes the same settings again, tuples included."""
    settings = resolved(option={"allow_http": ["a.test"], "gateway": "localhost:0", "timeout": "5"})
    plain = settings.plain()
    pickle.dumps(plain)
    as_lists = {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}
    assert Settings.from_plain(plain) == Settings.from_plain(as_lists) == settings
