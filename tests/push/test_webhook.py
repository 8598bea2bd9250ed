"""The webhook over real sockets: its path, its limits, repeats, hostile senders, and a provider's own `parse`."""

from __future__ import annotations

import gzip
import json
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_otp.errors import SettingsError
from pytest_otp.providers.otpvirt_push import PUSH
from pytest_otp.providers.push import PushedSms, PushEndpoint, PushRefused, json_object
from pytest_otp.push.pushed import Outcome
from pytest_otp.push.webhook import MAX_BODY, Webhook, WebhookAddress, check_token
from pytest_otp.redact import Secret
from pytest_otp.server.server import Server
from tests.push.pushing import (
    DONE,
    MESSAGE_ID,
    PHONE,
    SAMPLE,
    TABLE,
    TEXT,
    TOKEN,
    VALUES,
    Door,
    Response,
    announced,
    answered,
    chunked,
    connected,
    otpvirt_door,
    post,
    raw,
    refusal,
)

FOREIGN = "11111111-2222-4333-8444-555555555555"
NOBODYS = "no open order in this run has this ID and number"
TOO_LARGE = f"the body is larger than {MAX_BODY} bytes"
BROKEN = "the body is incomplete, or its chunks are malformed"
NO_JSON = "the body is not valid JSON in UTF-8"


@pytest.fixture
def door() -> Iterator[Door]:
    with otpvirt_door() as door:
        yield door


class TestAccepted:
    """What is for an open order of this run."""

    def test_a_repeat(self, door: Door) -> None:
        """The same message id again is answered and ignored, whatever its text, also when the order is closed."""
        assert post(door.url, TABLE) == DONE
        assert post(door.url, {**TABLE, "text": "another"}) == DONE
        assert post(door.url, {**TABLE, "id": MESSAGE_ID.upper()}) == DONE
        door.close()
        assert post(door.url, TABLE) == DONE
        assert (door.woken, door.texts) == (1, [TEXT])

    def test_another_message_of_the_same_words(self, door: Door) -> None:
        """Another id is another message."""
        for message_id in ("1", "2"):
            assert post(door.url, {**TABLE, "id": message_id}) == DONE
        assert door.texts == [TEXT, TEXT]

    def test_chunks(self, door: Door) -> None:
        """A body without a length comes in chunks."""
        body = json.dumps(TABLE).encode()
        halves = b"".join(b"%x\r\n%s\r\n" % (len(half), half) for half in (body[:100], body[100:]))
        assert raw(door.url, chunked(door.url, halves + b"0\r\n\r\n")) == DONE
        assert door.texts == [TEXT]

    def test_as_large_as_allowed(self, door: Door) -> None:
        """64 KiB are taken in, to the byte, sent plain and unpacked from gzip."""
        for message_id, packed in (("1", False), ("2", True)):
            content = {**TABLE, "id": message_id, "text": ""}
            content["text"] = "x" * (MAX_BODY - len(json.dumps(content)))
            assert len(json.dumps(content)) == MAX_BODY
            assert post(door.url, content, packed=packed) == DONE
        assert len(door.messages) == 2

    def test_one_message_from_many_threads(self, door: Door) -> None:
        """Of the same message posted many times at once one wakes the test."""
        start = threading.Barrier(20)

        def deliver(_: int) -> Response:
            start.wait()
            return post(door.url, TABLE)

        with ThreadPoolExecutor(20) as threads:
            assert set(map(str, threads.map(deliver, range(20)))) == {str(DONE)}
        assert (door.woken, door.texts) == (1, [TEXT])


