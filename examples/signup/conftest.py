"""Fixtures that the tests share: the running application, and the browsers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

from pytest_otp import GatewayAddress

HERE = Path(__file__).parent

# Not a real account: the gateway only checks its format.
TWILIO = {"TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": "an-invented-token", "TWILIO_FROM": "Harbour"}

BROWSER_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def signup_url(otp_gateway: GatewayAddress) -> Iterator[str]:
    """The application's URL. It runs in a separate process, as in production.

    It sends with Twilio's SDK. Offline, the variables of `otp_gateway.environ()` redirect requests for api.twilio.com
    to the gateway, which responds as Twilio does. With a real provider there are no such variables, and the application
    sends as its environment says.
    """
    environment = {**os.environ, **otp_gateway.environ()}
    if otp_gateway.url:
        environment |= {**TWILIO, "SMS_URL": ""}
    command = [sys.executable, "-m", "signup_app", "--port", "0"]
    with subprocess.Popen(command, cwd=HERE, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            said = process.stdout.readline()
            if not said.startswith("Serving on "):
                pytest.fail(f"the application did not start: it printed {said!r} (see its errors above)")
            yield said.removeprefix("Serving on ").strip()
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Arguments for pytest-playwright: the system's Chromium, with a new profile."""
    return {**browser_type_launch_args, "executable_path": chromium(), "args": BROWSER_FLAGS}


@pytest.fixture(scope="session")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A browser driven by Selenium, with a new profile."""
    options = webdriver.ChromeOptions()
    options.binary_location = chromium()
    for flag in [*BROWSER_FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"]:
        options.add_argument(flag)
    service = webdriver.ChromeService(executable_path=program("CHROMEDRIVER", "chromedriver"))
    browser = webdriver.Chrome(options=options, service=service)
    browser.implicitly_wait(5)
    yield browser
    browser.quit()


@pytest.fixture
def driver(chrome: webdriver.Chrome) -> Iterator[webdriver.Chrome]:
    """The browser, without the cookies of the test before."""
    yield chrome
    chrome.delete_all_cookies()


def chromium() -> str:
    """The path of Chromium."""
    return program("CHROMIUM", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def program(variable: str, *names: str) -> str:
    """The path of a program: from the environment variable, else the first of the names that is on the PATH."""
    wanted = os.environ.get(variable)
    for name in [wanted] if wanted else names:
        found = shutil.which(name)
        if found:
            return found
    pytest.fail(
        f"{wanted or names[0]} was not found. Install Chromium and its driver (on Debian: chromium and "
        f"chromium-driver), run `make browser`, or set {variable} to its path."
    )
