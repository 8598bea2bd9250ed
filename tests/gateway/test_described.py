"""A service made of a description, asked over a real socket."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import Client

from pytest_otp import ServiceDescription, ServiceError, ServiceRequest
from pytest_otp.gateway.app import Gateway
from pytest_otp.gateway.described import MOST_RECIPIENTS, described
from pytest_otp.gateway.message import Backend
from tests.gateway.world import FORM, HELD, REFUSED, STRAY, Network, Response, World, basic

JSON = "application/json"
TEXT = "Your code is 482913"
HOST = "api.harbour.example"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Ask = Callable[..., Response]


@pytest.fixture
def serve(world: World) -> Callable[..., Ask]:
    """Adds a service with one request, and returns how to send it JSON at its host."""

    def add(*more: ServiceRequest, request: Mapping[str, Any] | None = None, **service: Any) -> Ask:
        first: dict[str, Any] = {
            "path": "/v2/{account}/send",
            "to": "json:to",
            "text": "json:text",
            "answer": {"id": "{id}"},
        }
        requests = [ServiceRequest(**(first | dict(request or {}))), *more]
        world.gateway.add_service(ServiceDescription(name="harbour", hosts=HOST, requests=requests, **service))

        def ask(body: object, path: str = "/v2/A1/send", method: str = "POST", **headers: str | None) -> Response:
            sent: dict[str, str | None] = {"Host": HOST, "Content-Type": JSON, **headers}
            return world.ask(method, path, body if isinstance(body, str) else json.dumps(body), sent)

        return ask

    return add


def test_a_message(world: World, serve: Callable[..., Ask]) -> None:
    """The message reaches the network, the answer is filled in, and the log says through which service it came."""
    answer = {
        "id": "{id}",
        "account": "{path:account}",
        "echo": "{json:meta.tags}",
        "missing": "{json:meta.none}",
        "to": "{to}",
        "from": "{sender}",
        "say": "{text_parts} part to {to|digits}",
        "count": "{count}",
        "at": "{now}",
        "since": "{epoch}",
        "null": "{null}",
    }
    request = {"sender": "json:from", "status": 202, "answer": answer, "headers": {"Location": "/v2/{id}/{sender}"}}
    response = serve(request=request)({"to": HELD, "text": TEXT, "from": "Sh\u00f6p\n", "meta": {"tags": [1, None]}})
    assert response.status == 202
    assert response.headers["Content-Type"] == JSON
    said = response.json
    assert UUID.fullmatch(said.pop("id"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", said.pop("at"))
    assert isinstance(said.pop("since"), int)
    assert said == {
        "account": "A1",
        "echo": [1, None],
        "missing": None,
        "to": HELD,
        "from": "Sh\u00f6p\n",
        "say": f"1 part to {HELD[1:]}",
        "count": 1,
        "null": None,
    }
    assert re.fullmatch(r"/v2/[0-9a-f-]{36}/Sh\?p\?", response.headers["Location"])
    assert world.network.taken == [(HELD, TEXT, "Sh\u00f6p\n")]
    assert [(sms.service, sms.held) for sms in world.gateway.log] == [("harbour", True)]


@pytest.mark.parametrize(
    "to",
    [HELD, HELD[1:], "00" + HELD[1:], int(HELD[1:]), [HELD], f" {HELD} "],
    ids=["plus", "digits", "00", "integer", "list", "spaces"],
)
def test_ways_to_write_a_number(world: World, serve: Callable[..., Ask], to: object) -> None:
    """Each is the same number in E.164 form."""
    assert serve()({"to": to, "text": TEXT}).status == 200
    assert world.network.taken == [(HELD, TEXT, None)]


def test_several_recipients(world: World, serve: Callable[..., Ask]) -> None:
    """Each gets the SMS, and an item of the answer with an identifier of its own."""
    request = {"separator": ",", "answer": {"all": "{items}", "first": "{id}"}, "item": "{id}"}
    said = serve(request=request)({"to": f"{HELD}, {STRAY},", "text": TEXT}).json
    assert [taken[0] for taken in world.network.taken] == [HELD, STRAY]
    assert len(set(said["all"])) == 2
    assert said["first"] == said["all"][0]
    assert world.strays == [STRAY]


def test_several_messages(world: World, serve: Callable[..., Ask]) -> None:
    """A number in a list of lists gets the text and the sender of its own message."""
    request = {"to": "json:all[].to[].phone", "text": "json:all[].body.text", "sender": "json:from"}
    messages = [
        {"to": [{"phone": HELD}, {"phone": STRAY}], "body": {"text": "one"}},
        {"to": [{"phone": HELD}], "body": {"text": "two"}},
    ]
    assert serve(request=request)({"all": messages, "from": "Shop"}).status == 200
    assert world.network.taken == [(HELD, "one", "Shop"), (STRAY, "one", "Shop"), (HELD, "two", "Shop")]


def test_a_form_and_a_query(world: World, serve: Callable[..., Ask]) -> None:
    """A service may take a form, or a query of a GET request, and answer in plain text."""
    form = {"path": "/form", "to": "form:To", "text": "form:Body", "sender": "header:X-From", "answer": "OK {to} {id}"}
    query = ServiceRequest(path="/get/{to}", method="GET", to="path:to", text="query:text", answer="{items}", item=1)
    ask = serve(query, request=form)
    response = ask(
        urlencode({"To": [HELD, STRAY], "Body": TEXT}, doseq=True), "/form", **{"Content-Type": FORM, "X-From": "Shop"}
    )
    assert response.raw.startswith(b"OK " + HELD.encode())
    assert response.headers["Content-Type"] == "text/plain"
    assert ask("", f"/get/{HELD[1:]}?{urlencode({'text': 'é'})}", "GET").json == [1]
    assert world.network.taken == [(HELD, TEXT, "Shop"), (STRAY, TEXT, "Shop"), (HELD, "é", None)]


def test_the_same_path_as_json_and_as_a_form(world: World, serve: Callable[..., Ask]) -> None:
    """Which of two requests with one path is meant, the Content-Type tells."""
    as_form = ServiceRequest(path="/v2/{account}/send", to="form:to", text="form:text", answer="form")
    ask = serve(as_form, request={"answer": "json"})
    assert ask({"to": HELD, "text": "1"}).raw == b"json"
    assert ask(urlencode({"to": HELD, "text": "2"}), **{"Content-Type": FORM}).raw == b"form"
    assert [taken[1] for taken in world.network.taken] == ["1", "2"]


def test_a_request_that_sends_nothing(world: World, serve: Callable[..., Ask]) -> None:
    """Tokens and the like are answered, too; what such a request needs is checked."""
    token = ServiceRequest(
        path="/token", answer={"token": "{hex}"}, authentication=["basic"], required=["form:grant_type"]
    )
    ask = serve(token, authentication=["bearer"])
    sent = {"Content-Type": FORM, "Authorization": basic("key", "secret")}
    assert re.fullmatch("[0-9a-f]{32}", ask("grant_type=client_credentials", "/token", **sent).json["token"])
    assert ask("grant_type=", "/token", **sent).json["error"]["message"] == "grant_type is missing."
    assert ask("grant_type=x", "/token", **{"Content-Type": FORM}).status == 401
    assert world.network.taken == []


@pytest.mark.parametrize(
    ("way", "good", "bad"),
    [
        ("basic", {"Authorization": basic("key", "secret")}, {"Authorization": basic("key", "")}),
        ("bearer", {"Authorization": "Bearer x"}, {"Authorization": "Basic x"}),
        ("authorization:AccessKey", {"Authorization": "accesskey x"}, {"Authorization": "AccessKey "}),
        ("header:apiKey", {"APIKEY": "x"}, {"X-Other": "x"}),
    ],
)
def test_authentication_by_a_header(
    serve: Callable[..., Ask], way: str, good: dict[str, str], bad: dict[str, str]
) -> None:
    """Only the form of credentials is checked."""
    ask = serve(authentication=way)
    assert ask({"to": HELD, "text": TEXT}, **good).status == 200
    for headers in (bad, {}, {"Authorization": "\xff"}):
        response = ask({"to": HELD, "text": TEXT}, **headers)
        assert (response.status, response.json["error"]["code"]) == (401, "unauthorized")


def test_authentication_by_a_field(serve: Callable[..., Ask]) -> None:
    """Credentials can be in the query or the body; any of several ways is enough."""
    ask = serve(authentication=["query:key", "json:key"])
    assert ask({"to": HELD, "text": TEXT}, "/v2/A1/send?key=x").status == 200
    assert ask({"to": HELD, "text": TEXT, "key": "x"}).status == 200
    assert ask({"to": HELD, "text": TEXT, "key": ""}, "/v2/A1/send?key=").status == 401


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"text": TEXT}, "missing_parameter", "to is missing."),
        ({"to": None, "text": TEXT}, "missing_parameter", "to is missing."),
        ({"to": " ", "text": TEXT}, "missing_parameter", "to is missing."),
        ({"to": [], "text": TEXT}, "missing_parameter", "to is missing."),
        ({"to": HELD}, "missing_parameter", "text is missing."),
        ({"to": HELD, "text": "\n "}, "missing_parameter", "text is missing."),
        ({"to": "12", "text": TEXT}, "invalid_number", "12 is not a valid phone number."),
        ({"to": [HELD, "x"], "text": TEXT}, "invalid_number", "x is not a valid phone number."),
        ({"to": "9" * 5000, "text": TEXT}, "invalid_number", None),
        ({"to": True, "text": TEXT}, "invalid_number", "a bool is not a valid phone number."),
        ({"to": {"a": 1}, "text": TEXT}, "invalid_number", "a dict is not a valid phone number."),
        ({"to": [[HELD]], "text": TEXT}, "invalid_number", "a list is not a valid phone number."),
        ({"to": [HELD] * (MOST_RECIPIENTS + 1), "text": TEXT}, "invalid_number", None),
        ({"to": HELD, "text": ["x"]}, "invalid_parameter", "text is invalid."),
        ({"to": HELD, "text": True}, "invalid_parameter", "text is invalid."),
        ('{"to": "' + HELD + '", "text": "\\ud800"}', "invalid_parameter", "text is invalid."),
        ({"to": HELD, "text": REFUSED}, "refused", "the network does not take this"),
        ("[1]", "bad_request", "The request cannot be read: the body is not a JSON object."),
        ("{", "bad_request", "The request cannot be read: the body is not JSON."),
    ],
)
def test_refusals(world: World, serve: Callable[..., Ask], body: object, code: str, message: str | None) -> None:
    """Whatever is wrong is said in the service's error form with status 400, and nothing is sent."""
    response = serve()(body)
    error = response.json["error"]
    assert (response.status, error["code"]) == (400, code)
    assert message is None or error["message"] == message
    assert world.network.taken == []


