"""The options: where each can be set, what it may be. Text from users is parsed here, by pure functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

SHORTEST_INTERVAL = 0.1
"""Seconds between two looks: a provider counts requests."""


class Option:
    """One setting: where it can come from, what it may be, and what `--help` says of it.

    `parse` gives the checked value, or raises ValueError, KeyError or OverflowError; `allowed` then says what is.
    Without `metavar` it is a switch. No dataclass, for the reason that `Settings` is none.
    """

    __slots__ = ("allowed", "default", "help", "metavar", "name", "parse")

    def __init__(
        self,
        name: str,
        *,
        metavar: str | None,
        default: object,
        parse: Callable[[object], Any],
        allowed: str,
        help: str,  # noqa: A002 - as argparse calls it
    ) -> None:
        self.name = name
        self.metavar = metavar
        self.default = default
        self.parse = parse
        self.allowed = allowed
        self.help = help

    @property
    def flag(self) -> str:
        """As on the command line."""
        return "--otp-" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """As in the environment and in .env."""
        return "PYTEST_OTP_" + self.name.upper()

    @property
    def ini(self) -> str:
        """As in pytest's configuration file."""
        return "otp_" + self.name


def _text(value: object) -> str:
    if not isinstance(value, (str, int)) or isinstance(value, bool) or not str(value).strip():
        raise ValueError
    return str(value).strip()


