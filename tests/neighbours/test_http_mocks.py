"""Libraries that mock or record HTTP requests: the keeper's requests are none of this process."""

from __future__ import annotations

import pytest

from pytest_otp.sandbox import otpcepat, otpvirt
from tests.neighbours.beside import Beside

RESPONSES = """
    import pytest
    import requests
    import responses

    @responses.activate
    def test_decorated(otp_number):
        assert len(otp_number().wait_code(timeout=60)) == 6
        with pytest.raises(requests.ConnectionError):
            requests.get("https://shop.example/")
        assert len(responses.calls) == 1
"""
REQUESTS_MOCK = """
    import requests

    def test_it(requests_mock, otp_number):
        requests_mock.get("https://shop.example/", text="mocked")
        assert len(otp_number().wait_code(timeout=60)) == 6
        assert requests.get("https://shop.example/").text == "mocked"
        assert requests_mock.call_count == 1
"""
RESPX = """
    import httpx

    def test_it(respx_mock, otp_number):
        route = respx_mock.get("https://shop.example/").respond(204)
        assert len(otp_number().wait_code(timeout=60)) == 6
        assert httpx.get("https://shop.example/").status_code == 204
        assert route.call_count == len(respx_mock.calls) == 1
"""
MOTO = """
    import boto3
    from moto import mock_aws

    @mock_aws
    def test_it(otp_number):
        sns = boto3.client("sns", "eu-west-1", aws_access_key_id="made", aws_secret_access_key="up")
        number = otp_number()
        assert sns.publish(PhoneNumber=number.e164, Message="Your code is 482913")["MessageId"]
        assert len(number.wait_code(timeout=60)) == 6
"""
HTTPSERVER = """
    import requests

    def test_it(httpserver, otp_number):
        httpserver.expect_request("/page").respond_with_data("served")
        assert len(otp_number().wait_code(timeout=60)) == 6
        assert requests.get(httpserver.url_for("/page")).text == "served"
"""
VCR = """
    import requests
    import vcr

    def test_it(otp_number, httpserver):
        httpserver.expect_request("/page").respond_with_data("served")
        with vcr.use_cassette("cassettes/it.yaml", record_mode="all"):
            assert len(otp_number().wait_code(timeout=60)) == 6
            assert requests.get(httpserver.url_for("/page")).text == "served"
"""
RECORDING = """
    import pytest
    import requests

    @pytest.mark.vcr
    def test_it(otp_number, httpserver):
        httpserver.expect_request("/page").respond_with_data("served")
        assert len(otp_number().wait_code(timeout=60)) == 6
        assert requests.get(httpserver.url_for("/page")).text == "served"
"""
BLOCKED = """
    import pytest

    @pytest.mark.block_network
    def test_it(otp_number):
        assert len(otp_number().wait_code(timeout=60)) == 6
"""
SECRETS = (otpcepat.API_KEY, otpvirt.API_PASSWORD)
MOCKS = {
    "responses": (RESPONSES, ()),
    "requests-mock": (REQUESTS_MOCK, ("requests_mock.contrib._pytest_plugin",)),
    "vcrpy": (VCR, ("pytest_httpserver.pytest_plugin",)),
    "pytest-recording": (RECORDING, ("pytest_recording.plugin", "pytest_httpserver.pytest_plugin")),
}
PASS_THROUGH = """
    import os
    from urllib.parse import urlsplit

    URL = os.environ["OTPCEPAT_BASE_URL"]
    HOST = urlsplit(URL).hostname

    def test_responses(otp_number):
        import responses
        with responses.RequestsMock() as mock:
            mock.add_passthru(URL)
            assert len(otp_number().wait_code(timeout=60)) == 6

    def test_requests_mock(otp_number):
        import requests_mock
        with requests_mock.Mocker(real_http=True):
            assert len(otp_number().wait_code(timeout=60)) == 6

    def test_vcr(otp_number):
        import vcr
        with vcr.use_cassette("cassettes/it.yaml", record_mode="all", ignore_hosts=[HOST]):
            assert len(otp_number().wait_code(timeout=60)) == 6

    def test_moto_and_respx(otp_number):
        import moto, respx
        with moto.mock_aws(), respx.mock():
            assert len(otp_number().wait_code(timeout=60)) == 6
"""


def cassettes(runs: Beside) -> str:
    return "".join(path.read_text() for path in (runs.folder / "cassettes").rglob("*.yaml"))