def test_the_default_errors_of_the_outside(serve: Callable[..., Ask]) -> None:
    """Unknown paths, other methods, other types and too large bodies have the statuses that they have everywhere."""
    ask = serve()
    assert ask({}, "/v3").status == 404
    wrong = ask({}, method="PUT")
    assert (wrong.status, wrong.headers["Allow"]) == (405, "POST")
    assert ask("to=1", **{"Content-Type": FORM}).status == 415
    assert ask("x" * 70_000).status == 413
    assert "compress" in ask({}, **{"Content-Encoding": "gzip"}).json["error"]["message"]


def test_errors_of_its_own(serve: Callable[..., Ask]) -> None:
    """A description says how its errors look; a request may say it differently."""
    plain = ServiceRequest(
        path="/plain",
        to="json:to",
        text="json:text",
        error="ERR {code}: {message}",
        errors={"missing": ServiceError(422, "no {field}!", 9)},
    )
    ask = serve(
        plain,
        error={
            "errors": [{"code": "{code}", "text": "{message}", "of": "{field}", "got": "{value}", "in": "{status}"}]
        },
        error_headers={"Content-Type": "application/problem+json"},
        errors={
            "missing_text": ServiceError(200, "Say {field}", 11),
            "invalid": ServiceError(402, "{field}={value}", 12),
        },
    )
    response = ask({"to": HELD})
    assert response.status == 200
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json == {"errors": [{"code": 11, "text": "Say text", "of": "text", "got": "", "in": 200}]}
    assert ask({"to": "x{id}", "text": TEXT}).json["errors"][0]["text"] == "to=x{id}"
    assert (ask({"text": "x"}, "/plain").status, ask({"text": "x"}, "/plain").raw) == (422, b"ERR 9: no to!")


