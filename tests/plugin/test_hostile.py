"""Hostile text in every field of every answer: whole runs, failing and passing, whose every output is safe to read."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.plugin import hostile
from tests.plugin.hostile import CEPAT, OFFLINE, PROVIDER, VIRT, WEBHOOK, Hostile
from tests.servers import WireServer

ROOT = Path(__file__).resolve().parents[2]
OUTPUTS = ("log.txt", "junit.xml", "report.html")
BAD = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069]|^ *(?:E +)?FORGED", re.MULTILINE
)
LONGEST = 2000
"""Letters of one text in a row: those of an SMS, which is shown on request, and less of anything else."""


@dataclass(frozen=True)
class World:
    """A folder, and a hostile provider."""

    folder: Path

    def run(self, suite: str, *options: str, **variables: str) -> str:
        """Run an inner suite; return what it printed, once all its outputs were found to be safe."""
        (self.folder / "test_it.py").write_text(suite)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-p", "pytest_otp.plugin", "-p", "no:cacheprovider", "--color=no"),
                *("-p", "pytest_html.plugin", "-p", "pytest_metadata.plugin", "-rA", "-l", "-vv", "--otp-show-sms"),
                *("--log-file=log.txt", "--log-file-level=DEBUG", "--log-cli-level=INFO", "--junitxml=junit.xml"),
                *("-o", "junit_logging=all", "--html=report.html", "--self-contained-html", *options),
            ],
            cwd=self.folder,
            env={
                **inherited,
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                "PYTHONPATH": str(ROOT),
                "PYTHONIOENCODING": "utf-8",
                "PYTEST_OTP_LEDGER": "state/ledger",
                **variables,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=240,
            check=False,
        )
        texts = {"terminal": done.stdout.decode(errors="surrogateescape")}
        texts |= {name: (self.folder / name).read_text(errors="surrogateescape") for name in OUTPUTS}
        bad = {name: _bad(text) for name, text in texts.items()}
        assert not any(bad.values()), bad
        return texts["terminal"]


def _bad(text: str) -> list[str]:
    """What should not be in an output, with some of what stands around it."""
    found = [text[max(0, match.start() - 200) : match.end() + 60] for match in BAD.finditer(text.replace("\t", " "))]
    return [repr(each) for each in found[:3]] + [
        repr(text[max(0, match.start() - 200) : match.start() + 20]) for match in re.finditer(f"L{{{LONGEST},}}", text)
    ][:3]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


PROVIDERS = {
    "otpcepat": (CEPAT, "CEPAT", ("6", "7")),
    "otpvirt": (VIRT, "VIRT", ("iran", "shop")),
}


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_field_of_every_answer(world: World, name: str) -> None:
    """Whichever field is hostile, terminal, log, junit and html are safe, and each order is closed by its true id."""
    answers, constant, place = PROVIDERS[name]
    every = hostile.cases(answers)
    suite = PROVIDER.replace("hostile.ANSWERS", f"hostile.{constant}").replace("PLACE", repr(place))
    named = next(at for at, case in enumerate(every) if case.field[-1:] == ("countryName",) or "country" in case.field)
    provider = Hostile(answers)
    with WireServer(by=provider) as server:
        output = world.run(
            suite.replace("{NAMED}", str(named)),
            f"--otp-provider={name}",
            "--otp-close-timeout=0.1",
            SERVER=server.url,
            API_KEY_OTPCEPAT="an-invented-key-1",
            OTPCEPAT_BASE_URL=f"{server.url}/api",
            OTPVIRT_CLIENT_ID="bd7b0f2e-0000-4000-8000-000000000001",
            OTPVIRT_API_PASSWORD="an-invented-password",
            OTPVIRT_BASE_URL=server.url,
        )
    counts = _counts(output)
    assert counts["failed"] > 10
    assert counts["passed"] > 5
    assert counts["failed"] + counts["passed"] == len(every) + 1
    assert r"HOSTILE\x1b[31m\x1b]0;title\x07\x9b2J\u202ereversed" in output
    assert hostile.ESCAPES in provider.closed


def test_what_an_application_sends(world: World) -> None:
    """Whatever an application sends through the gateway, to a number or past it, the outputs are safe."""
    output = world.run(OFFLINE)
    assert _counts(output) == {"failed": 6}
    assert r"HOSTILE\x1b[31m" in output


def test_what_is_pushed(world: World) -> None:
    """Whatever is pushed to the webhook, the outputs are safe, and no code of control characters is handed out."""
    provider = Hostile({**VIRT, "GetSms": {"sms": [], "error": 0}})
    with WireServer(by=provider) as server:
        output = world.run(
            WEBHOOK,
            "--otp-provider=otpvirt",
            "--otp-webhook=127.0.0.1:0",
            "--otp-close-timeout=0.1",
            OTPVIRT_CLIENT_ID="bd7b0f2e-0000-4000-8000-000000000001",
            OTPVIRT_API_PASSWORD="an-invented-password",
            OTPVIRT_BASE_URL=server.url,
        )
    assert _counts(output) == {"failed": 14}
    assert r"from HOSTILE\x1b[31m" in output


def _counts(output: str) -> dict[str, int]:
    last = [line for line in output.splitlines() if re.match(r"=+ .* in [\d.]+s", line)][-1]
    return {word: int(count) for count, word in re.findall(r"(\d+) (failed|passed|error)", last)}
