"""The pytest plugin: options, header, fixtures.

pytest imports this module at each start and examines each of its names, so it is short, and imports what is behind it
only in runs that need it. It has no assertions, so pytest need not rewrite any: PYTEST_DONT_REWRITE.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from ..options import DEFAULT_HEADER, OPTIONS

if TYPE_CHECKING:
    from ..gateway.address import GatewayAddress
    from ..numbers.ordering import Numbers
    from ..offline.carrier import Carrier
    from ..providers.base import Provider
    from ..push.webhook import WebhookAddress
    from ..settings import Settings
    from .shared import Shared

__tracebackhide__ = True

_SEED: pytest.StashKey[int] = pytest.StashKey()  # only in a run that sets nothing


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register each option and its ini value."""
    group = parser.getgroup("otp", "one-time codes by SMS (pytest-otp)")
    for option in OPTIONS:
        named = {"dest": option.ini, "help": f"{option.help} [{option.variable}]"}
        if option.flag is None:
            parser.addini(option.ini, named["help"], default=None)
            continue
        if option.metavar is None:
            group.addoption(option.flag, action="store_const", const=True, **named)
        else:
            action = "append" if option.repeatable else "store"
            group.addoption(option.flag, action=action, metavar=option.metavar, **named)
        parser.addini(option.ini, f"Same as {option.flag}.", default=None)


def pytest_configure(config: pytest.Config) -> None:
    """Check the settings before the first test, if there are any."""
    config.addinivalue_line(
        "markers",
        "otp(service=…, country=…, operator=…, timeout=…, fake=…, length=…, alphabet=…): "
        "defaults for the numbers that this test orders",
    )
    seed = int.from_bytes(os.urandom(3), "big")
    if _is_anything_set(config) and not config.getoption("help"):
        from .run_settings import resolve_settings  # noqa: PLC0415 - start-up cost

        resolve_settings(config, seed)
    else:
        config.stash[_SEED] = seed
    if "pyfakefs" in sys.modules or "pytest_forked" in sys.modules:
        from .neighbours import register  # noqa: PLC0415 - only with one of them

        register(config, seed)


def _is_anything_set(config: pytest.Config) -> bool:
    """Whether a setting is set in any place. An xdist worker gets the settings of the controller."""
    worker = getattr(config, "workerinput", {})
    if "otp" in worker:
        return bool(worker["otp"]["sources"])
    try:
        if any(config.getoption(option.ini, None) is not None or config.getini(option.ini) for option in OPTIONS):
            return True
    except Exception:  # noqa: BLE001 - pytest 9's typed configuration refuses values other than text
        return True
    if any("OTP" in name for name in os.environ):  # a setting, or a variable of a built-in provider
        return True
    env_file = config.rootpath / ".env"
    try:
        # Reading a named pipe could wait for ever. Without zeros, UTF-16 reads like ASCII.
        return env_file.is_file() and b"OTP" in env_file.read_bytes().replace(b"\0", b"")
    except OSError:
        return False