class TestRefused:
    """Each refusal has its status and its words, and changes nothing."""

    @pytest.mark.parametrize(
        "path",
        [
            "/",
            PUSH.path,
            PUSH.path + TOKEN[:-1],
            PUSH.path + TOKEN + "/",
            PUSH.path + TOKEN.upper(),
            "/" + TOKEN,
            PUSH.path + "%ff%00",
            "/sms",
        ],
    )
    def test_another_path(self, door: Door, path: str) -> None:
        """Who does not know the whole path learns nothing, not even what is taken here."""
        for method in ("POST", "GET"):
            assert post(door.base + path, TABLE, method=method) == refusal(404, "not found")
        assert door.unchanged()

    def test_the_token_in_another_writing(self, door: Door) -> None:
        """Percent signs are undone before the path is compared, as everywhere."""
        assert post(door.url.replace("invented", "%69nvented"), TABLE) == DONE

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
    def test_other_methods(self, door: Door, method: str) -> None:
        """Only POST."""
        assert post(door.url, TABLE, method=method) == refusal(405, f"{method} is not allowed; use POST")
        assert door.unchanged()

    @pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd"])
    def test_other_encodings(self, door: Door, encoding: str) -> None:
        """Only gzip, once."""
        answer = post(door.url, TABLE, headers={"Content-Encoding": encoding})
        assert answer == refusal(415, "Content-Encoding must be gzip or identity")
        assert door.unchanged()

    @pytest.mark.parametrize("change", [{"activationId": FOREIGN}, {"phone": PHONE + 1}], ids=str)
    def test_a_foreign_order(self, door: Door, change: dict[str, object]) -> None:
        """An authentic message for another activation, or for another number than that activation's."""
        assert post(door.url, {**TABLE, **change}) == refusal(404, NOBODYS)
        assert door.unchanged()

    def test_a_closed_order(self, door: Door) -> None:
        """A new message for an order that this run has closed is nobody's."""
        door.close()
        assert post(door.url, TABLE) == refusal(404, NOBODYS)
        assert post(door.url, SAMPLE) == refusal(404, NOBODYS)
        assert door.unchanged()


class TestParse:
    """The part of a provider's class."""

    @staticmethod
    def pushed(parse: Callable[..., Any], body: object = None, **answers: Mapping[str, Any]) -> Response:
        """What a webhook with this `parse` answers to a POST."""
        endpoint = PushEndpoint("/third/", "THIRD_TOKEN", parse, **answers)
        with Server(Webhook(endpoint, Secret(TOKEN), {"THIRD_KEY": "a-value"}, lambda sms: Outcome.ACCEPTED)) as server:
            return post(f"{server.url}/third/{TOKEN}", {"text": "Code 905526"} if body is None else body, packed=True)

    def test_what_it_is_called_with(self) -> None:
        """Headers by their lower-case names, the unpacked body, and the values of the class's variables."""
        calls: list[tuple[Mapping[str, str], bytes, Mapping[str, Any]]] = []

        def parse(headers: Mapping[str, str], body: bytes, values: Mapping[str, Any]) -> None:
            calls.append((headers, body, values))

        assert self.pushed(parse) == (200, {"ok": True})
        ((headers, body, values),) = calls
        assert headers["content-type"].startswith("application/json")
        assert json.loads(body) == {"text": "Code 905526"}
        assert values == {"THIRD_KEY": "a-value"}

    def test_a_request_without_an_sms(self) -> None:
        """None is accepted, and nothing is done with it."""
        assert self.pushed(lambda *_: None, accepted={"fine": 1}) == (200, {"fine": 1})

    def test_its_refusals(self) -> None:
        """They are answered with their status and reason, in the provider's own form."""

        def parse(*_: object) -> PushedSms:
            raise PushRefused(422, "no such field")

        assert self.pushed(parse, refused={"fine": 0}) == (422, {"fine": 0, "reason": "no such field"})

    def test_a_parse_that_fails(self, caplog: pytest.LogCaptureFixture) -> None:
        """The provider gets a 500 and may try again; the log says what failed, and holds no text of an SMS."""

        def parse(headers: object, body: bytes, values: object) -> PushedSms:
            raise KeyError(body.decode())

        assert self.pushed(parse) == (500, {"ok": False, "reason": "the provider's parse() raised KeyError"})
        assert caplog.messages == ["a pushed SMS was lost: the provider's parse() raised KeyError"]
        assert "905526" not in caplog.text

    @pytest.mark.parametrize(
        ("body", "reason"),
        [([], "the body is not a JSON object"), (b"{", NO_JSON), ({"a": "b"}, "a: 'b'")],
        ids=["list", "garbage", "object"],
    )
    def test_json_object(self, body: object, reason: str) -> None:
        """The helper for a JSON body gives the object, or refuses."""

        def parse(headers: Mapping[str, str], body: bytes, values: object) -> PushedSms:
            content = json_object(headers, body)
            raise PushRefused(400, ", ".join(f"{name}: {value!r}" for name, value in content.items()))

        assert self.pushed(parse, body) == (400, {"ok": False, "reason": reason})


