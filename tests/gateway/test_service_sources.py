"""Services that a file describes, or a plugin registers."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_otp import ServiceDescription, ServiceError, ServiceRequest, SettingsError
from pytest_otp.gateway.service_sources import services_of_file, services_of_plugins

TOML = """
[[services]]
name = "harbour"
hosts = ["api.harbour.example"]
authentication = ["bearer"]
error = { error = { code = "{code}", text = "{message}" } }
errors.unauthorized = { status = 403, message = "Who are you?", code = 7 }

[[services.requests]]
path = "/v2/{account}/messages"
to = "json:to"
text = "json:text"
status = 202
answer = { id = "{id}", note = "{null}" }
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "services.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file(tmp_path: Path) -> None:
    """Its tables have the names of the attributes."""
    assert services_of_file(written(tmp_path, TOML)) == [
        ServiceDescription(
            name="harbour",
            hosts=["api.harbour.example"],
            authentication=["bearer"],
            error={"error": {"code": "{code}", "text": "{message}"}},
            errors={"unauthorized": ServiceError(403, "Who are you?", 7)},
            requests=[
                ServiceRequest(
                    path="/v2/{account}/messages",
                    to="json:to",
                    text="json:text",
                    status=202,
                    answer={"id": "{id}", "note": "{null}"},
                )
            ],
        )
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[services", "is not valid TOML: "),
        ("", "expected tables [[services]] only; found none"),
        ("[services]\nname = 'x'", "expected tables [[services]] only; found none"),
        (TOML + "\n[other]", "expected tables [[services]] only; found 'other'"),
        ("[[services]]\nnames = 'x'", "services[0]: unknown key 'names': expected one of name, hosts"),
        ("#" * 2_000_000, "larger than 1048576 bytes"),
    ],
)
def test_a_broken_file(tmp_path: Path, text: str, words: str) -> None:
    """The error names the file and what is wrong in it."""
    path = written(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        services_of_file(path)
    assert words in caught.value.message
    assert str(path) in caught.value.message


def test_a_file_in_another_encoding(tmp_path: Path) -> None:
    """TOML is UTF-8."""
    path = tmp_path / "services.toml"
    path.write_bytes(b"# \xff\xfe")
    with pytest.raises(SettingsError, match="is not valid TOML"):
        services_of_file(path)


def test_a_missing_file(tmp_path: Path) -> None:
    """The error says which file, and where a relative path starts."""
    with pytest.raises(SettingsError) as caught:
        services_of_file(tmp_path / "none.toml")
    assert str(caught.value) == (
        f"--otp-gateway-services (PYTEST_OTP_GATEWAY_SERVICES): cannot read {tmp_path / 'none.toml'}: "
        "No such file or directory. A relative path is relative to pytest's rootdir."
    )


def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, source: str, points: str) -> None:
    (tmp_path / f"{name}.py").write_text(source)
    metadata = tmp_path / f"{name}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[pytest_otp.gateway_services]\n{points}\n")
    monkeypatch.syspath_prepend(str(tmp_path))


def test_plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry point is a description, or a list of some."""
    source = """
from pytest_otp import ServiceDescription, ServiceRequest
def service(name):
    return ServiceDescription(name=name, requests=[ServiceRequest(path="/" + name, to="json:to", text="json:text")])
ONE = service("one")
MORE = [service("two"), service("three")]
"""
    installed(tmp_path, monkeypatch, "harbour_plugin", source, "b = harbour_plugin:ONE\na = harbour_plugin:MORE")
    assert [service.name for service in services_of_plugins()] == ["two", "three", "one"]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("broken_plugin:MISSING", " cannot be imported: module 'broken_plugin' has no attribute 'MISSING'"),
        ("broken_plugin.sub:ONE", " cannot be imported: No module named 'broken_plugin.sub'"),
        ("broken_plugin:NONE", ": expected a ServiceDescription or a list of some; got a str"),
    ],
)
def test_a_broken_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, words: str) -> None:
    """The error names the entry point, so that one knows which package to mend."""
    installed(tmp_path, monkeypatch, "broken_plugin", "NONE = 'x'", f"x = {target}")
    with pytest.raises(SettingsError) as caught:
        services_of_plugins()
    assert caught.value.message.startswith(f"the entry point x ({target}) of pytest_otp.gateway_services{words}")
