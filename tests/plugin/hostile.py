"""A provider whose answers hold hostile text, one field at a time, and the inner tests that meet it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.servers import Asked, Reply, raw, reply

ESCAPES = "HOSTILE\x1b[31m\x1b]0;title\x07\x9b2J\u202ereversed\u2066\u200f\r\nFORGED line\u2028FORGED\x00\x7f\u0085"
LONG = "\udcff" + "L" * 100_000
FIELDS = {"escapes": ESCAPES, "long": LONG}

CEPAT: dict[str, Any] = {
    "getBalance": {"status": "true", "data": {"saldo": "1000", "email": "a@b.example"}},
    "getCountries": {"status": "true", "data": [{"countryID": "6", "countryName": "Wakanda (Indo)"}]},
    "getOperators": {"status": "true", "data": ["any"]},
    "getServices": {"status": "true", "data": [{"serviceID": "7", "serviceName": "Shop", "price": "99"}]},
    "getSpecialServices": {"status": "true", "data": [{"serviceID": "8", "serviceName": "Special", "price": "9"}]},
    "get_order": {"status": "true", "data": {"order_id": "42", "number": "6281234567890", "price": "99"}},
    "get_status": {"status": "true", "data": {"status": "Recieved", "sms": "Your code is 482913"}},
    "set_status": {"status": "true", "data": {"status": "ok"}},
    "refused": {"status": "false", "msg": "Wrong country id"},
    "refused order": {"status": "false", "msg": "no idea"},
}
SMS = {"id": "m1", "phoneFrom": "Shop", "phone": 1, "text": "Your code is 482913", "code": "482913"}
VIRT: dict[str, Any] = {
    "GetBalance": {"balance": 10, "currency": "USD", "error": 0},
    "GetPrice": {"countryList": [{"country": "iran", "services": {"shop": "1.5"}}], "currency": "USD", "error": 0},
    "GetNumbersCount": {"count": 5, "error": 0},
    "GetNumber": {"activationId": "act-1", "number": 992112302159, "ammount": "1", "error": 0},
    "GetSms": {"sms": [SMS], "error": 0},
    "ConfirmActivation": {"error": 0},
    "CancelActivation": {"error": 0},
}


@dataclass(frozen=True)
class Case:
    """One field of one answer, and what it holds."""

    action: str
    field: tuple[str | int, ...]
    """The path to it in the answer; `key` before a name for the name itself, empty for the whole answer."""
    kind: str
    """A key of `FIELDS`, or how the whole answer is bad."""

    def __str__(self) -> str:
        return f"{self.action}-{'.'.join(map(str, self.field))}-{self.kind}"


WHOLE = ("html", "text", "status line", "header", "500")


def cases(answers: dict[str, Any]) -> list[Case]:
    """Every field of every answer with each text, and the ways to answer something else."""
    found = [
        Case(action, path, kind) for action, answer in answers.items() for path in _paths(answer) for kind in FIELDS
    ]
    actions = ("get_status", "get_order", "GetSms", "GetNumber", "set_status")
    return found + [Case(action, (), kind) for action in answers if action in actions for kind in WHOLE]


def _paths(answer: Any, before: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items = answer.items() if isinstance(answer, dict) else enumerate(answer) if isinstance(answer, list) else ()
    for name, value in items:
        yield from _paths(value, (*before, name))
        if before and before[-1] == "services":
            yield (*before, "key", name)
    if before and not isinstance(answer, (dict, list)):
        yield before


def _changed(answer: Any, path: tuple[str | int, ...], text: str) -> Any:
    changed = copy.deepcopy(answer)
    *way, last = path
    holder = changed
    for step in way:
        if step != "key":
            holder = holder[step]
    if way and way[-1] == "key":
        holder[text] = holder.pop(last)
    else:
        holder[last] = text
    return changed


class Hostile:
    """Answers both protocols; the case is that of the last request to `/case/NUMBER`."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self._answers = answers
        self._cases = cases(answers)
        self._case = self._cases[0]
        self._orders = 0
        self.closed: list[str] = []
        """The orders that were closed, by the id in the request."""

    def __call__(self, asked: Asked) -> Reply:
        """Answer one request."""
        if asked.target.startswith("/case/"):
            self._case = self._cases[int(asked.target.rpartition("/")[2])]
            return reply({})
        action, order_id = _request(asked)
        if action in ("set_status", "ConfirmActivation", "CancelActivation"):
            self.closed.append(order_id)
        case = self._case
        name = case.action
        if name.startswith("refused") and action == ("get_order" if "order" in name else "getOperators"):
            return reply(json.dumps(_changed(self._answers[name], case.field, FIELDS[case.kind])))
        if action != name:
            answer = dict(self._answers[action])
            if "activationId" in answer:  # a new order each time, as the webhook knows them by their ids
                self._orders += 1
                answer["activationId"] = f"act-{self._orders}"
            return reply(answer)
        if case.field:
            return reply(json.dumps(_changed(self._answers[action], case.field, FIELDS[case.kind])))
        return _whole(case.kind)


