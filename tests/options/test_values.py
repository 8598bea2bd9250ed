"""What the value of each option may be, and how an invalid one is refused."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from pytest_otp.errors import SettingsError
from pytest_otp.options import OPTIONS, Option
from pytest_otp.options.values import KINDS
from pytest_otp.settings import Settings, resolve


def resolved(name: str, value: object) -> object:
    """What a setting is if its option has this value, or its ini name if it has no option."""

    def option(known: Option) -> object:
        return value if known.name == name and known.flag else None

    def ini(known: Option) -> object:
        return value if known.name == name and not known.flag else None

    return getattr(resolve(option, ini, {}, {}), name)


def test_the_names_of_an_option() -> None:
    """Messages name every place where a setting can be set."""
    names = {option.name: option.names for option in OPTIONS}
    assert names["timeout"] == "--otp-timeout (PYTEST_OTP_TIMEOUT, ini otp_timeout)"
    assert names["code_length"] == "PYTEST_OTP_CODE_LENGTH (ini otp_code_length)"


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
        ("code_length", 6, 6),
        ("code_length", "6", 6),
        ("code_length", " 4 - 8 ", (4, 8)),
        ("code_length", [4, 8], (4, 8)),
        ("code_alphabet", " 0123456789 ", "0123456789"),
    ],
)
def test_typed_ini_values(name: str, value: object, meaning: object) -> None:
    """The `[tool.pytest]` of pytest 9 hands over numbers, booleans and lists as they are."""
    assert resolved(name, value) == meaning


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
    assert resolved("show_sms", text) is meaning


@pytest.mark.parametrize(
    ("name", "text", "meaning"),
    [
        ("timeout", " 30 ", 30.0),
        ("unavailable", " Skip ", "skip"),
        ("fake", " auto ", "auto"),
        ("provider", " fake ", "fake"),
        ("service", " shop ", "shop"),
        ("max_spend", " 5 usd ", ("5", "USD")),
    ],
)
def test_words_are_stripped_and_folded(name: str, text: str, meaning: object) -> None:
    """A space or a capital too many is forgiven if nothing else could be meant."""
    assert resolved(name, text) == meaning


def test_hosts_of_several_options() -> None:
    """`--otp-allow-http` may be repeated, and each may list several."""
    assert resolved("allow_http", ["a.test,b.test", "C.test"]) == ("a.test", "b.test", "c.test")


EXPECTED: dict[str, tuple[str, list[object]]] = {
    "timeout": ("seconds greater than 0", ["0", "-1", "soon", "inf", "nan", "", "1e999", "5s", True, [], 10**400]),
    "poll_interval": ("seconds, 0.1 or more", ["0", "0.09", "-1", "often", "inf", "nan", ""]),
    "close_timeout": ("seconds, 0 or more", ["-0.1", "never", "inf", "nan", ""]),
    "unavailable": ("fail, skip or xfail", ["ignore", "", True, 1]),
    "fake_seed": ("an integer", ["1.5", "x", "", 1.5, True]),
    "show_sms": ("true or false", ["maybe", "2", 2, ""]),
    "allow_http": ("host names, separated by commas", ["http://a.test", "a b", ["a/b"], "a\x00b", 5, [5]]),
    "gateway": (
        "HOST:PORT",
        [
            *("8025", ":80", "a:", "a:x", "a:65536", "a:-1", "::1", "::1:80", "[]:1", "http://localhost:80", "", 8025),
            *(("a",), ("a", 70000), ("a", None), ("", 80), ("a", 80, 1)),
        ],
    ),
    "webhook": ("HOST:PORT", ["8026", ":80", "a:65536", "::1:80", "https://a.test/", "", 8026]),
    "provider": ("the name of a provider", [5, True, ["fake"]]),
    "fake": ("the name of a scenario", [5, True, ["auto"]]),
    "service": ("a service, by the provider's ID or name", ["", " ", True, 1.5]),
    "country": ("a country", ["", True, []]),
    "operator": ("an operator, by the provider's ID", ["", False]),
    "keeper": ("on or off", ["maybe", "", 2]),
    "max_orders": ("an integer, 0 or more", ["-1", "1.5", "many", "", True]),
    "max_spend": (
        'an amount and a currency, such as "5 USD"',
        [
            *(
                "5",
                "USD",
                "USD 5",
                "-1 USD",
                "nan USD",
                "inf USD",
                "5 dollars",
                "5 USD 6",
                "5 US1",
                "5USD",
                "",
                5,
                True,
            ),
            *(("x", "y"), ("x", "USD"), ("5",), ("5", "USD", "6")),
        ],
    ),
    "code_length": ("a number such as 6, or a range such as 4-8", ["six", "0", "8-4", 0, [4], True, 2.5]),
    "code_alphabet": ("the characters of a code, without spaces", ["a b"]),
    "ledger": ("a path", ["", True]),
    "gateway_services": ("a path", ["", True]),
    "gateway_ca": ("a path", ["", True]),
    "env_file": ("a path", ["", 1.5]),
}
BAD = [(name, value, expected) for name, (expected, values) in EXPECTED.items() for value in values]


def test_every_option_is_in_the_table() -> None:
    """Each option has a kind of value, and invalid values of each are tested."""
    assert set(KINDS) == set(EXPECTED) == {option.name for option in OPTIONS}


@pytest.mark.parametrize(("name", "value", "expected"), BAD, ids=repr)
def test_invalid_values(name: str, value: object, expected: str) -> None:
    """An invalid value is quoted in one line, after the option, with what is expected and where it can be set."""
    with pytest.raises(SettingsError) as caught:
        resolved(name, value)
    option = next(option for option in OPTIONS if option.name == name)
    source = option.flag or option.ini
    assert str(caught.value) == f"{source}: invalid value {value!r}: expected {expected}. Set it with {option.names}."
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "value", "expected"), BAD, ids=repr)
def test_replace_refuses_invalid_values(name: str, value: object, expected: str) -> None:
    """`Settings.replace` checks each value as one from the command line is checked, and names itself as the source."""
    with pytest.raises(SettingsError) as caught:
        Settings().replace(**{name: value})
    assert caught.value.message == f"Settings.replace({name}=...): invalid value {value!r}: expected {expected}"


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_replace_with_none(option: Option) -> None:
    """None unsets a setting that is unset by default, and is refused for all others."""
    if option.default is None:
        assert getattr(Settings().replace(**{option.name: None}), option.name) is None
    else:
        with pytest.raises(SettingsError, match=r"invalid value None: expected |unknown \w+ None"):
            Settings().replace(**{option.name: None})


@pytest.mark.parametrize(
    ("name", "value", "meaning"),
    [
        ("gateway", ("127.0.0.1", 8025), ("127.0.0.1", 8025)),
        ("gateway", ("::1", 0), ("::1", 0)),
        ("gateway", "localhost:0", ("localhost", 0)),
        ("max_spend", ("5", "usd"), ("5", "USD")),
        ("max_spend", (Decimal("0.50"), "USD"), ("0.50", "USD")),
        ("allow_http", ("A.test",), ("a.test",)),
        ("allow_http", (), ()),
        ("ledger", Path("state/ledger"), "state/ledger"),
        ("gateway_services", Path("a/services.toml"), "a/services.toml"),
        ("env_file", Path("ci.env"), "ci.env"),
        ("timeout", "5", 5.0),
    ],
)
def test_replace_takes_what_settings_hold(name: str, value: object, meaning: object) -> None:
    """`Settings.replace` accepts a value in the form that settings have it in, or as text, and holds it checked."""
    assert getattr(Settings().replace(**{name: value}), name) == meaning


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("provider", "Fake", "unknown provider 'Fake'. Choose from: fake, otpcepat, otpvirt"),
        ("provider", "twilio", "unknown provider 'twilio'. Choose from: fake, otpcepat, otpvirt"),
        ("provider", "", "unknown provider ''. Choose from: fake, otpcepat, otpvirt"),
        (
            "fake",
            "sometimes",
            (
                "unknown scenario 'sometimes'. Choose from: manual, auto, late, never, duplicate, no-code, no-numbers, "
                "no-balance, down, flaky, cancelled, cancel-refused."
            ),
        ),
    ],
)
def test_unknown_names(name: str, value: str, error: str) -> None:
    """An unknown provider or scenario is answered with a list of those that exist."""
    with pytest.raises(SettingsError) as caught:
        resolved(name, value)
    assert str(caught.value).startswith(f"--otp-{name}: {error}")
    assert "\n" not in str(caught.value)