def test_invalid_numbers_as_part_of_the_answer(world: World, serve: Callable[..., Ask]) -> None:
    """A service that reports each recipient sends to the valid ones and says which are not."""
    request = {
        "answer": {"to": "{items}", "say": "{count}/{total}"},
        "item": {"ok": "{to}"},
        "rejected_item": {"bad": "{value}", "id": "{to}"},
    }
    ask = serve(request=request)
    assert ask({"to": ["x", HELD], "text": TEXT}).json == {"to": [{"bad": "x", "id": None}, {"ok": HELD}], "say": "1/2"}
    assert ask({"to": "x", "text": TEXT}).json == {"to": [{"bad": "x", "id": None}], "say": "0/1"}
    assert [taken[0] for taken in world.network.taken] == [HELD]


def test_numbers_of_a_region(world: World, serve: Callable[..., Ask]) -> None:
    """With a region, national numbers are its own, and international ones are what they were."""
    ask = serve(region="GB")
    for number in ("020 7946 0958", "442079460958", STRAY, "0044 20 7946 0958"):
        assert ask({"to": number, "text": TEXT}).status == 200
    assert [taken[0] for taken in world.network.taken] == [STRAY] * 4


def test_its_refusal() -> None:
    """The gateway can refuse in the service's form: with its usual code for a status, or with one that is asked for."""
    description = ServiceDescription(
        name="harbour",
        requests=ServiceRequest(path="/x", to="json:to", text="json:text"),  # type: ignore[arg-type]  # one is enough
        errors={"unauthorized": ServiceError(401, "Who?", 2), "blocked": ServiceError(403, "No", 3)},
    )
    service = described(description)(Backend(lambda sms: True))
    assert service.FAILURES == {"blocked": (403, "3", "No")}
    for status, code, shown in ((401, None, 2), (418, None, "418"), (429, "7", 7), (429, "x", "x"), (403, "", 3)):
        response = service.refusal(status, "Not here {id}", code)
        assert response.status_code == status
        assert json.loads(response.get_data()) == {"error": {"code": shown, "message": "Not here {id}"}}


def test_an_echo_cannot_break_the_answer() -> None:
    """Surrogates, line breaks and braces that an application sends come back as harmless text."""
    gateway = Gateway(Network())
    request = ServiceRequest(
        path="/x",
        to="json:to",
        text="json:text",
        answer="<{json:echo}>",
        headers={"X-Echo": "{sender}"},
        sender="json:f",
    )
    gateway.add_service(ServiceDescription(name="harbour", requests=[request]))
    body = {"to": HELD, "text": TEXT, "echo": "\ud800{id}", "f": "a\r\nX-Evil: 1 é" + "x" * 2000}
    response = Client(gateway).post("/x", data=json.dumps(body), headers={"Content-Type": JSON})
    assert response.data == b"<?{id}>"
    assert response.headers["X-Echo"].startswith("a??X-Evil: 1 ?")
    assert len(response.headers["X-Echo"]) == 1000
