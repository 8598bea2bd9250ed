"""Twilio's Calls, by requests written from its documentation: what is read out arrives, and each error."""

from __future__ import annotations

import queue
import re
import threading
from collections.abc import Iterator, Mapping

import pytest
from werkzeug.wrappers import Request, Response

from pytest_otp.errors import SettingsError
from pytest_otp.gateway.message import Backend, OutgoingSms
from pytest_otp.gateway.services.twilio_calls import THREAD, TwilioCalls
from pytest_otp.gateway.services.twilio_common import signature
from pytest_otp.gateway.services.twiml import SORRY
from tests.gateway.application import PATIENCE, application
from tests.gateway.services.machine import Answer, Sent, ask
from tests.gateway.world import ACCOUNT, HELD, STRAY

AT = f"/2010-04-01/Accounts/{ACCOUNT}/Calls"
SAYING = "<Response><Say>Your code is 482913</Say></Response>"
GOOD = {"To": HELD, "From": "+15005550006", "Twiml": SAYING}


class Desk:
    """The API, and what it sent, which a test can wait for."""

    def __init__(self) -> None:
        self.sent: queue.SimpleQueue[OutgoingSms] = queue.SimpleQueue()
        self.backend = Backend(self._send)
        self.calls = TwilioCalls(self.backend)

    def _send(self, message: OutgoingSms) -> bool:
        self.sent.put(message)
        return message.to == HELD

    def create(self, changes: Mapping[str, object] | None = None) -> Answer:
        fields = {name: value for name, value in (GOOD | dict(changes or {})).items() if value is not None}
        return ask(self.calls, "POST", f"{AT}.json", fields)

    def heard(self) -> OutgoingSms:
        return self.sent.get(timeout=PATIENCE)


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.backend.callbacks.close()


def test_a_call_reads_out_its_twiml(desk: Desk) -> None:
    """The answer is 201 with each field of the documented resource, and the text arrives as a call."""
    answer = desk.create()
    assert answer.status == 201
    shown = answer.json
    sid, created = shown.pop("sid"), shown.pop("date_created")
    assert re.fullmatch(r"CA[0-9a-f]{32}", sid)
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000", created)
    assert shown.pop("subresource_uris").keys() == {"recordings", "events"}
    assert shown == {
        "account_sid": ACCOUNT,
        "answered_by": None,
        "api_version": "2010-04-01",
        "caller_name": None,
        "date_updated": created,
        "direction": "outbound-api",
        "duration": None,
        "end_time": None,
        "forwarded_from": None,
        "from": "+15005550006",
        "from_formatted": "+15005550006",
        "group_sid": None,
        "parent_call_sid": None,
        "phone_number_sid": None,
        "price": None,
        "price_unit": "USD",
        "queue_time": "0",
        "start_time": None,
        "status": "queued",
        "to": HELD,
        "to_formatted": HELD,
        "trunk_sid": None,
        "uri": f"{AT}/{sid}.json",
    }
    assert desk.heard() == OutgoingSms(HELD, "Your code is 482913", "+15005550006", "voice")
    later = ask(desk.calls, "GET", f"{AT}/{sid}.json").json
    assert (later["status"], later["duration"]) == ("completed", "0")
    assert later["end_time"] is not None


