"""OTP-virt's push over real sockets: what is accepted, what each refusal is, and that a refusal changes nothing."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
    Door,
    otpvirt_door,
    post,
    refusal,
)

FOREIGN = "11111111-2222-4333-8444-555555555555"
NO_JSON = "the body is not valid JSON in UTF-8"
NOT_OURS = "clientId or apiPassword does not match this run's"


@pytest.fixture
def door() -> Iterator[Door]:
    with otpvirt_door() as door:
        yield door


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in TABLE.items() if name not in names}


class TestAccepted:
    """What the service sends."""

    @pytest.mark.parametrize("packed", [False, True])
    def test_the_documents_table(self, door: Door, packed: bool) -> None:
        """Plain or by gzip it is answered as the document says, kept with all that it tells, and wakes who waits."""
        assert post(door.url, TABLE, packed=packed) == DONE
        (message,) = door.messages
        assert (message.id, message.sender, message.text, message.code) == (MESSAGE_ID, "Viber", TEXT, "905526")
        assert message.received_at is not None
        assert door.woken == 1

    def test_the_documents_sample(self, door: Door) -> None:
        """It has a password and no id: whoever waits is woken, and a look shows what came."""
        assert post(door.url, SAMPLE) == DONE
        assert (door.woken, door.texts) == (1, [])

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
        assert door.woken == 1

    @pytest.mark.parametrize("left_out", ["id", "phoneFrom", "code"])
    def test_what_may_be_left_out(self, door: Door, left_out: str) -> None:
        """The document's own sample leaves one out that its table requires."""
        assert post(door.url, without(left_out)) == DONE
        assert door.woken == 1


WRONG_FIELDS: list[tuple[dict[str, object], str]] = [
    ({"clientId": None}, "clientId is missing or empty"),
    ({"clientId": ""}, "clientId is missing or empty"),
    ({"clientId": 5}, "clientId is not a string"),
    ({"clientId": [CLIENT_ID]}, "clientId is not a string"),
    ({"clientId": {"$ne": ""}}, "clientId is not a string"),
    ({"apiPassword": True}, "apiPassword is not a string"),
    ({"apiPassword": 0}, "apiPassword is not a string"),
    ({"activationId": None}, "activationId is missing or empty"),
    ({"activationId": 7}, "activationId is not a string"),
    ({"text": None}, "text is missing or empty"),
    ({"text": ""}, "text is missing or empty"),
    ({"text": ["a"]}, "text is not a string"),
    ({"text": "half \ud83d of it"}, "text contains an unpaired surrogate"),
    ({"clientId": "\udc00"}, "clientId contains an unpaired surrogate"),
    ({"id": 5}, "id is not a string"),
    ({"id": "x" * 129}, "id is longer than 128 characters"),
    ({"phoneFrom": 900}, "phoneFrom is not a string"),
    ({"code": 905526}, "code is not a string"),
]


NO_PHONES: list[object] = [None, True, -1, 0, 2**64, 10**4000, 9.92000000159e11, "", "+992112302159", "992 112", "٩٩٢"]
NO_PHONES += ["9" * 21, [PHONE], {}]
WRONG_FIELDS += [({"phone": phone}, "phone is missing or not a phone number") for phone in NO_PHONES]


class TestRefused:
    """Each refusal has its status and its words, and changes nothing."""

    @pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "text/json", ""])
    def test_other_types(self, door: Door, kind: str | None) -> None:
        """Only JSON, said so."""
        assert post(door.url, TABLE, kind=kind) == refusal(415, "Content-Type must be application/json")
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
        """JSON of another type."""
        assert post(door.url, content) == refusal(400, "the body is not a JSON object")
        assert door.unchanged()


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
    @given(fields=FIELDS, left_out=st.sets(st.sampled_from([*TABLE]), max_size=2))
    def test_fields(self, door: Door, fields: dict[str, object], left_out: set[str]) -> None:
        """Any value in any field: taken in as it stands there, or refused without a trace."""
        before = len(door.messages), door.woken
        content = {name: value for name, value in {**TABLE, **fields}.items() if name not in left_out}
        status, answer = post(door.url, content)
        assert status in (200, 400, 403, 404)
        assert answer["status"] == (2 if status == 200 else 4)
        if status != 200:
            assert (len(door.messages), door.woken) == before
        else:
            assert isinstance(content["text"], str)
            assert (content["activationId"].lower(), int(content["phone"])) == (ORDER_ID, PHONE)
            assert content["clientId"].lower() == CLIENT_ID
            assert content.get("apiPassword") in (None, PASSWORD)