def bomb(size: int) -> bytes:
    """So many spaces and then a message, packed."""
    packer = zlib.compressobj(9, wbits=31)
    pieces = [packer.compress(b" " * 2**20) for _ in range(size // 2**20)]
    return b"".join(pieces) + packer.compress(json.dumps(TABLE).encode()) + packer.flush()


class TestHostile:
    """Who means harm."""

    @pytest.mark.parametrize("size", [MAX_BODY + 1, 5_000_000])
    def test_too_large(self, door: Door, size: int) -> None:
        """Refused with a length and without one."""
        body = json.dumps(TABLE).encode().ljust(size)
        assert post(door.url, body, timeout=30) == refusal(413, TOO_LARGE)
        assert raw(door.url, chunked(door.url, b"%x\r\n%s\r\n0\r\n\r\n" % (size, body))) == refusal(413, TOO_LARGE)
        assert door.unchanged()

    def test_a_large_announcement(self, door: Door) -> None:
        """Refused before the body is there."""
        assert raw(door.url, announced(door.url, 10**12, b"{"), end=True) == refusal(413, TOO_LARGE)
        assert door.unchanged()

    def test_a_gzip_bomb(self, door: Door) -> None:
        """50 MiB in 50 KB are not unpacked any further than is allowed."""
        body = bomb(50 * 2**20)
        assert len(body) < MAX_BODY
        assert post(door.url, body, headers={"Content-Encoding": "gzip"}) == refusal(413, TOO_LARGE)
        assert door.unchanged()

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            (b"no gzip at all", "the body is not valid gzip"),
            (json.dumps(TABLE).encode(), "the body is not valid gzip"),
            (zlib.compress(json.dumps(TABLE).encode()), "the body is not valid gzip"),
            (b"", "the gzip data is incomplete, or followed by other data"),
            (
                gzip.compress(json.dumps(TABLE).encode(), mtime=0)[:-9],
                "the gzip data is incomplete, or followed by other data",
            ),
            (
                gzip.compress(json.dumps(TABLE).encode(), mtime=0) + b"x",
                "the gzip data is incomplete, or followed by other data",
            ),
            (gzip.compress(b"{}", mtime=0) * 2, "the gzip data is incomplete, or followed by other data"),
            (gzip.compress(b"garbage", mtime=0), NO_JSON),
            (gzip.compress(gzip.compress(json.dumps(TABLE).encode(), mtime=0), mtime=0), NO_JSON),
        ],
        ids=lambda value: repr(value[:12]),
    )
    def test_bad_gzip(self, door: Door, body: bytes, reason: str) -> None:
        """Garbage by the name of gzip, cut off, with a tail, twice, and garbage inside."""
        assert post(door.url, body, headers={"Content-Encoding": "gzip"}) == refusal(400, reason)
        assert door.unchanged()

    def test_a_flipped_bit(self, door: Door) -> None:
        """A gzip whose check sum does not hold is no message."""
        body = bytearray(gzip.compress(json.dumps(TABLE).encode(), mtime=0))
        body[-6] ^= 1
        assert post(door.url, bytes(body), headers={"Content-Encoding": "gzip"}) == refusal(
            400, "the body is not valid gzip"
        )
        assert door.unchanged()

    @pytest.mark.parametrize(
        "garbage", [b"zz\r\n", b"-5\r\nhello\r\n", b"ffffffffffff\r\n{}", b"5\r\nhelloXX", b"\x00\xff"]
    )
    def test_chunked_garbage(self, door: Door, garbage: bytes) -> None:
        """Chunks that are none."""
        status, _ = raw(door.url, chunked(door.url, garbage), end=True)
        assert status == (413 if garbage.startswith(b"ffff") else 400)
        assert door.unchanged()

    def test_a_body_that_ends_early(self, door: Door) -> None:
        """Less than was announced is no message, even where it is JSON."""
        body = json.dumps(TABLE).encode()
        assert raw(door.url, announced(door.url, len(body) + 1, body), end=True) == refusal(400, BROKEN)
        assert door.unchanged()

    def test_slow_senders(self, door: Door) -> None:
        """Twenty that dawdle keep nobody else waiting, and what they send counts when it is whole."""
        request = announced(door.url, len(json.dumps(TABLE)), json.dumps(TABLE).encode())
        slow = [connected(door.url) for _ in range(20)]
        for connection in slow:
            connection.sendall(request[:-5])
        assert post(door.url, {**TABLE, "id": "fast"}) == DONE
        assert len(door.messages) == 1
        slow[0].sendall(request[-5:])
        assert answered(slow[0]) == DONE
        assert len(door.messages) == 2
        for connection in slow:
            connection.close()

    def test_a_thousand_at_once(self, door: Door) -> None:
        """Valid ones among foreign and broken ones: each gets its own answer, and no message is lost or doubled."""
        kinds: list[Callable[[int], tuple[object, int]]] = [
            lambda number: ({**TABLE, "id": f"valid-{number}"}, 200),
            lambda number: ({**TABLE, "id": "the-same"}, 200),
            lambda number: ({**TABLE, "activationId": FOREIGN}, 404),
            lambda number: (b"{", 400),
        ]
        requests = [kinds[number % 4](number) for number in range(1000)]
        with ThreadPoolExecutor(100) as threads:
            answers = list(threads.map(lambda request: post(door.url, request[0], timeout=60)[0], requests))
        assert answers == [status for _, status in requests]
        ids = sorted(message.id for message in door.messages)
        assert ids == sorted([f"valid-{number}" for number in range(0, 1000, 4)] + ["the-same"])
        assert door.woken == 251