def _settings(config: pytest.Config) -> Settings:
    from .run_settings import settings_of  # noqa: PLC0415 - start-up cost

    return settings_of(config, config.stash.get(_SEED, 0))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Join a run with workers before the first of them starts."""
    from .xdist import XdistHooks  # noqa: PLC0415 - start-up cost

    XdistHooks(config, _settings(config)).join()


def pytest_report_header(config: pytest.Config) -> str:
    """Show provider and timeout, and where each came from."""
    if _SEED in config.stash:
        return DEFAULT_HEADER.format(seed=config.stash[_SEED])
    from .header import header  # noqa: PLC0415 - start-up cost

    return header(_settings(config))


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_makereport(item: Any, call: Any) -> Any:
    """Mask secrets in the report of a test, before other plugins read it."""
    if call.excinfo:
        _mask(item, call.excinfo.value)
    return _mask(item, (yield))


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_make_collect_report(collector: Any) -> Any:
    """The same for the report of a module."""
    return _mask(collector, (yield))


def _mask(node: Any, what: Any) -> Any:
    if isinstance(what, BaseException) or what.longrepr or what.sections or getattr(what, "user_properties", None):
        from .masking import mask  # noqa: PLC0415 - start-up cost

        mask(node.config, what)
    return what


@pytest.fixture(scope="session")
def otp_settings(pytestconfig: pytest.Config) -> Settings:
    """The settings of the run. Override this fixture to change some: return otp_settings.replace(timeout=30)."""
    return _settings(pytestconfig)


@pytest.fixture(scope="session")
def otp_carrier(otp_settings: Settings, pytestconfig: pytest.Config) -> Iterator[Carrier]:
    """The offline phone network: otp_carrier.deliver(number, "Your code is 123456"). Only with the fake provider."""
    from .gateway_fixtures import carrier  # noqa: PLC0415

    yield from carrier(otp_settings, pytestconfig)


@pytest.fixture(scope="session")
def otp_provider(otp_settings: Settings, request: pytest.FixtureRequest) -> Iterator[Provider]:
    """The provider that numbers are rented from. Override this fixture to use your own implementation."""
    if otp_settings.has_carrier:
        from ..offline.desk import RentalDesk  # noqa: PLC0415
        from ..offline.provider import FakeProvider  # noqa: PLC0415
        from ..offline.scenarios import scenario  # noqa: PLC0415

        carrier: Carrier = request.getfixturevalue("otp_carrier")
        yield FakeProvider(RentalDesk(carrier, scenario=scenario(otp_settings.fake)))
    else:
        from .credentials import provider_of  # noqa: PLC0415

        yield provider_of(request.config, otp_settings)


@pytest.fixture(scope="session")
def otp_gateway(otp_settings: Settings, request: pytest.FixtureRequest) -> Iterator[GatewayAddress]:
    """Where the application under test sends its SMS offline: otp_gateway.url + "/sms", or otp_gateway.environ().

    With a real provider, url is None and environ() is empty: the application sends real SMS.
    """
    from .gateway_fixtures import gateway  # noqa: PLC0415

    yield from gateway(otp_settings, request)


@pytest.fixture(scope="session")
def otp_gateway_environ(otp_gateway: GatewayAddress) -> Iterator[Mapping[str, str]]:
    """Sets otp_gateway.environ() in os.environ until the session ends: for an application in the tests' process.

    With a real provider nothing is set.
    """
    from .gateway_environ import applied  # noqa: PLC0415 - start-up cost

    yield from applied(otp_gateway)


@pytest.fixture(scope="session")
def otp_shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """Starts something once over all xdist workers, and stops it when all that used it are done.

    url = otp_shared("app", start): the first worker that asks runs start(), a generator function or one that returns a
    context manager. The others wait, and get what it yielded: plain data, as in JSON.
    """
    from .shared import shared  # noqa: PLC0415 - start-up cost

    yield from shared(request, tmp_path_factory)


@pytest.fixture(scope="session")
def otp_webhook(otp_settings: Settings, pytestconfig: pytest.Config) -> WebhookAddress:
    """Where the provider posts each SMS: otp_webhook.url; None without --otp-webhook, or if it cannot push."""
    from .webhook_fixture import address_of  # noqa: PLC0415

    return address_of(pytestconfig, otp_settings)


@pytest.fixture(scope="session")
def session_otp_number(
    otp_provider: Provider, otp_settings: Settings, request: pytest.FixtureRequest
) -> Iterator[Numbers]:
    """Like otp_number, but open until the session ends (with xdist, this worker's). For fixtures of your own."""
    from .number_fixtures import numbers  # noqa: PLC0415

    yield from numbers(otp_provider, otp_settings, request)


@pytest.fixture(scope="module")
def module_otp_number(
    otp_provider: Provider, otp_settings: Settings, request: pytest.FixtureRequest
) -> Iterator[Numbers]:
    """Like otp_number, but open until the module ends. For fixtures of your own."""
    from .number_fixtures import numbers  # noqa: PLC0415

    yield from numbers(otp_provider, otp_settings, request)


@pytest.fixture
def otp_number(otp_provider: Provider, otp_settings: Settings, request: pytest.FixtureRequest) -> Iterator[Numbers]:
    """Rents phone numbers: each call orders one, and all orders are finished or cancelled when the test ends.

    number = otp_number(service="…", country="…"); type number.e164 into the page; code = number.wait_code().
    Arguments left out are taken from @pytest.mark.otp, then from the options.
    """
    from .number_fixtures import numbers  # noqa: PLC0415

    yield from numbers(otp_provider, otp_settings, request)
