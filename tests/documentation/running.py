"""Running what a reader would run: a process with a clean environment, and the sandbox."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

PATIENCE_SECONDS = 600
WITHOUT = ("-p", "no:asyncio", "-p", "no:hypothesispytest")
"""Arguments of inner runs: one plugin warns about its own settings, the other takes longer to load than most runs."""

_OURS = ("PYTEST_", "OTPCEPAT_", "OTPVIRT_", "API_KEY_OTPCEPAT", "SMS_URL", "SIMBOX_", "TWILIO_")


def clean_environment() -> dict[str, str]:
    """Ours without what belongs to this pytest run, to a provider's account, or to a sender of SMS."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}


@contextmanager
def running_sandbox(environment: Mapping[str, str], scenario: str) -> Iterator[dict[str, str]]:
    """A sandbox, and the variables that it prints for the providers' clients, with the address of its `POST /sms`."""
    command = [sys.executable, "-m", "pytest_otp.cli", "sandbox", "--fake", scenario]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            lines = iter(process.stdout.readline, "\n")
            variables = dict(re.findall(r"^export (\w+)='?(.*?)'?$", "".join(lines), re.MULTILINE))
            url = variables["OTPVIRT_BASE_URL"].removesuffix("/native")
            yield {**variables, "SMS_URL": f"{url}/sms"}
        finally:
            process.terminate()
