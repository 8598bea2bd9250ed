"""OTP-virt's push over real sockets: what is taken in, what each refusal is, and that a refusal changes nothing."""

from __future__ import annotations

import gzip
import json
import threading
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_otp.errors import SettingsError
from pytest_otp.providers.base import Messages, Order, OrderState, SmsMessage
from pytest_otp.push.pushed import Outcome, Pushes
from pytest_otp.push.webhook import MAX_BODY, PATH, Webhook, WebhookAddress, check_token
from pytest_otp.redact import Secret
from pytest_otp.server.server import Server
from tests.push.pushing import (
    CLIENT_ID,
    DONE,
    MESSAGE_ID,
    ORDER_ID,
    PASSWORD,
    PHONE,
    SAMPLE,
    TABLE,
    TEXT,
    TOKEN,
    Answer,
    answered,
    connected,
    post,
    raw,
)
from tests.scripted import NOW

FOREIGN = "11111111-2222-4333-8444-555555555555"
NOBODYS = "no open order of this run has this activationId and phone"
TOO_LARGE = f"the body is larger than {MAX_BODY} bytes"
BROKEN = "the body is cut off, or its chunks are broken"
NO_JSON = "the body is no JSON in UTF-8"
NOT_OURS = "clientId or apiPassword is not this run's"


def an_order(order_id: str = ORDER_ID, number: str = str(PHONE)) -> Order:
    return Order(order_id, number, "vi", None, None, None, None, NOW)


def refusal(status: int, reason: str) -> Answer:
    return status, {"status": 4, "reason": reason}


class Door:
    """A webhook that serves, and one open order behind it."""

    def __init__(self, pushes: Pushes, url: str) -> None:
        self.pushes = pushes
        self.base = url
        self.url = f"{url}{PATH}{TOKEN}"
        self.rung = 0
        self.order = an_order()
        self.close = pushes.open(self.order, self._ring)

    def _ring(self, seconds: float) -> None:
        assert seconds == 0.0
        self.rung += 1

    @property
    def messages(self) -> tuple[SmsMessage, ...]:
        """What came by push; the service itself shows nothing."""
        return self.pushes.look(self.order, lambda: Messages(OrderState.WAITING, ())).sms

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.messages]

    def unchanged(self) -> bool:
        return (self.rung, self.texts) == (0, [])


@pytest.fixture
def door() -> Iterator[Door]:
    pushes = Pushes()
    with Server(Webhook(Secret(TOKEN), Secret(CLIENT_ID.upper()), Secret(PASSWORD), pushes.take)) as server:
        yield Door(pushes, server.url)


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in TABLE.items() if name not in names}


class TestTaken:
    """What the service sends."""

    @pytest.mark.parametrize("packed", [False, True])
    def test_the_documents_table(self, door: Door, packed: bool) -> None:
        """Plain or by gzip it is answered as the document says, kept with all that it tells, and wakes who waits."""
        assert post(door.url, TABLE, packed=packed) == DONE
        (message,) = door.messages
        assert (message.id, message.sender, message.text, message.code) == (MESSAGE_ID, "Viber", TEXT, "905526")
        assert message.received_at is not None
        assert door.rung == 1

    def test_the_documents_sample(self, door: Door) -> None:
        """It has a password and no id: whoever waits is woken, and a look shows what came."""
        assert post(door.url, SAMPLE) == DONE
        assert (door.rung, door.texts) == (1, [])

    def test_a_repeat(self, door: Door) -> None:
        """The same message id again is answered and ignored, whatever its text, also when the order is closed."""
        assert post(door.url, TABLE) == DONE
        assert post(door.url, {**TABLE, "text": "another"}) == DONE
        assert post(door.url, {**TABLE, "id": MESSAGE_ID.upper()}) == DONE
        door.close()
        assert post(door.url, TABLE) == DONE
        assert (door.rung, door.texts) == (1, [TEXT])

    def test_another_message_of_the_same_words(self, door: Door) -> None:
        """Another id is another message."""
        for message_id in ("1", "2"):
            assert post(door.url, {**TABLE, "id": message_id}) == DONE
        assert door.texts == [TEXT, TEXT]

    @pytest.mark.parametrize(
        "change",
        [
            {"id": None, "phoneFrom": None, "code": None, "apiPassword": None},
            {"phone": str(PHONE)},
            {"clientId": CLIENT_ID.upper(), "activationId": ORDER_ID.upper()},
            {"unheard": {"of": [1, None, 1e300]}},
            {"text": "код 123456 ✓ \U0001f600 \x00 </script>"},
            {"apiPassword": PASSWORD},
        ],
        ids=str,
    )
    def test_other_spellings(self, door: Door, change: dict[str, object]) -> None:
        """Fields may be null where they may be left out, GUIDs in either case, and further fields are no harm."""
        assert post(door.url, {**TABLE, **change}) == DONE
        assert door.rung == 1

    @pytest.mark.parametrize("left_out", ["id", "phoneFrom", "code"])
    def test_what_may_be_left_out(self, door: Door, left_out: str) -> None:
        """The document's own sample leaves one out that its table requires."""
        assert post(door.url, without(left_out)) == DONE
        assert door.rung == 1

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