def test_calls_are_listed(desk: Desk) -> None:
    """The newest first, and by number, caller and status; a number that no test holds does not answer."""
    sids = [desk.create({"To": to}).json["sid"] for to in (HELD, STRAY)]

    def listed(query: str) -> list[str]:
        content = ask(desk.calls, "GET", f"{AT}.json{query}").json
        assert content["next_page_uri"] is None
        return [call["sid"] for call in content["calls"]]

    assert listed("?PageSize=50") == sids[::-1]
    assert listed("?To=%2B12015550123") == sids[:1]
    assert listed("?Status=no-answer") == sids[1:]
    assert listed("?From=%2B15005550007") == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_document_is_fetched_from_the_application(desk: Desk, method: str) -> None:
    """By the method that is named, with what Twilio sends about the call, signed with the application's token."""

    def answer(request: Request) -> Response:
        return Response(SAYING, mimetype="text/xml")

    with application(answer) as shop:
        url = f"{shop.url}/call?token=7"
        # A fragment is neither sent nor signed.
        sid = desk.create({"Twiml": None, "Url": f"{url}#retries=2", "Method": method}).json["sid"]
        assert desk.heard() == OutgoingSms(HELD, "Your code is 482913", "+15005550006", "voice")
        request = shop.next()
    assert request.method == method
    signed = signature(request.url, {}, "token") if method == "GET" else signature(url, request.form, "token")
    assert request.headers["X-Twilio-Signature"] == signed
    fields = request.form if method == "POST" else Request.from_values(request.url).args
    assert (fields["CallSid"], fields["To"], fields["CallStatus"]) == (sid, HELD, "in-progress")


def test_a_key_is_pressed_for_the_code(desk: Desk) -> None:
    """An application that asks for a key first gets one, and the code is in the one message of the call."""

    def answer(request: Request) -> Response:
        if request.method == "GET":
            return Response("<Response><Gather numDigits='1'><Say>Press any key.</Say></Gather></Response>")
        return Response(f"<Response><Say>Token: {request.form['Digits']}. 2. 3. 4. 5. 6.</Say></Response>")

    with application(answer) as shop:
        desk.create({"Twiml": None, "Url": f"{shop.url}/call", "Method": "GET"})
        assert desk.heard().text == "Press any key. Token: 123456."


def test_inline_twiml_may_lead_to_the_application(desk: Desk) -> None:
    """Its redirect is followed after the answer."""
    with application(lambda request: Response(SAYING)) as shop:
        desk.create({"Twiml": f"<Response><Redirect>{shop.url}/next</Redirect></Response>"})
        assert desk.heard().text == "Your code is 482913"


@pytest.mark.parametrize("url", ["https://shop.example.com/call", "http://127.0.0.1:1/call", "http://[shop/call"])
def test_a_document_that_cannot_be_had(desk: Desk, url: str) -> None:
    """Hosts that are not allowed and servers that are not there: the callee hears what Twilio says then."""
    desk.create({"Twiml": None, "Url": url})
    assert desk.heard().text == SORRY


def test_receipts(desk: Desk) -> None:
    """Those that the application asks for come in order and signed; by default only that the call is over."""
    with application() as shop:
        events = ["initiated", "ringing", "answered", "completed"]
        changes = {"StatusCallback": f"{shop.url}/status#retries=2", "StatusCallbackEvent": events}
        sid = desk.create(changes).json["sid"]
        got = [shop.next() for _ in events]
        assert [one.form["CallStatus"] for one in got] == ["initiated", "ringing", "in-progress", "completed"]
        assert [one.form["SequenceNumber"] for one in got] == ["0", "1", "2", "3"]
        assert {one.form["CallSid"] for one in got} == {sid}
        for one in got:
            assert one.headers["X-Twilio-Signature"] == signature(f"{shop.url}/status", one.form, "token")
        desk.create({"To": STRAY, "StatusCallback": f"{shop.url}/status"})
        assert shop.next().form["CallStatus"] == "no-answer"


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"To": None}, 21201, "No 'To' number specified"),
        ({"From": None}, 21213, "'From' phone number is required"),
        ({"To": "boss"}, 21211, "Invalid 'To' Phone Number: boss"),
        ({"To": "sip:boss@shop.test"}, 21211, "Invalid 'To' Phone Number: sip:boss@shop.test"),
        ({"From": "Shop"}, 21212, "Invalid 'From' Phone Number: Shop"),
        ({"Twiml": None}, 21205, "Url parameter is required"),
        ({"Twiml": None, "Url": "/call"}, 21205, "Url is not a valid URL: /call"),
        ({"Twiml": None, "Url": "http://shop.test", "Method": "PUT"}, 20001, "Method is not valid: PUT"),
        ({"Twiml": "x" * 4001}, 20001, "Twiml is longer than 4000 characters"),
        ({"StatusCallback": "here"}, 21609, "The 'StatusCallback' URL here is not a valid URL."),
    ],
)
def test_bad_parameters(desk: Desk, changes: dict[str, object], code: int, message: str) -> None:
    """Each has Twilio's number, and nothing is read out."""
    answer = desk.create(changes)
    assert (answer.status, answer.json["code"], answer.json["message"]) == (400, code, message)
    assert desk.sent.empty()


