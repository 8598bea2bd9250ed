"""The HTTP client over real loopback sockets: what it reads, and what it makes of bad responses."""

from __future__ import annotations

import gzip
import json
import re
import tracemalloc
from decimal import Decimal

import pytest

from pytest_otp.errors import (
    AuthenticationError,
    ProviderUnavailable,
)
from pytest_otp.providers.base import Repeat
from pytest_otp.redact import Secret
from tests.providers.clients import KEY, NO_ANSWERS, OK, PAGE, Client, failure
from tests.servers import (
    Reply,
    WireServer,
    raw,
    reply,
)


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

    def test_a_bomb_of_two_layers_stays_small(self, client: Client) -> None:
        """A few hundred bytes that would become 16 MB take less than 8 MB, with any urllib3 that is supported."""
        body = gzip.compress(gzip.compress(b" " * 16 * 1024 * 1024, 1))
        with WireServer(reply(body, headers={"Content-Encoding": "gzip, gzip"})) as server:
            tracemalloc.start()
            try:
                error = failure(client, server.url, Repeat.NEVER)
                _, peak = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
        assert isinstance(error, ProviderUnavailable)
        assert peak < 8 * 1024 * 1024

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
        assert error.message.startswith(
            "the service's edge network (such as Cloudflare) blocked the request (HTTP 403 with "
        )
        assert error.hint == (
            "Set a browser's user agent (for otpcepat: OTPCEPAT_USER_AGENT), or ask the service for access."
        )
        assert (error.http_status, len(server.asked)) == (403, 1)

    def test_what_a_failing_library_says_is_told(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        """An exception of no known kind keeps its name and words, without the key."""

        def broken(*_: object, **__: object) -> None:
            raise LookupError(f"no codec for {KEY}")

        monkeypatch.setattr("requests.Session.send", broken)
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