def chunked(url: str, body: bytes) -> bytes:
    head = f"POST {urlsplit(url).path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    return f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + body


def announced(url: str, length: int, body: bytes) -> bytes:
    head = f"POST {urlsplit(url).path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {length}\r\n\r\n".encode() + body


WRONG_FIELDS: list[tuple[dict[str, object], str]] = [
    ({"clientId": None}, "clientId is missing or empty"),
    ({"clientId": ""}, "clientId is missing or empty"),
    ({"clientId": 5}, "clientId is no text"),
    ({"clientId": [CLIENT_ID]}, "clientId is no text"),
    ({"clientId": {"$ne": ""}}, "clientId is no text"),
    ({"apiPassword": True}, "apiPassword is no text"),
    ({"apiPassword": 0}, "apiPassword is no text"),
    ({"activationId": None}, "activationId is missing or empty"),
    ({"activationId": 7}, "activationId is no text"),
    ({"text": None}, "text is missing or empty"),
    ({"text": ""}, "text is missing or empty"),
    ({"text": ["a"]}, "text is no text"),
    ({"text": "half \ud83d of it"}, "text holds half of a surrogate pair, which is no character"),
    ({"clientId": "\udc00"}, "clientId holds half of a surrogate pair, which is no character"),
    ({"id": 5}, "id is no text"),
    ({"id": "x" * 129}, "id is longer than 128 characters"),
    ({"phoneFrom": 900}, "phoneFrom is no text"),
    ({"code": 905526}, "code is no text"),
]


NO_PHONES: list[object] = [None, True, -1, 0, 2**64, 10**4000, 9.92000000159e11, "", "+992112302159", "992 112", "٩٩٢"]
NO_PHONES += ["9" * 21, [PHONE], {}]
WRONG_FIELDS += [({"phone": phone}, "phone is no phone number, or missing") for phone in NO_PHONES]