@pytest.fixture(params=["otpcepat", "otpvirt"])
def each_provider(request: pytest.FixtureRequest, real: Beside) -> Beside:
    """A provider whose key is part of URLs, and one whose password is part of bodies."""
    if request.param == "otpvirt":
        order = {"PYTEST_OTP_SERVICE": "vi", "PYTEST_OTP_COUNTRY": "tajikistan"}
        real.variables |= {"PYTEST_OTP_PROVIDER": "otpvirt", **order}
    return real


@pytest.mark.neighbour("responses", "requests-mock", "vcrpy", "pytest-recording")
@pytest.mark.parametrize("name", MOCKS)
def test_a_mock_offline(offline: Beside, name: str) -> None:
    """Offline nothing is requested: a code arrives while requests are mocked or recorded."""
    text, plugins = MOCKS[name]
    args = ("--record-mode=all",) if name == "pytest-recording" else ()
    offline.passes(text, *args, plugins=plugins)


@pytest.mark.neighbour("responses")
@pytest.mark.short
def test_responses(real: Beside) -> None:
    """The number is ordered, polled and closed, and the mock sees the application's request only."""
    real.passes(RESPONSES)
    assert real.ordered() == 1


@pytest.mark.neighbour("requests-mock")
def test_requests_mock(real: Beside) -> None:
    """The number is ordered, polled and closed, and the mock sees the application's request only."""
    real.passes(REQUESTS_MOCK, plugins=MOCKS["requests-mock"][1])
    assert real.ordered() == 1


@pytest.mark.neighbour("respx")
def test_respx(beside: Beside) -> None:
    """A code arrives, and the mock sees the application's request only."""
    beside.passes(RESPX, plugins=("respx.plugin",))


@pytest.mark.neighbour("moto")
def test_moto(beside: Beside) -> None:
    """The library answers what the application sends to AWS; a code arrives all the same."""
    beside.passes(MOTO, AWS_EC2_METADATA_DISABLED="true")


@pytest.mark.neighbour("pytest-httpserver")
def test_httpserver(beside: Beside) -> None:
    """Its server and ours run side by side."""
    beside.passes(HTTPSERVER, plugins=("pytest_httpserver.pytest_plugin",))


@pytest.mark.neighbour("vcrpy", "pytest-recording")
@pytest.mark.short
@pytest.mark.parametrize("name", ["vcrpy", "pytest-recording"])
def test_recorded(each_provider: Beside, name: str) -> None:
    """The cassette has the application's request, none to the provider, and no key or password."""
    text, plugins = MOCKS[name]
    args = ("--record-mode=all",) if name == "pytest-recording" else ()
    each_provider.passes(text, *args, plugins=plugins)
    recorded = cassettes(each_provider)
    assert recorded.count("uri:") == 1
    assert "/page" in recorded
    assert [secret for secret in SECRETS if secret in recorded] == []


@pytest.mark.neighbour("pytest-recording")
def test_blocked_network(real: Beside) -> None:
    """With its marker that blocks all connections of the test process, a code arrives by the keeper."""
    real.passes(BLOCKED, plugins=MOCKS["pytest-recording"][1])


@pytest.mark.neighbour("responses", "requests-mock", "vcrpy", "pytest-recording")
@pytest.mark.short
def test_refused_without_a_keeper(real: Beside) -> None:
    """With `--otp-keeper off` each mock is noticed before anything is ordered, or recorded."""
    for at, (text, _) in enumerate(MOCKS.values()):
        real.write({f"test_{at}.py": text})
    plugins = [plugin for name in ("requests-mock", "pytest-recording") for plugin in MOCKS[name][1]]
    output = real.ends(
        "--otp-keeper", "off", "--record-mode=all", plugins=plugins, results={"failed": len(MOCKS)}, code=1
    )
    for library in ("responses", "requests_mock", "vcr"):
        assert f": {library} is active in this process, and would answer or record" in output
    assert real.ordered() == 0
    assert cassettes(real).count("uri:") == 0


@pytest.mark.neighbour("responses", "requests-mock", "vcrpy", "moto", "respx")
def test_let_through_without_a_keeper(real: Beside) -> None:
    """With `--otp-keeper off` and what the error recommends, the provider gets the requests, and no cassette does."""
    real.passes(PASS_THROUGH, "--otp-keeper", "off", passed=4)
    assert real.ordered() == 4
    assert not (real.folder / "cassettes").exists()
