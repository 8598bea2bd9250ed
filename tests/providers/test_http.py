"""The HTTP client over real loopback sockets: what it sends, and where it may send it."""

from __future__ import annotations

import gzip
import json
import threading
from urllib.parse import parse_qs, urlsplit

import pytest

from pytest_otp.errors import (
    OtpError,
    ProviderUnavailable,
    SettingsError,
)
from pytest_otp.providers.base import Repeat
from pytest_otp.providers.bodies import LARGEST_BODY, accepted_encodings
from pytest_otp.providers.http import HttpClient, check_url
from pytest_otp.redact import Secret
from tests.providers.clients import KEY, OK, PAGE, Client, failure
from tests.servers import (
    WireServer,
    closed_port,
    raw,
    reply,
)


class TestSending:
    """What arrives at the server."""

    def test_a_get(self, client: Client) -> None:
        """Parameters travel in the query, with their secrets, and the headers say what we are and take."""
        with WireServer(OK) as server:
            answer = client.get(f"{server.url}/api?v=1", api_key=Secret(KEY), action="get balance")
        (asked,) = server.asked
        assert (asked.method, urlsplit(asked.target).path, asked.body) == ("GET", "/api", b"")
        assert parse_qs(urlsplit(asked.target).query) == {"v": ["1"], "api_key": [KEY], "action": ["get balance"]}
        assert asked.headers["accept"] == "application/json"
        assert asked.headers["user-agent"] == "Mozilla/5.0 (compatible; pytest-otp)"
        assert "gzip" in asked.headers["accept-encoding"]
        assert "content-type" not in asked.headers
        assert (answer.status, answer.data) == (200, {"fine": True})

    def test_a_post(self, client: Client) -> None:
        """A body is UTF-8 JSON with its secrets in it, and says so."""
        payload = {"apiPassword": Secret(KEY), "detail": {"country": "türkiye"}, "n": 1}
        with WireServer(OK) as server:
            client.http.post(server.url, payload)
        (asked,) = server.asked
        assert (asked.method, asked.headers["content-type"]) == ("POST", "application/json")
        assert asked.json == {"apiPassword": KEY, "detail": {"country": "türkiye"}, "n": 1}
        assert "türkiye".encode() in asked.body
        assert "content-encoding" not in asked.headers

    def test_a_compressed_post(self, client: Client) -> None:
        """With `compress` the body is gzip, and the header says so."""
        with WireServer(OK) as server:
            client.http.post(server.url, {"apiPassword": Secret(KEY)}, compress=True)
        (asked,) = server.asked
        assert asked.headers["content-encoding"] == "gzip"
        assert json.loads(gzip.decompress(asked.body)) == {"apiPassword": KEY}

    def test_own_headers_win(self, client: Client) -> None:
        """A provider's user agent takes the place of ours."""
        with WireServer(OK) as server:
            client.http.get(server.url, {}, headers={"User-Agent": "Mozilla/5.0 (X11)"})
        assert server.asked[0].headers["user-agent"] == "Mozilla/5.0 (X11)"

    @pytest.mark.parametrize(
        ("version", "decoder", "accepted"),
        [("2.6.0", None, "gzip"), ("2.6.0", "brotli", "gzip, br"), ("2.5.0", "brotli", "gzip")],
    )
    def test_brotli_is_asked_for_only_where_it_can_be_read(
        self, client: Client, monkeypatch: pytest.MonkeyPatch, version: str, decoder: str | None, accepted: str
    ) -> None:
        """`br` is offered exactly where a decoder is installed, and where urllib3 decodes a bounded part at a time."""
        accepted_encodings.cache_clear()
        with monkeypatch.context() as patched, WireServer(OK) as server:
            patched.setattr("urllib3.__version__", version)
            patched.setattr("importlib.util.find_spec", lambda name: object() if name == decoder else None)
            client.get(server.url)
        accepted_encodings.cache_clear()
        assert server.asked[0].headers["accept-encoding"] == accepted

    def test_a_connection_is_used_again(self, client: Client) -> None:
        """Five calls, reads of every kind, need one connection."""
        with WireServer(OK) as server:
            for _ in range(3):
                client.get(server.url)
            client.get(server.url, Repeat.NEVER)
            client.http.post(server.url, {})
        assert server.connections == 1

    def test_a_connection_is_used_again_after_a_refusal(self, client: Client) -> None:
        """A whole answer leaves the connection usable, whatever it said."""
        with WireServer(reply(PAGE, 502), OK) as server:
            client.get(server.url)
        assert (len(server.asked), server.connections) == (2, 1)

    def test_an_order_has_a_connection_of_its_own(self, client: Client) -> None:
        """A reused connection that the server is just closing would leave an order in doubt."""
        with WireServer(OK) as server:
            client.get(server.url)
            client.get(server.url, Repeat.UNSENT)
            client.get(server.url, Repeat.UNSENT)
            client.get(server.url)
        assert [asked.connection for asked in server.asked] == [1, 2, 3, 1]

    def test_a_connection_that_idled_away_is_no_failure(self, client: Client) -> None:
        """A server that closed the kept connection meanwhile is asked over a new one."""
        with WireServer(raw(OK), OK) as server:
            client.get(server.url)
            client.get(server.url)
        assert len(server.asked) == 2
        assert len(client.pauses) <= 1

    def test_threads_do_not_mix_answers(self, client: Client) -> None:
        """Eight threads at once get each its own answers, over no more connections than threads."""
        with WireServer(by=lambda asked: reply({"target": asked.target})) as server:
            wrong: list[str] = []

            def work(name: int) -> None:
                for i in range(15):
                    answer = client.get(server.url + "/", me=f"{name}-{i}")
                    if answer.data["target"] != f"/?me={name}-{i}":
                        wrong.append(answer.data["target"])

            threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert not wrong
        assert len(server.asked) == 120
        assert server.connections <= 8

    def test_cookies_are_not_kept(self, client: Client) -> None:
        """What one answer sets, the next request does not bring."""
        with WireServer(reply({}, headers={"Set-Cookie": "session=1; Path=/"})) as server:
            client.get(server.url)
            client.get(server.url)
        assert "cookie" not in server.asked[1].headers

    def test_what_is_neither_text_nor_secret_is_not_sent(self, client: Client) -> None:
        """A value that has no JSON form never becomes its repr on the wire."""
        with WireServer(OK) as server, pytest.raises(OtpError, match="object cannot be sent"):
            client.http.post(server.url, {"odd": object()}, repeat=Repeat.NEVER)
        assert not server.asked


