"""What watches the requests of the test process sees none of the provider's, and so no credentials."""

from __future__ import annotations

import pytest

from pytest_otp.sandbox import otpcepat
from tests.neighbours.beside import Beside

SENTRY = """
    import pathlib
    import requests
    import sentry_sdk
    from sentry_sdk.transport import Transport

    class Kept(Transport):
        envelopes = []
        def capture_envelope(self, envelope):
            self.envelopes.append(envelope.serialize())

    sentry_sdk.init(dsn="https://public@sentry.example/1", transport=Kept, traces_sample_rate=1.0, max_breadcrumbs=100)

    def test_it(otp_number, httpserver):
        httpserver.expect_request("/page").respond_with_data("served")
        with sentry_sdk.start_transaction(name="sign-up"):
            code = otp_number().wait_code(timeout=60)
            requests.get(httpserver.url_for("/page?ours=1"))
            assert len(code) == 6
        sentry_sdk.capture_message("done")
        sentry_sdk.flush()
        pathlib.Path("sent").write_bytes(b"".join(Kept.envelopes))
"""
DEBUG = """
    import http.client
    import logging
    import requests

    http.client.HTTPConnection.debuglevel = 1
    logging.getLogger("http.client").setLevel(logging.DEBUG)
    logging.getLogger("urllib3").setLevel(logging.DEBUG)

    def test_it(otp_number, httpserver):
        httpserver.expect_request("/page").respond_with_data("served")
        assert len(otp_number().wait_code(timeout=60)) == 6
        requests.get(httpserver.url_for("/page?ours=1"))
"""
HTTPSERVER = ("pytest_httpserver.pytest_plugin",)


@pytest.mark.neighbour("sentry-sdk")
@pytest.mark.short
def test_sentry(real: Beside) -> None:
    """Spans, breadcrumbs and events have the application's request, and no key, path or number of the provider."""
    real.passes(SENTRY, plugins=HTTPSERVER)
    sent = (real.folder / "sent").read_text()
    assert "ours=1" in sent
    assert "sign-up" in sent
    for theirs in (otpcepat.API_KEY, "api_key", "get_status", "handler_api"):
        assert theirs not in sent


@pytest.mark.neighbour("sentry-sdk")
def test_sentry_offline(offline: Beside) -> None:
    """Offline a code arrives inside a transaction."""
    offline.passes(SENTRY, plugins=HTTPSERVER)


@pytest.mark.neighbour("http.client debuglevel")
@pytest.mark.short
def test_debuglevel(real: Beside) -> None:
    """What http.client prints with `-s`, and all loggers write, is about the application's request only."""
    output = real.passes(DEBUG, "-s", "--log-cli-level=DEBUG", plugins=HTTPSERVER)
    assert "ours=1" in output
    for theirs in (otpcepat.API_KEY, "api_key", "get_status"):
        assert theirs not in output


@pytest.mark.neighbour("http.client debuglevel")
def test_debuglevel_offline(offline: Beside) -> None:
    """Offline a code arrives, and there is nothing to print."""
    offline.passes(DEBUG, "-s", plugins=HTTPSERVER)
