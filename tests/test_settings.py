"""Settings: which source wins, what each may be, and in which words a bad one is refused."""

from __future__ import annotations

import os
import pickle
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from pytest_otp.errors import SettingsError
from pytest_otp.options import OPTIONS
from pytest_otp.settings import DEFAULT, Settings, read_env_file, resolve

SOURCES = ("option", "environment", ".env", "ini", "default")

# For each setting two values as text, and what they mean.
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
    "ledger": (("orders.sqlite3", "orders.sqlite3"), ("other", "other")),
    "env_file": (("other.env", "other.env"), ("third.env", "third.env")),
    "gateway": (("127.0.0.1:8025", ("127.0.0.1", 8025)), ("[::1]:0", ("::1", 0))),
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


def told(source: str, name: str, value: object) -> dict[str, dict[str, object]]:
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


def test_every_setting_is_in_the_table() -> None:
    """A setting that is added is tested for precedence too."""
    assert set(VALUES) == set(BY_NAME)


@pytest.mark.parametrize(("wins", "loses"), list(combinations(SOURCES, 2)))
@pytest.mark.parametrize("name", VALUES)
def test_precedence(name: str, wins: str, loses: str) -> None:
    """Option > environment > .env > ini > default, for each pair of sources and each setting, in both values."""
    for first, second in (VALUES[name], VALUES[name][::-1]):
        settings = resolved(**{**told(loses, name, second[0]), **told(wins, name, first[0])})
        assert (getattr(settings, name), settings.source(name)) == (first[1], shown(wins, name))


@pytest.mark.parametrize("name", VALUES)
def test_all_sources_at_once(name: str) -> None:
    """The option wins where a setting comes from everywhere."""
    everywhere = {key: value for source in SOURCES[:4] for key, value in told(source, name, VALUES[name][0][0]).items()}
    assert resolved(**everywhere).source(name) == shown("option", name)


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
        "ledger": None,
        "env_file": None,
        "gateway": None,
        "webhook": None,
    }
    assert dict(settings.sources) == {}
    assert settings.offline


def test_the_seed_is_random() -> None:
    """Without a seed two runs draw different ones."""
    assert len({resolved().fake_seed for _ in range(5)}) > 1


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


@pytest.mark.parametrize(
    ("name", "value", "meaning"),
    [
        ("timeout", 5, 5.0),
        ("timeout", 2.5, 2.5),
        ("close_timeout", 0, 0.0),
        ("poll_interval", 1, 1.0),
        ("fake_seed", 7, 7),
        ("country", 6, "6"),
        ("keeper", False, "off"),
        ("keeper", True, "on"),
        ("max_orders", 50, 50),
        ("show_sms", True, True),
        ("show_sms", False, False),
        ("show_sms", 1, True),
        ("allow_http", ["A.test", "b.test"], ("a.test", "b.test")),
        ("allow_http", "a.test, b.test ,", ("a.test", "b.test")),
    ],
)
def test_typed_ini_values(name: str, value: object, meaning: object) -> None:
    """The `[tool.pytest]` of pytest 9 hands over numbers, booleans and lists as they are."""
    assert getattr(resolved(ini={name: value}), name) == meaning


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("1", True),
        ("TRUE", True),
        ("yes", True),
        ("on", True),
        ("0", False),
        ("False", False),
        ("no", False),
        ("OFF", False),
    ],
)
def test_yes_or_no(text: str, meaning: bool) -> None:
    """The usual words for yes and no, in any case."""
    assert resolved(environment={"show_sms": text}).show_sms is meaning


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"provider": "otpcepat", "keeper": "off"}, "; keeper off (--otp-keeper)"),
        ({"max_orders": "50"}, "; at most 50 orders (--otp-max-orders)"),
        ({"max_spend": "5 usd"}, "; at most 5 USD spent (--otp-max-spend)"),
    ],
)
def test_the_header_tells_what_guards_money(given: dict[str, object], told: str) -> None:
    """A limit, and a keeper that is turned off, are seen at each start, with where that was set."""
    assert told in resolved(option=given).header()


def test_words_are_stripped_and_folded() -> None:
    """A space or a capital too many is forgiven where nothing else could be meant."""
    settings = resolved(
        environment={
            "timeout": " 30 ",
            "unavailable": " Skip ",
            "fake": " auto ",
            "provider": " fake ",
            "service": " shop ",
        }
    )
    assert (settings.timeout, settings.unavailable, settings.fake) == (30.0, "skip", "auto")
    assert (settings.provider, settings.service) == ("fake", "shop")