def test_a_call_that_is_over_cannot_be_changed(desk: Desk) -> None:
    """It is Twilio's 21220."""
    sid = desk.create().json["sid"]
    answer = ask(desk.calls, "POST", f"{AT}/{sid}.json", {"Status": "completed"})
    assert (answer.status, answer.json["code"]) == (400, 21220)


def test_a_call_is_ended_by_the_application(desk: Desk) -> None:
    """While its document is fetched it can be cancelled, and then says nothing; another status is refused."""
    asked, let_go = queue.SimpleQueue[str](), queue.SimpleQueue[str]()

    def answer(request: Request) -> Response:
        asked.put(request.form["CallSid"])
        let_go.get(timeout=PATIENCE)
        return Response(SAYING)

    with application(answer) as shop:
        desk.create({"Twiml": None, "Url": f"{shop.url}/call"})
        sid = asked.get(timeout=PATIENCE)
        refused = ask(desk.calls, "POST", f"{AT}/{sid}.json", {"Status": "busy"})
        assert (refused.status, refused.json["code"]) == (400, 20001)
        ended = ask(desk.calls, "POST", f"{AT}/{sid}.json", {"Status": "canceled"})
        assert (ended.status, ended.json["status"]) == (200, "canceled")
        let_go.put("go")
        for thread in threading.enumerate():
            if thread.name == THREAD:
                thread.join(PATIENCE)
    assert desk.sent.empty()
    assert ask(desk.calls, "GET", f"{AT}/{sid}.json").json["status"] == "canceled"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("PUT", f"{AT}.json", 405, 20004),
        ("DELETE", f"{AT}/CA1.json", 404, 20404),
        ("GET", f"{AT}/CA{'0' * 32}.json", 404, 20404),
        ("GET", "/2010-04-01/Accounts/AC1/Calls.json", 404, 20404),
    ],
)
def test_other_requests(desk: Desk, method: str, path: str, status: int, code: int) -> None:
    """Methods and calls that do not exist have Twilio's numbers."""
    answer = ask(desk.calls, method, path)
    assert (answer.status, answer.json["code"]) == (status, code)


def test_what_the_network_refuses() -> None:
    """The call is refused, or has failed if it was already answered."""
    refused = ask(TwilioCalls(Sent(fails=True).backend), "POST", f"{AT}.json", GOOD)
    assert (refused.status, refused.json["code"]) == (500, 20500)


def test_a_call_in_the_background_that_fails() -> None:
    """It is `failed`, and the receipt says so."""

    def refuse(message: OutgoingSms) -> bool:
        raise SettingsError("the network does not take this")

    backend = Backend(refuse)
    calls = TwilioCalls(backend)

    def answer(request: Request) -> Response:
        return Response(SAYING)

    with application(answer) as shop:
        fields = {"To": HELD, "From": "+15005550006", "Url": f"{shop.url}/call", "StatusCallback": f"{shop.url}/status"}
        sid = ask(calls, "POST", f"{AT}.json", fields).json["sid"]
        assert shop.next().url.endswith("/call")
        assert shop.next().form["CallStatus"] == "failed"
    backend.callbacks.close()
    assert ask(calls, "GET", f"{AT}/{sid}.json").json["status"] == "failed"


def test_a_failure_has_twilio_s_form(desk: Desk) -> None:
    """Each documented failure can be answered as Twilio does."""
    for status, code, message in TwilioCalls.FAILURES.values():
        made = desk.calls.refusal(status, message, code)
        shown = Answer(made.status_code, made.get_data()).json
        assert (made.status_code, shown["code"], shown["message"]) == (status, int(code), message)
