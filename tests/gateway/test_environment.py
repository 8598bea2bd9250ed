"""The variables that lead an application to the gateway: what is extended, what is left alone, and how it is quoted."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pytest_otp.gateway.environment import (
    aws_endpoints,
    aws_endpoints_kept,
    java_options,
    node_quoted,
    preload_variables,
)

URL = "http://127.0.0.1:8025"
OURS = {"AWS_ENDPOINT_URL_SNS": URL, "AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2": URL}


@pytest.fixture(autouse=True)
def _nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NODE_OPTIONS", "PYTHONPATH", "PHP_INI_SCAN_DIR", "JAVA_TOOL_OPTIONS"):
        monkeypatch.delenv(name, raising=False)


def preload() -> dict[str, str]:
    return preload_variables("/made/bundle.pem", "/made/php")


def java(*no_proxy: str, trust_store: str = "/made/java.p12") -> str:
    return java_options("127.0.0.1", 8025, no_proxy, trust_store)["JAVA_TOOL_OPTIONS"]


@pytest.mark.parametrize(
    ("environ", "set_", "kept"),
    [
        pytest.param({}, OURS, (), id="nothing is set"),
        pytest.param(OURS, OURS, (), id="they are set already"),
        pytest.param({"AWS_ENDPOINT_URL_SNS": ""}, OURS, (), id="an empty value is none"),
        pytest.param(
            {"AWS_ENDPOINT_URL_SNS": "http://localstack:4566"},
            {"AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2": URL},
            ("AWS_ENDPOINT_URL_SNS",),
            id="one service is elsewhere",
        ),
        pytest.param({"AWS_ENDPOINT_URL": "http://moto:5000"}, {}, ("AWS_ENDPOINT_URL",), id="all are elsewhere"),
    ],
)
def test_aws_endpoints_of_others_are_left_alone(
    environ: dict[str, str], set_: dict[str, str], kept: tuple[str, ...]
) -> None:
    """A service that the environment leads elsewhere keeps its endpoint, and the variable can be named to the user."""
    assert aws_endpoints(URL, environ) == set_
    assert aws_endpoints_kept(URL, environ) == kept


def test_the_preloads_exist() -> None:
    """Each variable names a file or folder of the package, and the hosts are the table's."""
    variables = preload()
    python, node = Path(variables["PYTHONPATH"]), Path(variables["NODE_OPTIONS"].removeprefix("--require ").strip('"'))
    assert [path.name for path in python.iterdir() if path.suffix] == ["sitecustomize.py"]
    assert node.is_file()
    assert "api.twilio.com" in variables["PYTEST_OTP_GATEWAY_HOSTS"].split(",")
    assert variables["PYTEST_OTP_GATEWAY_BUNDLE"] == "/made/bundle.pem"


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("NODE_OPTIONS", "--max-old-space-size=512", "--max-old-space-size=512 {ours}"),
        ("PYTHONPATH", "/srv/app", f"{{ours}}{os.pathsep}/srv/app"),
        ("PHP_INI_SCAN_DIR", "/etc/php.d", "/etc/php.d:{ours}"),
        ("PHP_INI_SCAN_DIR", "", "{ours}"),
    ],
)
def test_variables_are_extended(monkeypatch: pytest.MonkeyPatch, name: str, before: str, after: str) -> None:
    """What a variable held stays; once ours is part of it, it is not added again."""
    ours = preload()[name].removeprefix(":")
    monkeypatch.setenv(name, before)
    extended = preload()[name]
    assert extended == after.format(ours=ours)
    monkeypatch.setenv(name, extended)
    assert preload()[name] == extended


def test_phps_own_folder_is_still_read() -> None:
    """Without the variable PHP reads the folder that it was built with, which the empty entry stands for."""
    assert preload()["PHP_INI_SCAN_DIR"] == ":/made/php"


@pytest.mark.parametrize("folder", ["plain", "with spaces", 'with "quotes"', "back\\slash"])
def test_node_reads_any_path(tmp_path: Path, folder: str) -> None:
    """Node loads a file whose path has characters that mean something in NODE_OPTIONS."""
    path = tmp_path / folder / "loaded.cjs"
    path.parent.mkdir()
    path.write_text("console.log('loaded')", encoding="utf-8")
    environment = {"PATH": os.environ["PATH"], "NODE_OPTIONS": f"--no-warnings --require {node_quoted(path)}"}
    command = ["node", "--eval", "0"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "loaded\n"


def test_java_gets_properties() -> None:
    """The proxy for both schemes, and the trust store with its type; direct hosts are in Java's own form."""
    options = java("127.0.0.1", "localhost", ".example.com", "*.example.org", "db.internal:5432", "::1").split()
    assert options == [
        "-Dhttps.proxyHost=127.0.0.1",
        "-Dhttps.proxyPort=8025",
        "-Dhttp.proxyHost=127.0.0.1",
        "-Dhttp.proxyPort=8025",
        "-Dhttp.nonProxyHosts=127.*|localhost|*.example.com|*.example.org|db.internal|[::1]",
        "-Djavax.net.ssl.trustStore=/made/java.p12",
        "-Djavax.net.ssl.trustStoreType=PKCS12",
    ]


def test_java_options_are_extended_and_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Present options come first, since the last value of a property holds; an option with a space is quoted."""
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-Xmx64m")
    options = java("localhost", trust_store="/my files/java.p12")
    assert options.startswith("-Xmx64m -Dhttps.proxyHost=127.0.0.1 ")
    assert ' "-Djavax.net.ssl.trustStore=/my files/java.p12" ' in options