def test_hosts_of_several_options() -> None:
    """`--otp-allow-http` may be repeated, and each may list several."""
    assert resolved(option={"allow_http": ["a.test,b.test", "C.test"]}).allow_http == ("a.test", "b.test", "c.test")


ALLOWED: dict[str, tuple[str, list[object]]] = {
    "timeout": ("seconds, above 0", ["0", "-1", "soon", "inf", "nan", "", "1e999", "5s", True, []]),
    "poll_interval": ("seconds, 0.1 or more", ["0", "0.09", "-1", "often", "inf", "nan", ""]),
    "close_timeout": ("seconds, 0 or more", ["-0.1", "never", "inf", "nan", ""]),
    "unavailable": ("fail, skip or xfail", ["ignore", "", True, 1]),
    "fake_seed": ("a whole number", ["1.5", "x", "", 1.5, True]),
    "show_sms": ("true or false", ["maybe", "2", 2, ""]),
    "allow_http": ("host names, separated by commas", ["http://a.test", "a b", ["a/b"], "a\x00b"]),
    "gateway": (
        "HOST:PORT",
        ["8025", ":80", "a:", "a:x", "a:65536", "a:-1", "::1", "::1:80", "[]:1", "http://localhost:80", "", 8025],
    ),
    "webhook": ("HOST:PORT", ["8026", ":80", "a:65536", "::1:80", "https://a.test/", "", 8026]),
    "service": ("a service's id or name at the provider", ["", " ", True, 1.5]),
    "country": ("a country", ["", True, []]),
    "operator": ("an operator's id at the provider", ["", False]),
    "keeper": ("on or off", ["maybe", "", 2]),
    "max_orders": ("a whole number, 0 or more", ["-1", "1.5", "many", "", True]),
    "max_spend": (
        'an amount and a currency, as in "5 USD"',
        ["5", "USD", "USD 5", "-1 USD", "nan USD", "inf USD", "5 dollars", "5 USD 6", "5 US1", "5USD", "", 5, True],
    ),
    "ledger": ("a file", ["", True]),
    "env_file": ("a file", [""]),
}
BAD = [(name, value, allowed) for name, (allowed, values) in ALLOWED.items() for value in values]


@pytest.mark.parametrize(("name", "value", "allowed"), BAD, ids=repr)
def test_bad_values(name: str, value: object, allowed: str) -> None:
    """A bad value is quoted back on one line, with option, variable, ini name, source, and what is allowed."""
    known = BY_NAME[name]
    with pytest.raises(SettingsError) as caught:
        resolved(option={name: value})
    assert str(caught.value) == (
        f"{known.flag} ({known.variable}, ini {known.ini}): {value!r}, from {known.flag}, is not allowed. "
        f"Give {allowed}."
    )
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("source", SOURCES[:4])
def test_a_bad_value_names_its_source(source: str) -> None:
    """Where the value came from is said, since it is not always where one looks."""
    with pytest.raises(SettingsError) as caught:
        resolved(**told(source, "timeout", "soon"))
    assert str(caught.value) == (
        "--otp-timeout (PYTEST_OTP_TIMEOUT, ini otp_timeout): 'soon', "
        f"from {shown(source, 'timeout')}, is not allowed. Give seconds, above 0."
    )


def test_a_bad_value_that_loses_is_not_looked_at() -> None:
    """What an option overrides may be nonsense."""
    assert resolved(option={"timeout": "5"}, ini={"timeout": "soon"}).timeout == 5


@pytest.mark.parametrize("name", ["Fake", "twilio", ""])
def test_an_unknown_provider(name: str) -> None:
    """The message lists the providers there are."""
    with pytest.raises(SettingsError) as caught:
        resolved(option={"provider": name})
    assert str(caught.value).startswith(
        f"--otp-provider (PYTEST_OTP_PROVIDER): unknown provider {name!r}. Choose one of: fake, otpcepat, otpvirt"
    )
    assert "\n" not in str(caught.value)


def test_an_unknown_scenario() -> None:
    """The message lists the scenarios there are."""
    with pytest.raises(SettingsError) as caught:
        resolved(environment={"fake": "sometimes"})
    assert str(caught.value) == (
        "--otp-fake (PYTEST_OTP_FAKE): unknown scenario 'sometimes'. Choose one of: manual, auto, late, never, "
        "duplicate, no-code, no-numbers, no-balance, down, flaky, cancelled, cancel-refused."
    )