def _whole(kind: str) -> Reply:
    text = ESCAPES.encode(errors="replace").decode()
    return {
        "html": reply(f"<html>{text}{LONG}</html>", 502, kind="text/html"),
        "text": reply(text + LONG),
        "status line": raw(f"HTTP/1.1\x1b[31m 2\u202e00 Your code is 482913 {LONG[:9000]}\r\n\r\n".encode()),
        "header": raw(f"HTTP/1.1 200 \x1b[31m\r\nX: \x1b[31m\u202e\r\nnonsense\x1b\r\n\r\n{text}".encode()),
        "500": reply({"error": text, "sms": text}, 500),
    }[kind]


def _request(asked: Asked) -> tuple[str, str]:
    from urllib.parse import parse_qs, urlsplit

    parts = urlsplit(asked.target)
    if asked.method == "GET":
        query = parse_qs(parts.query)
        return query["action"][0], query.get("order_id", [""])[0]
    from gzip import decompress

    body = decompress(asked.body) if asked.headers.get("content-encoding") == "gzip" else asked.body
    return parts.path.rpartition("/")[2], str(json.loads(body).get("activationId", ""))


PROVIDER = """
import logging, os, urllib.request, warnings
import pytest
from tests.plugin import hostile

CASES = hostile.cases(hostile.ANSWERS)
COUNTRY, SERVICE = PLACE

def show(what):
    print("SHOWN", what, repr(what))
    logging.getLogger("pytest_otp").warning("seen %s", what)

@pytest.mark.parametrize("number", range(len(CASES)), ids=list(map(str, CASES)))
def test_case(number, otp_provider, otp_number):
    urllib.request.urlopen(f"{os.environ['SERVER']}/case/{number}").read()
    action, failure = CASES[number].action, None

    def attempt(call, *arguments, **options):
        nonlocal failure
        try:
            found = call(*arguments, **options)
        except Exception as error:
            failure = failure or error
            show(error)
            warnings.warn(str(error))
            return None
        show(found) if not isinstance(found, str) else None
        return found

    calls = {
        "getBalance": [("balance",)], "getCountries": [("countries",)], "getOperators": [("operators", COUNTRY)],
        "refused": [("operators", COUNTRY)], "getServices": [("services", COUNTRY)],
        "getSpecialServices": [("services", None)], "GetBalance": [("balance",)],
        "GetPrice": [("countries",), ("services", "iran")], "GetNumbersCount": [("count", SERVICE, COUNTRY, None)],
    }
    for name, *arguments in calls.get(action, []):
        attempt(getattr(otp_provider, name), *arguments)
    if action not in calls:
        rented = attempt(otp_number, service=SERVICE, country=COUNTRY)
        if rented is not None:
            attempt(rented.wait_message, timeout=0.05)
            attempt(rented.wait_code, timeout=0.05, sender="nobody")
            attempt(rented.resend)
            show(rented)
            show(rented.messages)
    if failure:
        raise failure

def test_by_name(otp_number):
    urllib.request.urlopen(f"{os.environ['SERVER']}/case/{NAMED}").read()
    otp_number(service="unheard of", country="nowhere")
"""

OFFLINE = """
import json, logging, os, urllib.request, urllib.error
import pytest
from tests.plugin.hostile import FIELDS

def send(url, content):
    request = urllib.request.Request(url, json.dumps(content).encode(), {"Content-Type": "application/json"})
    try:
        urllib.request.urlopen(request).read()
    except urllib.error.HTTPError as error:
        return error.read().decode()

@pytest.mark.parametrize("kind", FIELDS)
@pytest.mark.parametrize("field", ["to", "text", "from"])
def test_gateway(otp_gateway, otp_carrier, otp_number, field, kind):
    number = otp_number()
    for to in (number.e164, "+12015550199"):
        content = {"to": to, "text": "hello there", "from": "Shop"}
        print("ANSWERED", send(otp_gateway.url + "/sms", {**content, field: FIELDS[kind]}))
    print("SHOWN", otp_carrier.strays, number.messages, number)
    number.wait_code(timeout=0.05)
"""

WEBHOOK = """
import json, os, urllib.request, urllib.error
import pytest
from tests.plugin.hostile import FIELDS, SMS

def send(url, content):
    request = urllib.request.Request(url, json.dumps(content).encode(), {"Content-Type": "application/json"})
    try:
        urllib.request.urlopen(request).read()
    except urllib.error.HTTPError as error:
        return error.read().decode()

@pytest.mark.parametrize("kind", FIELDS)
@pytest.mark.parametrize("field", ["id", "phoneFrom", "phone", "text", "code", "clientId", "activationId"])
def test_webhook(otp_webhook, otp_number, field, kind):
    number = otp_number(service="shop", country="iran")
    content = {**SMS, "phone": int(number.digits), "text": "hello", "clientId": os.environ["OTPVIRT_CLIENT_ID"],
        "activationId": number.order_id}
    content["code"] = None
    text = {field: FIELDS[kind].encode(errors="ignore").decode()[:20_000]}
    print("ANSWERED", send(otp_webhook.url, {**content, **text}))
    del text
    if field == "code":
        assert number.wait_message(timeout=60).text == "hello"
    print("SHOWN", number, number.messages)
    number.wait_code(timeout=0.05)
"""