ONCE = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class TestAnyBody:
    """Whatever comes is refused without a trace, or arrives as it was sent."""

    @ONCE
    @given(body=st.binary(max_size=300), packed=st.booleans())
    def test_bytes(self, door: Door, body: bytes, packed: bool) -> None:
        """No bytes are a message by accident."""
        status, answer = post(door.url, body, headers={"Content-Encoding": "gzip"} if packed else None)
        assert (status, answer["status"]) == (400, 4)
        assert door.unchanged()

    @ONCE
    @given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200), packed=st.booleans())
    def test_texts(self, door: Door, text: str, packed: bool) -> None:
        """Every text arrives as it was sent."""
        before = len(door.messages)
        assert post(door.url, {**TABLE, "id": f"id-{before}", "text": text}, packed=packed) == DONE
        assert door.texts[before:] == [text]


class TestSecrets:
    """The token, the account and the texts."""

    @pytest.mark.parametrize("token", [TOKEN, "0123456789abcdef", "A-_" * 20])
    def test_good_tokens(self, token: str) -> None:
        """16 characters that a path holds as they are."""
        check_token(Secret(token), "THIRD_TOKEN")

    @pytest.mark.parametrize(
        "token", ["short", "0123456789abcde", "with/slash/and/more", "with space and more", "ü" * 20]
    )
    def test_bad_tokens(self, token: str) -> None:
        """The error says what a token is and how to make one, and does not quote what is set."""
        with pytest.raises(SettingsError) as caught:
            check_token(Secret(token), "THIRD_TOKEN")
        assert str(caught.value) == (
            "THIRD_TOKEN: invalid token: expected at least 16 characters out of A-Z, a-z, 0-9, - and _. "
            "Generate one with: python -c 'import secrets; print(secrets.token_urlsafe(24))'"
        )

    def test_nothing_is_shown(self, door: Door, caplog: pytest.LogCaptureFixture) -> None:
        """No repr shows a url or a message, and no request is logged."""
        caplog.set_level(0)
        taken: list[PushedSms] = []

        def take(sms: PushedSms) -> Outcome:
            taken.append(sms)
            return Outcome.ACCEPTED

        with Server(Webhook(PUSH, Secret(TOKEN), VALUES, take)) as server:
            assert post(f"{server.url}{PUSH.path}{TOKEN}", TABLE) == DONE
        assert "905526" not in repr(taken)
        assert TOKEN not in repr(WebhookAddress(door.url))
        assert not caplog.records

    def test_a_failure_of_our_own(self, caplog: pytest.LogCaptureFixture) -> None:
        """Whoever takes the message may fail: the service hears 500 and may try again, the log holds no text."""

        def take(sms: PushedSms) -> Outcome:
            raise RuntimeError(sms.text)

        body = json.dumps(TABLE).encode()
        with (
            Server(Webhook(PUSH, Secret(TOKEN), VALUES, take)) as server,
            connected(server.url) as connection,
        ):
            connection.sendall(announced(f"{server.url}{PUSH.path}{TOKEN}", len(body), body))
            assert connection.recv(100).startswith(b"HTTP/1.1 500")
        assert "RuntimeError" in caplog.text
        assert "905526" not in caplog.text