# .env


def test_env_file(tmp_path: Path) -> None:
    """Quotes, comments, `export` and spaces are read as usual, and the environment stays as it is."""
    (tmp_path / ".env").write_text(
        "# credentials\nexport API_KEY_OTPCEPAT='k e y'\nPYTEST_OTP_TIMEOUT = 30 # short\nOTHER=1\nPYTEST_OTP_COUNTRY\n"
    )
    before = dict(os.environ)
    assert read_env_file(None, tmp_path) == {"API_KEY_OTPCEPAT": "k e y", "PYTEST_OTP_TIMEOUT": "30", "OTHER": "1"}
    assert dict(os.environ) == before


def test_env_file_of_a_windows_editor(tmp_path: Path) -> None:
    """A byte-order mark does not hide the first variable, line ends of Windows are no part of a key."""
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfAPI_KEY_OTPCEPAT=abc\r\nOTPVIRT_CLIENT_ID=7\r\n")
    assert read_env_file(None, tmp_path) == {"API_KEY_OTPCEPAT": "abc", "OTPVIRT_CLIENT_ID": "7"}


def test_no_env_file(tmp_path: Path) -> None:
    """Without a file there are no variables; a folder of that name is no file."""
    assert read_env_file(None, tmp_path) == {}
    (tmp_path / ".env").mkdir()
    assert read_env_file(None, tmp_path) == {}