def _number(value: object) -> float:
    number = float(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else math.nan
    if not math.isfinite(number):
        raise ValueError
    return number


def _at_least(least: float) -> Callable[[object], float]:
    def parse(value: object) -> float:
        number = _number(value)
        if number < least:
            raise ValueError
        return number

    return parse


def _above_zero(value: object) -> float:
    number = _number(value)
    if number <= 0:
        raise ValueError
    return number


def _integer(value: object) -> int:
    if isinstance(value, (bool, float)):
        raise ValueError
    return int(str(value))


def _count(value: object) -> int:
    number = _integer(value)
    if number < 0:
        raise ValueError
    return number


def _money(value: object) -> tuple[str, str]:
    """As texts: an amount that other processes are told must not become a float on the way."""
    from decimal import Decimal, InvalidOperation  # noqa: PLC0415 - only a run with a budget needs it

    amount, currency = str(value).split()
    try:
        number = Decimal(amount)
    except InvalidOperation:
        raise ValueError from None
    if not (number.is_finite() and number >= 0 and len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise ValueError
    return amount, currency.upper()


def _yes_or_no(value: object) -> bool:
    if isinstance(value, bool):
        return value
    return {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}[
        str(value).strip().lower()
    ]


def _on_or_off(value: object) -> str:
    return "on" if _yes_or_no(value) else "off"


def _one_of(*words: str) -> Callable[[object], str]:
    def parse(value: object) -> str:
        word = str(value).strip().lower()
        if word not in words:
            raise ValueError
        return word

    return parse


def _hosts(value: object) -> tuple[str, ...]:
    names = ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    hosts = tuple(name.strip().lower() for name in names.split(",") if name.strip())
    if any("/" in host or " " in host or not host.isprintable() for host in hosts):
        raise ValueError
    return hosts


def _address(value: object) -> tuple[str, int]:
    host, colon, port = str(value).strip().rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    is_host = bare and "/" not in bare and (":" in bare) == (host == f"[{bare}]")
    if not colon or not is_host or not port.isdecimal() or int(port) > 0xFFFF:
        raise ValueError
    return bare, int(port)


def _fake(value: object) -> str:
    from .offline.scenarios import scenario  # noqa: PLC0415 - only a run that sets a scenario needs to know them

    return scenario(str(value).strip()).name


def _provider(value: object) -> str:
    name = str(value).strip()
    if name != "fake":
        from .providers.registry import load  # noqa: PLC0415 - only a run that sets a provider needs to know them

        load(name)
    return name


OPTIONS = (
    Option(
        "provider",
        metavar="NAME",
        default="fake",
        parse=_provider,
        allowed="a provider's name",
        help="Who rents the numbers: fake (offline, free), otpcepat, otpvirt, or a plugin's provider. Credentials "
        "come from the environment or .env only: API_KEY_OTPCEPAT; OTPVIRT_CLIENT_ID and "
        "OTPVIRT_API_PASSWORD.",
    ),
    Option(
        "service",
        metavar="NAME",
        default=None,
        parse=_text,
        allowed="a service's id or name at the provider",
        help="The service that numbers are ordered for where a test names none: the provider's id or name of it.",
    ),
    Option(
        "country",
        metavar="NAME",
        default=None,
        parse=_text,
        allowed="a country",
        help="The country of numbers where a test names none: the provider's id or name, an ISO code, or the name "
        "in any language.",
    ),
    Option(
        "operator",
        metavar="NAME",
        default=None,
        parse=_text,
        allowed="an operator's id at the provider",
        help="The mobile operator where a test names none (default: any).",
    ),
    Option(
        "timeout",
        metavar="SECONDS",
        default=120.0,
        parse=_above_zero,
        allowed="seconds, above 0",
        help="How long wait_code() waits (default: 120; 10 with the fake provider's scenario manual).",
    ),
    Option(
        "poll_interval",
        metavar="SECONDS",
        default=0.75,
        parse=_at_least(SHORTEST_INTERVAL),
        allowed=f"seconds, {SHORTEST_INTERVAL} or more",
        help="Pause between two looks for an SMS (default: 0.75).",
    ),
    Option(
        "fake",
        metavar="SCENARIO",
        default="manual",
        parse=_fake,
        allowed="a scenario",
        help="What the fake provider does: manual (SMS come from the test or the gateway), auto (an SMS with a "
        "code at once), late (after 5 s), never, duplicate (the same SMS twice), no-code (an SMS without "
        "one), no-numbers and no-balance (the order is refused), down (no answer), flaky (502, reset and 429 "
        "now and then), cancelled (the provider ends the order), cancel-refused (an SMS comes as it is "
        "cancelled) (default: manual).",
    ),
    Option(
        "unavailable",
        metavar="fail|skip|xfail",
        default="fail",
        parse=_one_of("fail", "skip", "xfail"),
        allowed="fail, skip or xfail",
        help="What a test does where no number is to be had (default: fail).",
    ),
    Option(
        "fake_seed",
        metavar="N",
        default=0,
        parse=_integer,
        allowed="a whole number",
        help="Seed of the fake provider's numbers, ids and codes (default: random, shown in the header).",
    ),
    Option(
        "close_timeout",
        metavar="SECONDS",
        default=20.0,
        parse=_at_least(0),
        allowed="seconds, 0 or more",
        help="How long teardown tries to close the orders of a test (default: 20).",
    ),
    Option(
        "show_sms",
        metavar=None,
        default=False,
        parse=_yes_or_no,
        allowed="true or false",
        help="Show SMS texts in error messages; without it they are masked.",
    ),
    Option(
        "allow_http",
        metavar="HOST",
        default=(),
        parse=_hosts,
        allowed="host names, separated by commas",
        help="A host besides loopback that credentials may be sent to without TLS; may be repeated.",
    ),
    Option(
        "keeper",
        metavar="on|off",
        default="on",
        parse=_on_or_off,
        allowed="on or off",
        help="Whether a side process places and closes the orders, so that a killed run leaves none open "
        "(default: on).",
    ),
    Option(
        "max_orders",
        metavar="N",
        default=None,
        parse=_count,
        allowed="a whole number, 0 or more",
        help="How many orders a run may send, over all xdist workers and reruns (default: any number).",
    ),
    Option(
        "max_spend",
        metavar='"AMOUNT CURRENCY"',
        default=None,
        parse=_money,
        allowed='an amount and a currency, as in "5 USD"',
        help="How much a run may spend, over all xdist workers and reruns (default: any amount).",
    ),
    Option(
        "ledger",
        metavar="PATH",
        default=None,
        parse=_text,
        allowed="a file",
        help="The file that all orders are written down in (default: in your folder for programs' state).",
    ),
    Option(
        "env_file",
        metavar="PATH",
        default=None,
        parse=_text,
        allowed="a file",
        help="The .env file with settings and credentials (default: .env in the root folder).",
    ),
    Option(
        "gateway",
        metavar="HOST:PORT",
        default=None,
        parse=_address,
        allowed="HOST:PORT",
        help="Where the SMS gateway for the application under test listens (default: a free loopback port, on "
        "first use).",
    ),
    Option(
        "webhook",
        metavar="HOST:PORT",
        default=None,
        parse=_address,
        allowed="HOST:PORT",
        help="Where OTP-virt's push is received, so that a code is there at once (default: off). The path ends in "
        "OTPVIRT_WEBHOOK_TOKEN, or in a random one.",
    ),
)