class TestProxies:
    """The environment's proxies."""

    def test_are_not_used_for_loopback(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        """A sandbox on this machine is reached directly, whatever HTTP_PROXY says."""
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
        with WireServer(OK) as server:
            client.get(server.url)
            client.get(server.url, Repeat.UNSENT)
        assert len(server.asked) == 2

    def test_are_used_for_other_hosts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A company's proxy is the way to the service."""
        with WireServer(OK) as proxy:
            monkeypatch.setenv("HTTP_PROXY", proxy.url)
            monkeypatch.setenv("http_proxy", proxy.url)
            HttpClient("acme", allow_http=frozenset({"sms.test"})).get("http://sms.test/api", {"a": "b"})
        assert proxy.asked[0].target == "http://sms.test/api?a=b"


class TestRedirects:
    """A provider's API does not redirect; who does, wants something else."""

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_are_not_followed(self, client: Client, status: int) -> None:
        """A redirect is no answer, and the key is not carried anywhere."""
        with WireServer(OK) as elsewhere, WireServer(reply("", status, headers={"Location": elsewhere.url})) as server:
            error = failure(client, server.url, Repeat.NEVER)
        assert isinstance(error, ProviderUnavailable)
        assert (error.http_status, error.message) == (status, f"unusable response (HTTP {status} with an empty body)")
        assert not elsewhere.asked

    def test_a_huge_redirect_is_not_read(self, client: Client) -> None:
        """The body of a redirect has no more room than any other."""
        endless = reply(b" " * (LARGEST_BODY + 1), 302, headers={"Location": "/"})
        with WireServer(endless) as server:
            error = failure(client, server.url, Repeat.NEVER)
        assert "a body larger than 4194304 bytes" in error.message

    def test_a_redirect_to_nonsense_is_a_redirect(self, client: Client) -> None:
        """A Location that is no URL is not looked at."""
        with WireServer(reply(PAGE, 302, headers={"Location": "http://["})) as server:
            error = failure(client, server.url, Repeat.NEVER)
        assert isinstance(error, ProviderUnavailable)
        assert error.http_status == 302


class TestUrls:
    """Where credentials may be sent."""

    @pytest.mark.parametrize(
        "url",
        [
            "https://sms.test",
            "HTTPS://SMS.TEST/api",
            "http://localhost:8000/",
            "http://127.0.0.1:1/",
            "http://127.9.8.7/",
            "http://[::1]:9/",
            "http://allowed.test/",
            "http://ALLOWED.test:8080/",
        ],
    )
    def test_good_ones(self, url: str) -> None:
        """TLS anywhere; without it loopback, and what was allowed."""
        check_url(url, frozenset({"allowed.test"}))

    @pytest.mark.parametrize(
        "url",
        [
            "http://sms.test/",
            "http://localhost.evil.test/",
            "http://127.0.0.1.evil.test/",
            "http://allowed.test.evil.test/",
            "http://evil.test/?allowed.test",
            "http://0.0.0.0/",
            "http://10.0.0.1/",
        ],
    )
    def test_ones_without_tls(self, url: str) -> None:
        """Plain http to anywhere else is refused before anything is sent."""
        with pytest.raises(SettingsError, match="would send credentials without TLS"):
            check_url(url, frozenset({"allowed.test"}))

    @pytest.mark.parametrize("url", ["http://127.0.0.1@evil.test/", "https://user:an-invented-word@sms.test/api"])
    def test_ones_that_hold_credentials(self, url: str) -> None:
        """A user name or password in the URL is refused, and not quoted back."""
        with pytest.raises(SettingsError) as caught:
            check_url(url, frozenset())
        assert str(caught.value) == (
            "the URL contains a user name or password. Remove it: it would appear in error messages."
        )

    @pytest.mark.parametrize(
        "url", ["", "sms.test", "//sms.test", "file:///etc/passwd", "http://", "http://[", "https://a:b/"]
    )
    def test_ones_that_are_none(self, url: str) -> None:
        """What is no http URL is quoted back."""
        with pytest.raises(SettingsError) as caught:
            check_url(url, frozenset())
        assert str(caught.value) == f"{url!r} is not an http:// or https:// URL"

    def test_a_key_in_a_url_is_masked(self) -> None:
        """A base URL that somebody pasted with the key in it does not show it."""
        Secret(KEY)
        with pytest.raises(SettingsError) as caught:
            check_url(f"http://sms.test/?api_key={KEY}", frozenset())
        assert "'http://sms.test/?api_key=***'" in str(caught.value)

    def test_each_call_is_checked(self, client: Client) -> None:
        """A provider cannot send anything to where its user did not allow it."""
        for call in (client.http.get, client.http.post):
            with pytest.raises(SettingsError, match="without TLS"):
                call("http://sms.test/", {"api_key": Secret(KEY)})