def test_env_file_of_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A .env with nothing of ours is not even parsed."""
    (tmp_path / ".env").write_text("DATABASE_URL=postgres://\n")
    monkeypatch.setitem(__import__("sys").modules, "dotenv", None)
    assert read_env_file(None, tmp_path) == {}


def test_a_named_env_file(tmp_path: Path) -> None:
    """A named file is read in place of .env, relative to the root folder."""
    (tmp_path / "ci.env").write_text("PYTEST_OTP_TIMEOUT=5\n")
    assert read_env_file("ci.env", tmp_path) == {"PYTEST_OTP_TIMEOUT": "5"}
    assert read_env_file(str(tmp_path / "ci.env"), Path("/")) == {"PYTEST_OTP_TIMEOUT": "5"}


def test_a_named_env_file_that_is_missing(tmp_path: Path) -> None:
    """Who names a file wants it read."""
    with pytest.raises(SettingsError) as caught:
        read_env_file("ci.env", tmp_path)
    assert str(caught.value) == (
        f"--otp-env-file (PYTEST_OTP_ENV_FILE): there is no file {tmp_path / 'ci.env'}. "
        "Give its path from the root folder."
    )


def test_an_env_file_with_a_line_that_is_none(tmp_path: Path) -> None:
    """A colon in place of the equals sign is refused by its line, and not passed over."""
    (tmp_path / ".env").write_text("API_KEY_OTPCEPAT=an-invented-key\nPYTEST_OTP_FAKE: auto\n")
    with pytest.raises(SettingsError) as caught:
        read_env_file(None, tmp_path)
    assert str(caught.value) == (
        f"{tmp_path / '.env'}, line 2, cannot be read. It must be a UTF-8 file of NAME=value lines."
    )


def test_a_key_is_read_as_it_is(tmp_path: Path) -> None:
    """A dollar and a brace in a key mean nothing: it would be another key."""
    (tmp_path / ".env").write_text("API_KEY_OTPCEPAT=an-invented-${HOME}-key\n")
    assert read_env_file(None, tmp_path) == {"API_KEY_OTPCEPAT": "an-invented-${HOME}-key"}


def test_an_application_s_own_env_file_is_left_alone(tmp_path: Path) -> None:
    """What has nothing of ours may be in any encoding and form; it ends no run."""
    (tmp_path / ".env").write_bytes(b"TOTP_ISSUER=Caf\xe9\n")
    assert read_env_file(None, tmp_path) == {}


def test_a_misspelt_variable_is_told() -> None:
    """A variable that is named like ours and is none shows in the header; those that programs are given do not."""
    nothing: dict[str, str] = {}
    environ = {"PYTEST_OTP_PROVDER": "otpcepat", "PYTEST_OTP_GATEWAY_URL": "http://127.0.0.1:1"}
    settings = resolve(lambda option: None, lambda option: None, environ, nothing)
    assert settings.unknown == ("PYTEST_OTP_PROVDER",)
    assert settings.header().endswith("; ignored, since there is no such setting: PYTEST_OTP_PROVDER")


@pytest.mark.parametrize(
    ("changes", "flag", "allowed"),
    [
        ({"unavailable": "x"}, "--otp-unavailable", "Give fail, skip or xfail."),
        ({"poll_interval": 0}, "--otp-poll-interval", "Give seconds, 0.1 or more."),
        ({"timeout": "x"}, "--otp-timeout", "Give seconds, above 0."),
    ],
)
def test_replace_checks_what_it_is_given(changes: dict[str, object], flag: str, allowed: str) -> None:
    """A changed setting is checked as one from the command line is."""
    with pytest.raises(SettingsError) as caught:
        Settings().replace(**changes)
    said = str(caught.value)
    assert said.startswith(flag)
    assert said.endswith(f", from replace, is not allowed. {allowed}")


def test_an_env_file_that_is_no_text(tmp_path: Path) -> None:
    """A file in another encoding is refused without showing what is in it."""
    (tmp_path / ".env").write_bytes(b"API_KEY_OTPCEPAT=s\xe4cret\n")
    with pytest.raises(SettingsError) as caught:
        read_env_file(None, tmp_path)
    said = str(caught.value)
    assert said.startswith(f"{tmp_path / '.env'} cannot be read ('utf-8' codec can't decode byte 0xe4 in position ")
    assert said.endswith("It must be a UTF-8 file of NAME=value lines.")
    assert "cret" not in said


# Settings as an object


@pytest.mark.parametrize(
    ("settings", "scenario", "seconds"),
    [
        (Settings(), "manual", 10.0),
        (Settings(), "auto", 120.0),
        (Settings(provider="otpcepat"), "manual", 120.0),
        (Settings(timeout=120.0, sources={"timeout": "--otp-timeout"}), "manual", 120.0),
        (Settings().replace(timeout=120.0), "manual", 120.0),
        (Settings(), "never", 10.0),
        (Settings(), "no-code", 10.0),
        (Settings(), "cancel-refused", 10.0),
    ],
)
def test_timeout_by_default(settings: Settings, scenario: str, seconds: float) -> None:
    """Where only the test itself can deliver the SMS a wait is short, unless somebody said how long."""
    assert settings.timeout_for(settings.provider, scenario) == seconds


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
    assert str(caught.value) == "settings cannot be changed: use settings.replace(timeout=…)"


@pytest.mark.parametrize("make", [lambda: Settings(timeot=5), lambda: Settings().replace(timeot=5)])
def test_unknown_settings(make: Any) -> None:
    """A misspelt setting is refused, with the list of those there are."""
    with pytest.raises(TypeError, match="no such setting: timeot; there are provider, service, country, operator,"):
        make()


def test_plain_data_for_workers() -> None:
    """What a worker is told is plain data and makes the same settings again, tuples included."""
    settings = resolved(option={"allow_http": ["a.test"], "gateway": "localhost:0", "timeout": "5"})
    plain = settings.plain()
    pickle.dumps(plain)
    as_lists = {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}
    assert Settings.from_plain(plain) == Settings.from_plain(as_lists) == settings


OFFLINE = "otp: provider fake (default), offline: no SMS is sent, nothing is charged; "


@pytest.mark.parametrize(
    ("settings", "header"),
    [
        (Settings(fake_seed=7), OFFLINE + "scenario manual (default), seed 7; timeout 10 s (default)"),
        (
            Settings(fake="auto", fake_seed=7, sources={"fake": "otp_fake", "fake_seed": "--otp-fake-seed"}),
            OFFLINE + "scenario auto (otp_fake), seed 7; timeout 120 s (default)",
        ),
        (
            Settings(provider="otpvirt", timeout=2.5, sources={"provider": "PYTEST_OTP_PROVIDER", "timeout": ".env"}),
            "otp: provider otpvirt (PYTEST_OTP_PROVIDER); timeout 2.5 s (.env)",
        ),
        (
            Settings(provider="otpvirt", webhook=("::1", 8026), sources={"webhook": "--otp-webhook"}),
            "otp: provider otpvirt (default); timeout 120 s (default); webhook [::1]:8026 (--otp-webhook)",
        ),
        (
            Settings(fake_seed=7, webhook=("127.0.0.1", 8026)),
            OFFLINE + "scenario manual (default), seed 7; timeout 10 s (default)",
        ),
    ],
)
def test_header(settings: Settings, header: str) -> None:
    """One line tells provider and timeout, where each came from, and whether the run is offline."""
    assert settings.header() == header
