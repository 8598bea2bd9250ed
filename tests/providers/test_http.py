"""The one HTTP client, over real loopback sockets: what it sends, what it makes of bad answers, and what it repeats."""

from __future__ import annotations

import email.utils
import gzip
import io
import json
import logging
import re
import signal
import socket
import threading
import time
import types
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from urllib3.util import connection

from pytest_otp.errors import (
    AuthenticationError,
    NumberUnavailable,
    OrderUncertain,
    OtpError,
    ProviderUnavailable,
    SettingsError,
)
from pytest_otp.providers import answers, http
from pytest_otp.providers.base import Repeat
from pytest_otp.providers.deadline import time_left, time_limit
from pytest_otp.providers.http import ATTEMPTS, HttpClient, JsonResponse, check_url
from pytest_otp.redact import Secret
from tests.providers.conftest import KEY
from tests.servers import (
    Asked,
    Hang,
    Reply,
    WireServer,
    closed_port,
    deaf_port,
    drip,
    drip_chunk_size,
    drip_headers,
    drop,
    raw,
    reply,
    reset,
    stall,
)

OK = reply({"fine": True})
PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>502</h1></body></html>"


class Client:
    """A client whose pauses are noted instead of slept."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self.http = HttpClient("acme", sleep=self.pauses.append)

    def get(self, url: str, repeat: Repeat = Repeat.ALWAYS, **params: str | Secret) -> JsonResponse:
        return self.http.get(url, params, repeat=repeat)


@pytest.fixture
def client() -> Iterator[Client]:
    made = Client()
    yield made
    made.http.close()


def failure(client: Client, url: str, repeat: Repeat = Repeat.ALWAYS) -> OtpError:
    with pytest.raises(OtpError) as caught:
        client.get(url, repeat, api_key=Secret(KEY))
    return caught.value


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

    def test_brotli_is_asked_for_only_where_it_can_be_read(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """`br` is offered exactly where a decoder is installed."""
        found: dict[str, object] = {}
        monkeypatch.setattr("importlib.util.find_spec", found.get)
        with WireServer(OK) as server:
            client.get(server.url)
            found["brotli"] = object()
            client.get(server.url)
        assert [asked.headers["accept-encoding"] for asked in server.asked] == ["gzip", "gzip, br"]

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
        endless = reply(b" " * (http.LARGEST_BODY + 1), 302, headers={"Location": "/"})
        with WireServer(endless) as server:
            error = failure(client, server.url, Repeat.NEVER)
        assert "a body larger than 4194304 bytes" in error.message

    def test_a_redirect_to_nonsense_is_a_redirect(self, client: Client) -> None:
        """A Location that is no URL is not looked at."""
        with WireServer(reply(PAGE, 302, headers={"Location": "http://["})) as server:
            error = failure(client, server.url, Repeat.NEVER)
        assert isinstance(error, ProviderUnavailable)
        assert error.http_status == 302


class TestReading:
    """Answers that are ones, however they are wrapped."""

    @pytest.mark.parametrize(
        "body",
        [
            '{"n": 1}',
            '\ufeff{"n": 1}',
            '\r\n {"n": 1}\r\n\r\n',
            json.dumps({"n": 1}, indent=4),
        ],
        ids=["plain", "byte order mark", "white space", "indented"],
    )
    @pytest.mark.parametrize("kind", ["application/json", "text/html; charset=UTF-8", "text/plain", ""])
    def test_json_is_json(self, client: Client, body: str, kind: str) -> None:
        """Content type, byte order mark and white space do not matter."""
        with WireServer(reply(body, kind=kind)) as server:
            assert client.get(server.url).data == {"n": 1}

    def test_numbers_with_a_fraction_are_exact(self, client: Client) -> None:
        """Money is never a float on its way."""
        with WireServer(reply('{"price": 0.10, "balance": 99999999999999999.99}')) as server:
            data = client.get(server.url).data
        assert data == {"price": Decimal("0.10"), "balance": Decimal("99999999999999999.99")}
        assert isinstance(data["price"], Decimal)

    @pytest.mark.parametrize(
        "answer",
        [
            reply(gzip.compress(b'{"n": 1}'), headers={"Content-Encoding": "gzip"}),
            reply(gzip.compress(b'{"n": 1}'), headers={"Content-Encoding": "x-gzip"}),
            b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{"n\r\n5\r\n": 1}\r\n0\r\n\r\n',
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
            + b"".join(b"1\r\n%c\r\n" % byte for byte in gzip.compress(b'{"n": 1}'))
            + b"0\r\n\r\n",
            raw(b'HTTP/1.1 200 OK\r\n\r\n{"n": 1}'),
            raw(b'HTTP/1.0 200 OK\r\ncontent-length: 8\r\n\r\n{"n": 1}'),
        ],
        ids=["gzip", "x-gzip", "chunked", "chunked gzip", "until the end", "1.0"],
    )
    def test_every_framing(self, client: Client, answer: Reply) -> None:
        """Compressed, chunked, with a length or until the connection ends: it is the same object."""
        with WireServer(answer) as server:
            assert client.get(server.url, Repeat.NEVER).data == {"n": 1}

    def test_a_large_answer(self, client: Client) -> None:
        """A catalogue of two megabytes is read whole."""
        with WireServer(reply({"data": ["x" * 1000] * 2000})) as server:
            assert len(client.get(server.url).data["data"]) == 2000

    @pytest.mark.parametrize("status", [200, 201, 400, 404, 409, 422])
    def test_a_refusal_in_json_is_an_answer(self, client: Client, status: int) -> None:
        """4xx with an object is for the provider to understand, and is not repeated."""
        with WireServer(reply({"status": "false", "msg": "NO BALANCE"}, status)) as server:
            answer = client.get(server.url)
        assert (answer.status, answer.data["msg"], len(server.asked)) == (status, "NO BALANCE", 1)


NO_ANSWERS: dict[str, tuple[Reply, int | None, str]] = {
    "html": (reply(PAGE), 200, r"^unusable response \(HTTP 200 with HTML: '502 Bad Gateway 502'\)$"),
    "empty": (reply(""), 200, r"^unusable response \(HTTP 200 with an empty body\)$"),
    "blank": (reply(" \n"), 200, r"^unusable response \(HTTP 200 with an empty body\)$"),
    "cut json": (
        reply('{"status":"tr'),
        200,
        r"""^unusable response \(HTTP 200 with invalid JSON: '\{"status":"tr'\)$""",
    ),
    "a list": (reply("[1]"), 200, r"^unusable response \(HTTP 200 with JSON that is not an object: '\[1\]'\)$"),
    "null": (reply("null"), 200, r"^unusable response \(HTTP 200 with invalid JSON: 'null'\)$"),
    "a text": (reply('"ok"'), 200, r"""JSON that is not an object: '"ok"'"""),
    "NaN": (reply('{"price": NaN}'), 200, r"with invalid JSON"),
    "deep": (reply("[" * 100_000), 200, r"with invalid JSON"),
    "a number of a thousand digits": (reply('{"n": ' + "9" * 5000 + "}"), 200, r"HTTP 200 with"),
    "not utf-8": (reply(b"\xff\xfe\x00"), 200, r"with invalid JSON"),
    "500": (reply(PAGE, 500), 500, r"HTTP 500 with HTML"),
    "502": (reply(PAGE, 502), 502, r"^unusable response \(HTTP 502 with HTML: '502 Bad Gateway 502'\)$"),
    "503 in json": (reply({"error": 2}, 503), 503, r"""^unusable response \(HTTP 503 with JSON: '\{"error": 2\}'\)$"""),
    "404": (reply("not found", 404), 404, r"^unusable response \(HTTP 404 with invalid JSON: 'not found'\)$"),
    "408": (reply("", 408), 408, r"HTTP 408 with an empty body"),
    "429": (reply("slow down", 429), 429, r"^unusable response \(HTTP 429 with invalid JSON: 'slow down'\)$"),
    "429 in json": (reply({"msg": "slow down"}, 429), 429, r"HTTP 429 with JSON"),
    "403 html": (reply("<h1>Forbidden</h1>", 403), 403, r"^unusable response \(HTTP 403 with HTML: 'Forbidden'\)$"),
    "204": (reply("", 204), 204, r"^unusable response \(HTTP 204 with an empty body\)$"),
    "reset": (reset, None, r"^the connection failed \(ConnectionResetError: Connection reset by peer\)$"),
    "drop": (
        drop,
        None,
        r"^the connection failed \(RemoteDisconnected: Remote end closed connection without response\)$",
    ),
    "no http": (raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), None, r"^the connection failed \(BadStatusLine: .*SSH-2.0"),
    "cut headers": (raw(b"HTTP/1.1 200 OK\r\nContent-Le"), 200, r"HTTP 200 with an empty body"),
    "cut body": (
        raw(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"n": 1}'),
        None,
        r"^the connection failed \(IncompleteRead: .*8 bytes read, 92 more expected",
    ),
    "cut chunks": (
        raw(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"n": 1}\r\n5\r\n{'),
        None,
        r"^the connection failed \(IncompleteRead: ",
    ),
    "no chunks": (
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        None,
        r"^the connection failed \(",
    ),
    "no gzip": (
        reply(b'{"n": 1}', headers={"Content-Encoding": "gzip"}),
        None,
        r"^the connection failed \(.*[gG]zip|incorrect header check",
    ),
    "cut gzip": (
        reply(gzip.compress(b'{"n": 1}' * 100)[:30], headers={"Content-Encoding": "gzip"}),
        200,
        r"with (invalid JSON|an empty body)",
    ),
    "oversized": (
        reply(b" " * (http.LARGEST_BODY + 1)),
        None,
        r"^the connection failed \(ContentDecodingError: a body larger than 4194304 bytes\)$",
    ),
    "gzip bomb": (
        reply(gzip.compress(b" " * (http.LARGEST_BODY + 1)), headers={"Content-Encoding": "gzip"}),
        None,
        r"a body larger than 4194304 bytes",
    ),
}


class TestNoAnswers:
    """Answers that are none."""

    @pytest.mark.parametrize("case", NO_ANSWERS)
    def test_become_provider_unavailable(self, client: Client, case: str) -> None:
        """HTTP status and first words of the body are told; with a status it is an attribute too."""
        answer, status, message = NO_ANSWERS[case]
        with WireServer(answer) as server:
            error = failure(client, server.url, Repeat.NEVER)
        assert isinstance(error, ProviderUnavailable)
        assert re.search(message, error.message), error.message
        assert (error.provider, error.http_status, error.sent) == ("acme", status, True)
        assert len(server.asked) == 1

    @pytest.mark.parametrize(("status", "body"), [(401, PAGE), (401, ""), (401, "nope"), (403, "nope"), (403, "")])
    def test_401_and_403_are_about_credentials(self, client: Client, status: int, body: str) -> None:
        """No access is an AuthenticationError, and is not repeated."""
        with WireServer(reply(body, status)) as server:
            error = failure(client, server.url)
        assert isinstance(error, AuthenticationError)
        assert error.message.startswith(f"the credentials were rejected (HTTP {status} with ")
        assert len(server.asked) == 1

    @pytest.mark.parametrize("page", ["error code: 1010", "<html><body>error code: 1010</body></html>"])
    def test_1010_is_the_edge(self, client: Client, page: str) -> None:
        """The edge's refusal of a user agent is told as what it is, not as wrong credentials, and is not repeated."""
        with WireServer(reply(page, 403)) as server:
            error = failure(client, server.url)
        assert isinstance(error, ProviderUnavailable)
        assert error.message.startswith("the service's edge (such as Cloudflare) blocked the request (HTTP 403 with ")
        assert error.hint == (
            "Set a browser's user agent (for otpcepat: OTPCEPAT_USER_AGENT), or ask the service for access."
        )
        assert (error.http_status, len(server.asked)) == (403, 1)

    def test_what_a_failing_library_says_is_told(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        """An exception of no known kind keeps its name and words, without the key."""

        def broken(*_: object, **__: object) -> None:
            raise LookupError(f"no codec for {KEY}")

        monkeypatch.setattr(http, "_body", broken)
        with WireServer(OK) as server:
            error = failure(client, server.url, Repeat.NEVER)
        assert error.message == "the request failed (LookupError: no codec for ***)"

    def test_sms_texts_are_not_quoted(self, client: Client) -> None:
        """The first words of a bad answer stop before an SMS, a code or the account's mail address."""
        for name in ("sms", "text", "code", "email"):
            with WireServer(reply(f'{{"status": "true", "{name}" : "Your code is 905526"')) as server:
                message = failure(client, server.url, Repeat.NEVER).message
            assert f'{{"status": "true", "{name}" : …' in message
            assert "905526" not in message

    @pytest.mark.parametrize("form", ["{}", "x" * 110 + "{}", " " * 16380 + "{}", "<p>{}</p>"])
    def test_an_echoed_key_is_not_quoted(self, client: Client, form: str) -> None:
        """A server that shows us our key, whole or where the excerpt ends, shows it to nobody else."""
        with WireServer(reply(form.format(KEY), 500)) as server:
            error = failure(client, server.url, Repeat.NEVER)
        assert not [KEY[i : i + 6] for i in range(len(KEY) - 5) if KEY[i : i + 6] in str(error)]

    def test_a_short_key_is_not_quoted_and_changes_no_answer(self, client: Client) -> None:
        """A value that could be a code by chance is masked where it is quoted, and left where it is data."""
        Secret("1234")
        with WireServer(reply("key 1234 is wrong", 500), reply({"sms": "Your code is 1234"})) as server:
            assert "'key *** is wrong'" in failure(client, server.url, Repeat.NEVER).message
            assert client.get(server.url).data == {"sms": "Your code is 1234"}

    def test_quotes_are_short(self, client: Client) -> None:
        """A page of novel length is quoted by its first words."""
        with WireServer(reply("word " * 10_000, 500)) as server:
            error = failure(client, server.url, Repeat.NEVER)
        assert (
            error.message == f"unusable response (HTTP 500 with invalid JSON: {('word ' * 24).strip()!r})"[:-2] + " ')"
        )


class TestAnswer:
    """An object that came, and what a provider says of it."""

    def given(self, repeat: Repeat, status: int = 200) -> JsonResponse:
        return answers.read("acme", status, "", '{"status": "true", "sms": "Your code is 1234"}', repeat)

    def test_its_repr_shows_no_content(self) -> None:
        """Neither the object nor an SMS is in the repr."""
        assert "1234" not in repr(self.given(Repeat.NEVER))

    def test_one_that_unexpected(self) -> None:
        """A read says what is wrong with it; an order is uncertain."""
        error = self.given(Repeat.NEVER).unexpected("no saldo")
        assert isinstance(error, ProviderUnavailable)
        assert str(error).startswith(
            'acme: unusable response (HTTP 200 with no saldo: \'{"status": "true", "sms": …\'). '
        )
        uncertain = self.given(Repeat.UNSENT).unexpected("no order_id")
        assert isinstance(uncertain, OrderUncertain)
        assert uncertain.message.startswith(
            "the order was sent, but its response was lost: unusable response (HTTP 200 with no "
        )

    def test_no_sense_with_401_is_about_credentials(self) -> None:
        """An object of no known shape under 401 is still a refusal, also of an order."""
        assert isinstance(self.given(Repeat.UNSENT, 401).unexpected("no error number"), AuthenticationError)

    def test_a_key_in_the_reason_is_masked(self) -> None:
        """A provider's word that goes into the message is scrubbed, and cut."""
        Secret(KEY)
        error = self.given(Repeat.NEVER).unexpected(f"the order status {KEY!r}" + "x" * 999)
        assert "the order status '***'" in error.message
        assert len(error.message) < 300

    def test_a_failure_of_the_providers_own(self) -> None:
        """What the provider says of itself passes for a read, and leaves an order uncertain."""
        error = self.given(Repeat.ALWAYS).failed("error 2: an internal error")
        assert isinstance(error, ProviderUnavailable)
        assert (error.message, error.words) == ("said error 2: an internal error", "error 2: an internal error")
        assert isinstance(self.given(Repeat.UNSENT).failed("error 2"), OrderUncertain)


class TestRepeating:
    """Which failures are followed by another try."""

    @pytest.mark.parametrize("bad", [reset, drop, reply(PAGE, 502), reply(PAGE), reply("", 408), reply("", 425)])
    def test_a_read_is_asked_again(self, client: Client, bad: Reply) -> None:
        """Each passing failure costs a pause, not the answer."""
        with WireServer(bad, bad, OK) as server:
            assert client.get(server.url).data == {"fine": True}
        assert len(server.asked) == 3
        assert len(client.pauses) == 2

    def test_a_read_is_given_up_after_three_tries(self, client: Client) -> None:
        """The last failure is told."""
        with WireServer(reset, reset, reply("last", 500), OK) as server:
            error = failure(client, server.url)
        assert "'last'" in error.message
        assert len(server.asked) == ATTEMPTS == 3

    def test_pauses_grow_and_differ(self, client: Client) -> None:
        """Around 0.4 and 0.8 s, so that many clients do not come back at once."""
        with WireServer(reply("", 500)) as server:
            for _ in range(20):
                failure(client, server.url)
        first, second = client.pauses[::2], client.pauses[1::2]
        assert all(0.3 <= pause <= 0.5 for pause in first)
        assert all(0.6 <= pause <= 1.0 for pause in second)
        assert len(set(first)) > 10

    @pytest.mark.parametrize("bad", [reset, reply(PAGE, 502), reply("", 429)])
    def test_a_call_inside_a_loop_is_asked_once(self, client: Client, bad: Reply) -> None:
        """NEVER means never."""
        with WireServer(bad, OK) as server:
            failure(client, server.url, Repeat.NEVER)
        assert (len(server.asked), client.pauses) == (1, [])

    @pytest.mark.parametrize("status", [400, 402, 404, 405, 410, 415])
    def test_what_cannot_change_is_not_asked_again(self, client: Client, status: int) -> None:
        """A 4xx page will be the same next time."""
        with WireServer(reply(PAGE, status)) as server:
            failure(client, server.url)
        assert len(server.asked) == 1

    def test_retry_after_in_seconds(self, client: Client) -> None:
        """A server that asks for three seconds gets them."""
        with WireServer(reply("", 429, headers={"Retry-After": "3"}), OK) as server:
            client.get(server.url)
        assert client.pauses == [3.0]

    def test_retry_after_as_a_date(self, client: Client) -> None:
        """A date is turned into seconds from now."""
        when = email.utils.format_datetime(datetime.now(timezone.utc) + timedelta(seconds=5), usegmt=True)
        with WireServer(reply("", 503, headers={"retry-after": when}), OK) as server:
            client.get(server.url)
        assert 3 <= client.pauses[0] <= 5

    @pytest.mark.parametrize(
        "value",
        [
            "",
            "soon",
            "-3",
            "1.5",
            "\xb2",
            "Wed, 99 Foo 2026",
            f"1 Jan {'9' * 30} 00:00:00 GMT",
            "Thu, 01 Jan 1970 00:00:00 GMT",
        ],
    )
    def test_retry_after_that_says_nothing(self, client: Client, value: str) -> None:
        """An unreadable or past Retry-After is as none."""
        header = f"HTTP/1.1 429 No\r\nRetry-After: {value}\r\nContent-Length: 0\r\n\r\n".encode("latin-1")
        with WireServer(header, OK) as server:
            client.get(server.url)
        assert client.pauses[0] <= 0.5

    def test_retry_after_that_is_too_long(self, client: Client) -> None:
        """Nobody waits an hour inside a call: the error tells how long the server wants to be left alone."""
        with WireServer(reply("", 429, headers={"Retry-After": "3600"}), OK) as server:
            error = failure(client, server.url)
        assert isinstance(error, ProviderUnavailable)
        assert (error.retry_after, len(server.asked), client.pauses) == (3600.0, 1, [])

    def test_what_the_provider_says_of_itself_is_asked_again(self, client: Client) -> None:
        """A check that finds a passing failure in a good object is part of the try."""

        def check(answer: JsonResponse) -> None:
            if answer.data["error"] == 2:
                raise answer.failed("error 2")
            if answer.data["error"] == 1:
                raise NumberUnavailable("none")

        with WireServer(reply({"error": 2}), reply({"error": 2}), reply({"error": 0})) as server:
            assert client.http.get(server.url, {}, check=check).data == {"error": 0}
        with WireServer(reply({"error": 1})) as server, pytest.raises(NumberUnavailable):
            client.http.get(server.url, {}, check=check)
        assert len(server.asked) == 1


UNCERTAIN = [case for case in NO_ANSWERS if case not in ("429", "429 in json", "403 html")]


class TestOrders:
    """A request that may rent a number."""

    @pytest.mark.parametrize("case", UNCERTAIN)
    def test_a_lost_answer_is_uncertain_after_one_request(self, client: Client, case: str) -> None:
        """Whatever comes in place of an answer, the order is sent exactly once, and a number may be rented."""
        with WireServer(NO_ANSWERS[case][0]) as server:
            error = failure(client, server.url, Repeat.UNSENT)
        assert isinstance(error, OrderUncertain)
        assert error.message.startswith("the order was sent, but its response was lost: ")
        assert (error.provider, len(server.asked), client.pauses) == ("acme", 1, [])

    def test_a_stalled_answer_is_uncertain_after_one_request(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A time-out after sending is no reason to send again."""
        monkeypatch.setattr(http, "ORDER_READ_TIMEOUT", 0.1)
        with WireServer(stall) as server:
            error = failure(client, server.url, Repeat.UNSENT)
        assert isinstance(error, OrderUncertain)
        assert error.message == "the order was sent, but its response was lost: no response within 0.1 s"
        assert len(server.asked) == 1

    @pytest.mark.parametrize(
        ("answer", "kind"),
        [
            (reply("", 401), AuthenticationError),
            (reply("nope", 403), AuthenticationError),
            (reply("<h1>Forbidden</h1>", 403), ProviderUnavailable),
            (reply("error code: 1010", 403), ProviderUnavailable),
            (reply("", 429, headers={"Retry-After": "1"}), ProviderUnavailable),
            (reply({"msg": "slow down"}, 429), ProviderUnavailable),
        ],
    )
    def test_a_certain_no_is_one(self, client: Client, answer: Reply, kind: type[OtpError]) -> None:
        """401, 403 and 429 rent nothing; they are told as what they are, and not repeated."""
        with WireServer(answer) as server:
            error = failure(client, server.url, Repeat.UNSENT)
        assert type(error) is kind
        assert len(server.asked) == 1

    def test_a_check_that_fails_is_uncertain(self, client: Client) -> None:
        """A failure of the provider's own leaves the order in doubt, after one request."""

        def check(answer: JsonResponse) -> None:
            raise answer.failed("error 2")

        with WireServer(reply({"error": 2})) as server, pytest.raises(OrderUncertain):
            client.http.get(server.url, {}, repeat=Repeat.UNSENT, check=check)
        assert len(server.asked) == 1

    def test_a_refused_connection_is_tried_again(self, client: Client) -> None:
        """What nobody took in cannot have rented anything."""
        error = failure(client, f"http://127.0.0.1:{closed_port()}/", Repeat.UNSENT)
        assert isinstance(error, ProviderUnavailable)
        assert re.fullmatch(r"could not connect \(NewConnectionError: .*Connection refused\)", error.message)
        assert (error.sent, len(client.pauses)) == (False, ATTEMPTS - 1)

    def test_a_name_that_does_not_resolve_is_tried_again(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without an address nothing was sent."""

        def nowhere(*_: object, **__: object) -> None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        monkeypatch.setattr(socket, "getaddrinfo", nowhere)
        error = failure(client, "https://sms.test/", Repeat.UNSENT)
        assert isinstance(error, ProviderUnavailable)
        assert re.fullmatch(
            r"could not connect \(NameResolutionError: .*sms\.test.*Name or service not known\)+", error.message
        )
        assert (error.sent, len(client.pauses)) == (False, ATTEMPTS - 1)

    def test_a_connect_time_out_is_tried_again(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        """A server that cannot be reached in time has not got the request."""
        monkeypatch.setattr(http, "CONNECT_TIMEOUT", 0.05)
        with deaf_port() as port:
            error = failure(client, f"http://127.0.0.1:{port}/", Repeat.UNSENT)
        assert isinstance(error, ProviderUnavailable)
        assert error.message == "could not connect within 0.05 s"
        assert (error.sent, len(client.pauses)) == (False, ATTEMPTS - 1)

    def test_a_server_that_comes_up_gets_it_once(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        """Between two tries the server comes up: the order is placed, once."""
        with WireServer(OK) as server:
            real, late = connection.create_connection, [1]

            def refused_once(*args: Any, **kwargs: Any) -> socket.socket:
                if late:
                    late.pop()
                    raise ConnectionRefusedError(111, "Connection refused")
                return real(*args, **kwargs)

            monkeypatch.setattr(connection, "create_connection", refused_once)
            assert client.get(server.url, Repeat.UNSENT).data == {"fine": True}
        assert len(server.asked) == 1

    def test_a_server_without_tls_is_in_doubt(self, client: Client) -> None:
        """Where the handshake fails on something that is no certificate, we cannot tell."""
        with WireServer(OK) as server:
            error = failure(client, f"https://127.0.0.1:{server.port}/", Repeat.UNSENT)
        assert isinstance(error, OrderUncertain)
        assert re.search(r"the connection failed \(SSL\w*Error: ", error.message)


class TestTimeLimit:
    """Everything inside a limit ends with it."""

    @pytest.mark.parametrize("bad", [stall, drip, drip_headers, drip_chunk_size])
    @pytest.mark.parametrize("repeat", Repeat)
    def test_a_slow_server_ends_with_it(self, client: Client, bad: Reply, repeat: Repeat) -> None:
        """Nothing at all, or a letter now and then: no longer than the limit, and no try after it."""
        start = time.monotonic()
        with WireServer(bad) as server, time_limit(0.2):
            error = failure(client, server.url, repeat)
        assert time.monotonic() - start < 2.0
        assert re.search(r"no response within 0\.\d+ s$", error.message)
        assert len(server.asked) == 1

    def test_a_body_that_stops_ends_with_it(self, client: Client) -> None:
        """The limit holds for the rest of a body, however late it began."""

        def late(asked: Asked, hang: Hang) -> None:
            hang.wait(0.2)
            hang.connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
            hang.wait()

        start = time.monotonic()
        with WireServer(late) as server, time_limit(0.3):
            error = failure(client, server.url, Repeat.NEVER)
        assert time.monotonic() - start < 2.0
        assert error.message.startswith("no response within 0.")

    def test_a_drip_ends_without_a_limit_too(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        """The read time-out is for the whole body, not for each letter."""
        monkeypatch.setattr(http, "READ_TIMEOUT", 0.1)
        with WireServer(drip) as server:
            assert failure(client, server.url, Repeat.NEVER).message == "no response within 0.1 s"

    def test_a_connection_is_as_patient_as_before_afterwards(self, client: Client) -> None:
        """What a hurried call told the socket does not outlive it."""

        def answer(asked: Asked) -> Reply:
            if "slow" not in asked.target:
                return OK
            time.sleep(0.3)
            return OK

        with WireServer(by=answer) as server:
            with time_limit(0.2):
                client.get(server.url)
            client.get(f"{server.url}/slow", Repeat.NEVER)
        assert server.connections == 1

    def test_no_time_is_no_request(self, client: Client) -> None:
        """A limit that is over sends nothing, not even an order, and says that it was not sent."""
        with WireServer(OK) as server, time_limit(0):
            for repeat in Repeat:
                error = failure(client, server.url, repeat)
                assert isinstance(error, ProviderUnavailable)
                assert (error.message, error.sent) == ("no time was left for the request", False)
        assert (server.asked, client.pauses) == ([], [])

    def test_a_pause_that_would_outlast_it_is_not_begun(self, client: Client) -> None:
        """With less time left than the pause takes, the failure is told at once."""
        with WireServer(reply("", 429, headers={"Retry-After": "2"})) as server, time_limit(1.5):
            failure(client, server.url)
        assert (len(server.asked), client.pauses) == (1, [])

    def test_limits_nest(self) -> None:
        """The inner limit cannot outlast the outer one, and ends with its block."""
        assert time_left() is None
        with time_limit(10):
            with time_limit(100):
                assert (time_left() or 0) <= 10
            with time_limit(1):
                assert (time_left() or 0) <= 1
            assert (time_left() or 0) > 9
            with time_limit(0):
                assert time_left() == 0.0
        assert time_left() is None


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


def held(error: BaseException) -> Iterator[object]:
    """Everything that a curious reporter could reach from an exception: attributes, chained ones, frames and locals."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, (Secret, type, types.ModuleType, types.FunctionType, WireServer)):
            continue
        seen.add(id(thing))
        yield thing
        if isinstance(thing, BaseException):
            waiting += [thing.__cause__, thing.__context__, thing.__traceback__, thing.args]
        if isinstance(thing, types.TracebackType):
            waiting += [thing.tb_next]
            if "/tests/" not in thing.tb_frame.f_code.co_filename:
                waiting += thing.tb_frame.f_locals.values()
        if isinstance(thing, dict):
            waiting += [*thing.keys(), *thing.values()]
        elif isinstance(thing, (list, tuple, set, frozenset)):
            waiting += thing
        else:
            waiting += getattr(thing, "__dict__", {}).values()
            names = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
            waiting += [getattr(thing, name, None) for name in names if name != "_reveal"]


def leaks(error: BaseException) -> list[str]:
    parts = [KEY, KEY[:12], KEY[-12:], "invented-key"]
    return [repr(thing)[:200] for thing in held(error) if any(part in repr(thing) for part in parts)]


class TestWhatFailuresHold:
    """What travels up with an exception."""

    @pytest.mark.parametrize("case", NO_ANSWERS)
    @pytest.mark.parametrize("repeat", Repeat)
    def test_no_key_and_no_library_frame(self, client: Client, case: str, repeat: Repeat) -> None:
        """Nothing that can be reached from a failure has the key, and no frame of requests or urllib3 is among them."""
        with WireServer(NO_ANSWERS[case][0]) as server, pytest.raises(OtpError) as caught:
            client.http.get(server.url, {"api_key": Secret(KEY)}, repeat=repeat)
        assert leaks(caught.value) == []
        self.assert_only_our_frames(caught.value)

    def assert_only_our_frames(self, error: BaseException) -> None:
        files = [thing.tb_frame.f_code.co_filename for thing in held(error) if isinstance(thing, types.TracebackType)]
        assert files
        assert not [file for file in files if re.search(r"site-packages/(requests|urllib3)|http/client\.py", file)]
        assert error.__context__ is None
        assert error.__cause__ is None

    def test_not_after_a_refused_connection_either(self, client: Client) -> None:
        """The same where nothing was sent."""
        error = failure(client, f"http://127.0.0.1:{closed_port()}/")
        assert leaks(error) == []
        self.assert_only_our_frames(error)

    @pytest.mark.parametrize("repeat", Repeat)
    def test_an_interrupt_leaves_the_frames_behind(self, client: Client, repeat: Repeat) -> None:
        """Ctrl-C in a hanging call goes on as itself, without the frames that hold the key."""
        before = signal.signal(signal.SIGALRM, signal.default_int_handler)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.15)
            with WireServer(stall) as server, pytest.raises(KeyboardInterrupt) as caught:
                client.http.post(server.url, {"password": Secret(KEY)}, repeat=repeat)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        assert leaks(caught.value) == []
        self.assert_only_our_frames(caught.value)

    def test_the_search_would_find_it(self) -> None:
        """The control: a naive client's failure holds the key in every way that is searched."""
        import requests

        with WireServer(stall) as server, pytest.raises(requests.Timeout) as caught:
            requests.get(server.url, params={"api_key": KEY}, timeout=0.1)
        assert leaks(caught.value)


class TestLogs:
    """What the libraries below us log."""

    def test_urllib3_at_debug(self, client: Client, caplog: pytest.LogCaptureFixture) -> None:
        """urllib3 logs each request; the key in it is masked, the rest is there."""
        with caplog.at_level(logging.DEBUG), WireServer(reply("", 500), OK) as server:
            url = server.url
            client.get(url + "/api", api_key=Secret(KEY), action="getBalance")
        assert f'{url} "GET /api?api_key=***&action=getBalance HTTP/1.1" 500 0' in caplog.messages
        assert "invented-key" not in caplog.text

    def test_bad_headers_that_echo_the_key(self, client: Client, caplog: pytest.LogCaptureFixture) -> None:
        """urllib3's warning of malformed headers brings an exception that quotes them; it is scrubbed too."""
        answer = f"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n bad {KEY}\r\nnonsense {KEY}\r\nX: y\r\n\r\n{{}}".encode()
        with caplog.at_level(logging.DEBUG), WireServer(raw(answer)) as server:
            client.get(server.url, api_key=Secret(KEY))
        assert "Failed to parse headers" in caplog.text
        assert "invented-key" not in caplog.text

    def test_our_own_log(self, client: Client, caplog: pytest.LogCaptureFixture) -> None:
        """What this package logs is scrubbed as well: an order's id may be what a server likes to put there."""
        Secret(KEY)
        with caplog.at_level(logging.INFO):
            logging.getLogger("pytest_otp").info("order %s", KEY)
        assert caplog.messages == ["order ***"]


def test_nothing_is_printed(client: Client, capfd: pytest.CaptureFixture[str]) -> None:
    """No call writes to the terminal, good or bad."""
    with WireServer(OK, reset, reply(PAGE, 502), OK) as server:
        client.get(server.url)
        client.get(server.url)
    assert capfd.readouterr() == ("", "")


def test_showing_the_client_shows_nothing(client: Client) -> None:
    """Neither the client's repr nor its attributes hold what it sent."""
    with WireServer(OK) as server:
        client.get(server.url, api_key=Secret(KEY))
    text = io.StringIO()
    print(client.http, vars(client.http), vars(client.http._session), file=text)
    assert "invented-key" not in text.getvalue()
