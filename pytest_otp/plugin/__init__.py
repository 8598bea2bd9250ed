"""The pytest plugin: options, header, fixtures. Everything behind it is imported when a test first needs it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from ..options import OPTIONS
from ..settings import Settings, env_file_of, settings_of

if TYPE_CHECKING:
    from ..gateway.address import GatewayAddress
    from ..numbers.ordering import Numbers
    from ..offline.carrier import Carrier
    from ..providers.base import Provider
    from ..push.webhook import WebhookAddress

__tracebackhide__ = True

_SETTINGS: pytest.StashKey[Settings] = pytest.StashKey()
_MARKER = "otp(service=…, country=…, operator=…, timeout=…, fake=…): what otp_number orders in this test by default"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Each option, and its ini twin."""
    group = parser.getgroup("otp", "one-time codes by SMS (pytest-otp)")
    for option in OPTIONS:
        help_text = f"{option.help} [{option.variable}]"
        if option.metavar is None:
            group.addoption(option.flag, action="store_const", const=True, default=None, help=help_text)
        elif option.name == "allow_http":
            group.addoption(option.flag, action="append", metavar=option.metavar, default=None, help=help_text)
        else:
            group.addoption(option.flag, metavar=option.metavar, default=None, help=help_text)
        parser.addini(option.ini, f"As {option.flag}: {option.help}", default=None)


def pytest_configure(config: pytest.Config) -> None:
    """Resolve the settings once, in the controller; a worker is told them."""
    config.addinivalue_line("markers", _MARKER)
    if config.getoption("help"):
        return
    told = getattr(config, "workerinput", {}).get("otp")
    try:
        env_file = env_file_of(config, os.environ)
        settings = Settings.from_plain(told) if told else settings_of(config, os.environ, env_file)
        config.stash[_SETTINGS] = settings
        if not settings.offline:
            from .credentials import real_provider  # noqa: PLC0415 - not for the fake provider

            settings = config.stash[_SETTINGS] = real_provider(config, settings, env_file)
        if config.pluginmanager.hasplugin("xdist") and not told:
            from .xdist import XdistHooks  # noqa: PLC0415 - its hooks exist only with xdist

            XdistHooks(settings, config.rootpath).join(config)
        if told and "otp_hub" in getattr(config, "workerinput", {}):
            from .relay_worker import join  # noqa: PLC0415 - only where the controller serves something for the workers

            join(config)
    except Exception as error:  # noqa: BLE001 - anything but a bad setting goes on as it is
        from ..errors import SettingsError  # noqa: PLC0415 - a good run needs no errors

        raise (pytest.UsageError(str(error)) if isinstance(error, SettingsError) else error) from None


def pytest_report_header(config: pytest.Config) -> str:
    """Provider and timeout, and where each came from."""
    return config.stash[_SETTINGS].header()


@pytest.fixture(scope="session")
def otp_settings(pytestconfig: pytest.Config) -> Settings:
    """The run's settings. Override it to change some: return otp_settings.replace(timeout=30)."""
    return pytestconfig.stash[_SETTINGS]


@pytest.fixture(scope="session")
def otp_carrier(otp_settings: Settings, pytestconfig: pytest.Config) -> Iterator[Carrier]:
    """The offline phone network: otp_carrier.deliver(number, "Your code is 123456"). Only with the provider fake."""
    from .gateway_fixtures import carrier  # noqa: PLC0415

    yield from carrier(otp_settings, pytestconfig)


@pytest.fixture(scope="session")
def otp_provider(otp_settings: Settings, request: pytest.FixtureRequest) -> Iterator[Provider]:
    """The provider that numbers are rented from. Override it to bring your own object with the Provider protocol."""
    if otp_settings.offline:
        from ..offline.desk import RentalDesk  # noqa: PLC0415
        from ..offline.provider import FakeProvider  # noqa: PLC0415
        from ..offline.scenarios import scenario  # noqa: PLC0415

        carrier: Carrier = request.getfixturevalue("otp_carrier")
        yield FakeProvider(RentalDesk(carrier, scenario=scenario(otp_settings.fake)))
    else:
        from ..providers.registry import create  # noqa: PLC0415
        from .credentials import credentials_of  # noqa: PLC0415

        credentials = credentials_of(request.config, otp_settings)
        yield create(otp_settings.provider, credentials, allow_http=frozenset(otp_settings.allow_http))


@pytest.fixture(scope="session")
def otp_gateway(otp_settings: Settings, request: pytest.FixtureRequest) -> Iterator[GatewayAddress]:
    """Where the application under test sends its SMS offline: otp_gateway.url + "/sms", or otp_gateway.environ().

    With a real provider url is None and environ() is empty: the application then sends for real.
    """
    from .gateway_fixtures import gateway  # noqa: PLC0415

    yield from gateway(otp_settings, request)


@pytest.fixture(scope="session")
def otp_webhook(otp_settings: Settings, pytestconfig: pytest.Config) -> WebhookAddress:
    """Where OTP-virt posts each SMS: otp_webhook.url; None without --otp-webhook, and with another provider."""
    from .webhook_fixture import address_of  # noqa: PLC0415

    return address_of(pytestconfig, otp_settings)


@pytest.fixture(scope="session")
def session_otp_number(
    otp_provider: Provider, otp_settings: Settings, request: pytest.FixtureRequest
) -> Iterator[Numbers]:
    """As otp_number, kept until the session ends (with xdist: this worker's). To build fixtures of your own with."""
    from .number_fixtures import numbers  # noqa: PLC0415

    yield from numbers(otp_provider, otp_settings, request)


@pytest.fixture(scope="module")
def module_otp_number(
    otp_provider: Provider, otp_settings: Settings, request: pytest.FixtureRequest
) -> Iterator[Numbers]:
    """As otp_number, kept until the module ends. To build fixtures of your own with."""
    from .number_fixtures import numbers  # noqa: PLC0415

    yield from numbers(otp_provider, otp_settings, request)


@pytest.fixture
def otp_number(otp_provider: Provider, otp_settings: Settings, request: pytest.FixtureRequest) -> Iterator[Numbers]:
    """Rents phone numbers: each call orders one, and all are finished or cancelled when the test ends.

    number = otp_number(service="…", country="…"); type number.e164 into the page; code = number.wait_code().
    What is left out comes from @pytest.mark.otp, then from the options.
    """
    from .number_fixtures import numbers  # noqa: PLC0415

    yield from numbers(otp_provider, otp_settings, request)
