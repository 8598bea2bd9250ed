"""What the value of each option may be. Text from users is parsed here, by pure functions."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from ..errors import SettingsError

SHORTEST_INTERVAL = 0.1
"""Seconds between polls: providers limit requests."""


class Kind(NamedTuple):
    """What a value may be."""

    parse: Callable[[object], Any]
    """Returns the checked value. Accepts text, what pytest 9's typed configuration holds, and its own results.

    Raises SettingsError if it can say better than `expected` what is wrong, otherwise ValueError.
    """
    expected: str


def _text(value: object) -> str:
    if not isinstance(value, (str, int)) or isinstance(value, bool) or not str(value).strip():
        raise ValueError
    return str(value).strip()


def _path(value: object) -> str:
    return _text(os.fspath(value) if isinstance(value, os.PathLike) else value)


def _number(value: object) -> float:
    try:
        number = float(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else math.nan
    except OverflowError:
        raise ValueError from None
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
    """As strings, since the amount goes to other processes as plain data and must not become a float on the way."""
    amount, currency = map(str, value) if isinstance(value, tuple) else str(value).split()
    try:
        number = Decimal(amount)
    except InvalidOperation:
        raise ValueError from None
    if not (number.is_finite() and number >= 0 and len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise ValueError
    return amount, currency.upper()


def _yes_or_no(value: object) -> bool:
    word = str(value).strip().lower()
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("0", "false", "no", "off"):
        return False
    raise ValueError


def _on_or_off(value: object) -> str:
    return "on" if _yes_or_no(value) else "off"


def _unavailable(value: object) -> str:
    word = str(value).strip().lower()
    if word not in ("fail", "skip", "xfail"):
        raise ValueError
    return word


def _hosts(value: object) -> tuple[str, ...]:
    names: Iterable[object] = value if isinstance(value, (list, tuple)) else [value]
    texts = [name for name in names if isinstance(name, str)]
    if texts != list(names):
        raise ValueError
    hosts = tuple(name.strip().lower() for name in ",".join(texts).split(",") if name.strip())
    if any("/" in host or " " in host or not host.isprintable() for host in hosts):
        raise ValueError
    return hosts


def _address(value: object) -> tuple[str, int]:
    if isinstance(value, tuple):
        bare, port = value
        value = f"[{bare}]:{port}" if ":" in str(bare) else f"{bare}:{port}"
    host, colon, port = str(value).strip().rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    is_host = bare and "/" not in bare and (":" in bare) == (host == f"[{bare}]")
    if not colon or not is_host or not port.isdecimal() or int(port) > 0xFFFF:
        raise ValueError
    return bare, int(port)


def _scenario(value: object) -> str:
    from ..offline.scenarios import SCENARIOS  # noqa: PLC0415 - start-up cost: only a run that sets one

    return _one_of("scenario", value, SCENARIOS)


def _provider(value: object) -> str:
    from ..providers.registry import names  # noqa: PLC0415 - start-up cost: only a run that sets one

    return _one_of("provider", value, names())


def _one_of(what: str, value: object, known: Iterable[str]) -> str:
    if not isinstance(value, str):
        raise ValueError
    name = value.strip()
    if name not in known:
        raise SettingsError(f"unknown {what} {name!r}", hint=f"Choose from: {', '.join(known)}.")
    return name


def _code_length(value: object) -> Any:
    from ..codes.formats import CodeFormat  # noqa: PLC0415 - start-up cost: only a run that sets one

    try:
        form = CodeFormat.parse(length=value) if isinstance(value, str) else CodeFormat(length=value)  # type: ignore[arg-type]  # it checks
    except SettingsError:
        raise ValueError from None
    return form.length


def _code_alphabet(value: object) -> str:
    from ..codes.formats import CodeFormat  # noqa: PLC0415 - as above

    try:
        CodeFormat(alphabet=str(value).strip())
    except SettingsError:
        raise ValueError from None
    return str(value).strip()


_ADDRESS = Kind(_address, "HOST:PORT")

KINDS = {
    "provider": Kind(_provider, "the name of a provider"),
    "service": Kind(_text, "a service, by the provider's ID or name"),
    "country": Kind(_text, "a country"),
    "operator": Kind(_text, "an operator, by the provider's ID"),
    "timeout": Kind(_above_zero, "seconds greater than 0"),
    "poll_interval": Kind(_at_least(SHORTEST_INTERVAL), f"seconds, {SHORTEST_INTERVAL} or more"),
    "fake": Kind(_scenario, "the name of a scenario"),
    "unavailable": Kind(_unavailable, "fail, skip or xfail"),
    "fake_seed": Kind(_integer, "an integer"),
    "close_timeout": Kind(_at_least(0), "seconds, 0 or more"),
    "show_sms": Kind(_yes_or_no, "true or false"),
    "allow_http": Kind(_hosts, "host names, separated by commas"),
    "keeper": Kind(_on_or_off, "on or off"),
    "max_orders": Kind(_count, "an integer, 0 or more"),
    "max_spend": Kind(_money, 'an amount and a currency, such as "5 USD"'),
    "code_length": Kind(_code_length, "a number such as 6, or a range such as 4-8"),
    "code_alphabet": Kind(_code_alphabet, "the characters of a code, without spaces"),
    "ledger": Kind(_path, "a path"),
    "env_file": Kind(_path, "a path"),
    "gateway": _ADDRESS,
    "gateway_services": Kind(_path, "a path"),
    "gateway_ca": Kind(_path, "a path"),
    "webhook": _ADDRESS,
}
"""By the option's name."""
