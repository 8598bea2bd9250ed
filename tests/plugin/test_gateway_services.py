"""Services of one's own in a run: from the conftest, a file and a plugin, with and without xdist."""

from __future__ import annotations

import importlib
from collections.abc import Callable

import pytest

# Imported here, since an inner run forgets what it imported itself; cryptography cannot be imported twice.
import trustme  # noqa: F401

import pytest_otp.gateway.description  # noqa: F401 - so is a class that is checked with isinstance
from tests.servers import closed_port

Run = Callable[..., pytest.RunResult]

XDIST = ("-p", "xdist", "-p", "xdist.looponfail", "-n2", "--dist=each")
SENDS = """
import json, urllib.request

def send(environ, to, text, host="api.harbour.example"):
    # As an application with environ() does: through the proxy, to the service's own host.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": environ["HTTP_PROXY"]}))
    body = json.dumps({"to": to, "text": text}).encode()
    request = urllib.request.Request(f"http://{host}/v2/messages", body, {"Content-Type": "application/json"})
    with opener.open(request) as answer:
        return json.load(answer)
"""
CONFTEST = """
import pytest
from pytest_otp import ServiceDescription, ServiceRequest

@pytest.fixture(scope="session", autouse=True)
def harbour(otp_gateway):
    otp_gateway.add_service(
        ServiceDescription(
            name="harbour",
            hosts=["api.harbour.example"],
            requests=[ServiceRequest(path="/v2/messages", to="json:to", text="json:text", answer={"id": "{id}"})],
        )
    )
"""
TEST = """
from sends import send

def test_it(otp_number, otp_gateway):
    number = otp_number()
    assert send(otp_gateway.environ(), number.e164, "482913 is your code")["id"]
    assert number.wait_code() == "482913"
"""
TOML = """
[[services]]
name = "harbour"
hosts = ["api.harbour.example"]
[[services.requests]]
path = "/v2/messages"
to = "json:to"
text = "json:text"
answer = { id = "{id}" }
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs pytest in this process, with our plugin alone, every warning an error."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.path.joinpath("sends.py").write_text(SENDS)
    pytester.syspathinsert()
    pytester.makepyfile(TEST)

    def inner(*args: str) -> pytest.RunResult:
        return pytester.runpytest_inprocess(
            "-p", "pytest_otp.plugin", "-p", "no:cacheprovider", "-W", "error", "--tb=short", *args
        )

    return inner


def test_from_the_conftest(pytester: pytest.Pytester, run: Run) -> None:
    """A session fixture adds the service, and the application reaches it at its own host; the next run starts anew."""
    pytester.makeconftest(CONFTEST)
    run().assert_outcomes(passed=1)
    pytester.path.joinpath("conftest.py").unlink()
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*HTTP Error 403: pytest-otp blocks api.harbour.example"])


def test_from_the_conftest_under_xdist(pytester: pytest.Pytester, run: Run) -> None:
    """With one gateway for all workers, the service is there for each of them before add_service returns."""
    pytester.makeconftest(CONFTEST)
    port = closed_port()
    run(*XDIST, f"--otp-gateway=127.0.0.1:{port}").assert_outcomes(passed=2)


def test_a_clash_under_xdist(pytester: pytest.Pytester, run: Run) -> None:
    """What the controller refuses is an error in the worker, with the same words."""
    pytester.makeconftest(CONFTEST.replace("api.harbour.example", "api.twilio.com"))
    result = run(*XDIST, f"--otp-gateway=127.0.0.1:{closed_port()}")
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(
        ["E   *SettingsError: the service 'harbour': api.twilio.com is a host of Twilio, which the gateway*"]
    )


@pytest.mark.parametrize("where", ["option", "environment", "ini"])
def test_from_a_file(pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """The file is named like any other setting, relative to the root."""
    pytester.mkdir("tests_of_mine").joinpath("services.toml").write_text(TOML)
    name = "tests_of_mine/services.toml"
    if where == "environment":
        monkeypatch.setenv("PYTEST_OTP_GATEWAY_SERVICES", name)
    elif where == "ini":
        pytester.makeini(f"[pytest]\notp_gateway_services = {name}")
    run(*([f"--otp-gateway-services={name}"] if where == "option" else [])).assert_outcomes(passed=1)


def test_from_a_file_under_xdist(pytester: pytest.Pytester, run: Run) -> None:
    """The controller's gateway has the services of the file, and so has each worker's environ()."""
    pytester.path.joinpath("services.toml").write_text(TOML)
    port = closed_port()
    run(*XDIST, f"--otp-gateway=127.0.0.1:{port}", "--otp-gateway-services=services.toml").assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "cannot read *none.toml: No such file or directory*"),
        (TOML.replace("json:to", "to"), "*the request to '/v2/messages': to: invalid value 'to': expected json:FIELD*"),
    ],
    ids=["missing", "invalid"],
)
def test_a_wrong_file(pytester: pytest.Pytester, run: Run, text: str | None, words: str) -> None:
    """It ends the run before the first test, as a usage error."""
    if text is not None:
        pytester.path.joinpath("none.toml").write_text(text)
    result = run("--otp-gateway-services=none.toml")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: *{words}"])


def test_from_a_plugin(pytester: pytest.Pytester, run: Run) -> None:
    """An installed package's services are there without a line in the project."""
    source = CONFTEST.partition("@pytest")[0] + "ONE = (" + CONFTEST.partition("add_service(")[2]
    pytester.path.joinpath("harbour_sms.py").write_text(source)
    metadata = pytester.mkdir("harbour_sms-1.0.dist-info")
    metadata.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: harbour-sms\nVersion: 1.0\n")
    metadata.joinpath("entry_points.txt").write_text("[pytest_otp.gateway_services]\nharbour = harbour_sms:ONE\n")
    importlib.invalidate_caches()
    run().assert_outcomes(passed=1)


def test_with_a_real_provider(pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same conftest runs at night with real SMS: nothing is added."""
    monkeypatch.setenv("API_KEY_OTPCEPAT", "an-invented-key-482913")
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile("def test_it(otp_gateway): assert otp_gateway.environ() == {}")
    run("--otp-provider=otpcepat", "--otp-keeper=off").assert_outcomes(passed=1)