class TestRefused:
    """Each refusal has its status and its words, and changes nothing."""

    @pytest.mark.parametrize(
        "path",
        [
            "/",
            PATH,
            PATH + TOKEN[:-1],
            PATH + TOKEN + "/",
            PATH + TOKEN.upper(),
            "/" + TOKEN,
            PATH + "%ff%00",
            "/sms",
        ],
    )
    def test_another_path(self, door: Door, path: str) -> None:
        """Who does not know the whole path learns nothing, not even what is taken here."""
        for method in ("POST", "GET"):
            assert post(door.base + path, TABLE, method=method) == refusal(404, "nothing is here")
        assert door.unchanged()

    def test_the_token_in_another_writing(self, door: Door) -> None:
        """Percent signs are undone before the path is compared, as everywhere."""
        assert post(door.url.replace("invented", "%69nvented"), TABLE) == DONE

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
    def test_other_methods(self, door: Door, method: str) -> None:
        """Only POST."""
        assert post(door.url, TABLE, method=method) == refusal(405, f"{method} is not allowed, only POST")
        assert door.unchanged()

    @pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "text/json", ""])
    def test_other_types(self, door: Door, kind: str | None) -> None:
        """Only JSON, said so."""
        assert post(door.url, TABLE, kind=kind) == refusal(415, "Content-Type must be application/json")
        assert door.unchanged()

    @pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd"])
    def test_other_encodings(self, door: Door, encoding: str) -> None:
        """Only gzip, once."""
        answer = post(door.url, TABLE, headers={"Content-Encoding": encoding})
        assert answer == refusal(415, "Content-Encoding must be gzip, or none")
        assert door.unchanged()

    @pytest.mark.parametrize(
        "change",
        [
            {"clientId": FOREIGN},
            {"clientId": CLIENT_ID[:-1]},
            {"clientId": CLIENT_ID + " "},
            {"apiPassword": ""},
            {"apiPassword": PASSWORD.upper()},
            {"apiPassword": "пароль"},
            {"clientId": FOREIGN, "activationId": FOREIGN},
        ],
        ids=str,
    )
    def test_another_account(self, door: Door, change: dict[str, object]) -> None:
        """A client id that is not ours, or a password that is not, where one is sent."""
        assert post(door.url, {**TABLE, **change}) == refusal(403, NOT_OURS)
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

    @pytest.mark.parametrize(("change", "reason"), WRONG_FIELDS, ids=lambda value: str(value)[:40])
    def test_wrong_fields(self, door: Door, change: dict[str, object], reason: str) -> None:
        """Each field has one type."""
        assert post(door.url, {**TABLE, **change}) == refusal(400, reason)
        assert door.unchanged()

    @pytest.mark.parametrize("left_out", ["clientId", "activationId", "phone", "text"])
    def test_missing_fields(self, door: Door, left_out: str) -> None:
        """What it cannot do without."""
        status, answer = post(door.url, without(left_out))
        assert (status, left_out in answer["reason"], "missing" in answer["reason"]) == (400, True, True)
        assert door.unchanged()

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"\xff\xfe",
            b"\xef\xbb\xbf{}",
            json.dumps(TABLE).encode("utf-16"),
            json.dumps(TABLE).encode("utf-32"),
            json.dumps({**TABLE, "text": "é"}, ensure_ascii=False).encode("latin-1"),
            json.dumps(TABLE)[:-1].encode() + b', "x": NaN}',
            json.dumps(TABLE)[:-1].encode() + b', "x": -Infinity}',
            json.dumps(TABLE).encode() + b"{}",
            b"[" * 30_000 + b"]" * 30_000,
            b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
            b'{"phone": ' + b"9" * 60_000 + b"}",
            gzip.compress(json.dumps(TABLE).encode(), mtime=0),
            b"clientId=x&text=1",
        ],
        ids=lambda body: repr(body[:20]),
    )
    def test_no_json(self, door: Door, body: bytes) -> None:
        """Garbage, another encoding, Python's own constants, endless nesting, a number of 60,000 digits."""
        assert post(door.url, body) == refusal(400, NO_JSON)
        assert door.unchanged()

    @pytest.mark.parametrize("content", [[], [TABLE], "text", 5, None, True], ids=str)
    def test_no_object(self, door: Door, content: object) -> None:
        """JSON that is no object."""
        assert post(door.url, content) == refusal(400, "the body is no JSON object")
        assert door.unchanged()


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
            (b"", "the gzip data is incomplete, or has something after it"),
            (
                gzip.compress(json.dumps(TABLE).encode(), mtime=0)[:-9],
                "the gzip data is incomplete, or has something after it",
            ),
            (
                gzip.compress(json.dumps(TABLE).encode(), mtime=0) + b"x",
                "the gzip data is incomplete, or has something after it",
            ),
            (gzip.compress(b"{}", mtime=0) * 2, "the gzip data is incomplete, or has something after it"),
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
        assert door.rung == 251


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.dictionaries(st.sampled_from([*TABLE, "apiPassword"]), JSON, max_size=4)
ONCE = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class TestAnyBody:
    """Whatever comes, the answer is one of the documented ones, and only a whole message changes anything."""

    @ONCE
    @given(body=st.binary(max_size=300), packed=st.booleans())
    def test_bytes(self, door: Door, body: bytes, packed: bool) -> None:
        """No bytes are a message by accident."""
        status, answer = post(door.url, body, headers={"Content-Encoding": "gzip"} if packed else None)
        assert (status, answer["status"]) == (400, 4)
        assert door.unchanged()

    @ONCE
    @given(fields=FIELDS, left_out=st.sets(st.sampled_from([*TABLE]), max_size=2))
    def test_fields(self, door: Door, fields: dict[str, object], left_out: set[str]) -> None:
        """Any value in any field: taken in as it stands there, or refused without a trace."""
        before = len(door.messages), door.rung
        content = {name: value for name, value in {**TABLE, **fields}.items() if name not in left_out}
        status, answer = post(door.url, content)
        assert status in (200, 400, 403, 404)
        assert answer["status"] == (2 if status == 200 else 4)
        if status != 200:
            assert (len(door.messages), door.rung) == before
        else:
            assert isinstance(content["text"], str)
            assert (content["activationId"].lower(), int(content["phone"])) == (ORDER_ID, PHONE)
            assert content["clientId"].lower() == CLIENT_ID
            assert content.get("apiPassword") in (None, PASSWORD)

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
        check_token(Secret(token))

    @pytest.mark.parametrize(
        "token", ["short", "0123456789abcde", "with/slash/and/more", "with space and more", "ü" * 20]
    )
    def test_bad_tokens(self, token: str) -> None:
        """The error says what a token is and how to make one, and does not quote what is set."""
        with pytest.raises(SettingsError) as caught:
            check_token(Secret(token))
        assert str(caught.value) == (
            "OTPVIRT_WEBHOOK_TOKEN is no token: it needs 16 characters or more of A-Z, a-z, 0-9, - and _. "
            "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(24))'"
        )

    def test_nothing_is_shown(self, door: Door, caplog: pytest.LogCaptureFixture) -> None:
        """No repr shows a url or a message, and no request is logged."""
        caplog.set_level(0)
        taken: list[object] = []

        def take(push: Any) -> Outcome:
            taken.append(push)
            return Outcome.ACCEPTED

        with Server(Webhook(Secret(TOKEN), Secret(CLIENT_ID), Secret(PASSWORD), take)) as server:
            assert post(f"{server.url}{PATH}{TOKEN}", TABLE) == DONE
        assert "905526" not in repr(taken)
        assert TOKEN not in repr(WebhookAddress(door.url))
        assert not caplog.records

    def test_a_failure_of_our_own(self, caplog: pytest.LogCaptureFixture) -> None:
        """Whoever takes the message may fail: the service hears 500 and may try again, the log holds no text."""

        def take(push: Any) -> Outcome:
            raise RuntimeError(push.text)

        body = json.dumps(TABLE).encode()
        with (
            Server(Webhook(Secret(TOKEN), Secret(CLIENT_ID), Secret(PASSWORD), take)) as server,
            connected(server.url) as connection,
        ):
            connection.sendall(announced(f"{server.url}{PATH}{TOKEN}", len(body), body))
            assert connection.recv(100).startswith(b"HTTP/1.1 500")
        assert "RuntimeError" in caplog.text
        assert "905526" not in caplog.text

    def test_one_message_from_many_threads(self, door: Door) -> None:
        """Of the same message posted many times at once one wakes the test."""
        start = threading.Barrier(20)

        def deliver(_: int) -> Answer:
            start.wait()
            return post(door.url, TABLE)

        with ThreadPoolExecutor(20) as threads:
            assert set(map(str, threads.map(deliver, range(20)))) == {str(DONE)}
        assert (door.rung, door.texts) == (1, [TEXT])
