"""Descriptions of services: which are valid, and what an error says about one that is not."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_otp import ServiceDescription, ServiceError, ServiceRequest, SettingsError

HINT = "See the page on services of your own in the documentation."
SENDS: dict[str, Any] = {"path": "/v2/{account}/messages", "to": "json:to", "text": "json:text"}
NO_CODE: Any = 1.5
REQUEST = "the request to '/v2/{account}/messages': "
SERVICE = "the service 'harbour': "


def a_request(**changes: Any) -> ServiceRequest:
    return ServiceRequest(**(SENDS | changes))


def a_service(**changes: Any) -> ServiceDescription:
    return ServiceDescription(**({"name": "harbour", "requests": [a_request()]} | changes))


def test_the_least() -> None:
    """A name and one request that sends a message are enough; hosts and the like may be one text or several."""
    service = a_service(hosts="API.Harbour.Example.", authentication="bearer")
    assert (service.hosts, service.authentication) == (("api.harbour.example",), ("bearer",))
    assert service.requests == (a_request(),)
    with pytest.raises(dataclasses.FrozenInstanceError):
        service.name = "other"  # type: ignore[misc]


def test_plain_data_and_back() -> None:
    """A description survives the way to another process."""
    service = a_service(
        hosts=["api.harbour.example", "*.eu.harbour.example"],
        authentication=["bearer", "header:X-Key"],
        region="KE",
        error="{message}",
        errors={"blocked": ServiceError(403, "no", 7)},
        requests=[
            a_request(item={"to": "{to|digits}", "nothing": None}, answer=["{items}"], headers={"X-Id": "{id}"}),
            ServiceRequest(path="/token", answer={"token": "{hex}"}, authentication=[], required=["form:grant_type"]),
        ],
    )
    assert ServiceDescription.from_plain(service.to_plain()) == service


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"path": "messages"}, "the request to 'messages': path: invalid value 'messages': expected such as"),
        ({"method": "DELETE"}, REQUEST + "method: invalid value 'DELETE': expected POST or GET or PUT or PATCH"),
        ({"to": "to"}, REQUEST + "to: invalid value 'to': expected json:FIELD, form:FIELD, query:FIELD, path:NAME or"),
        ({"to": "path:number"}, REQUEST + "to: invalid value 'path:number': the path has no placeholder {number}"),
        ({"text": None}, REQUEST + "to and text belong together"),
        ({"text": "form:text"}, REQUEST + "a body is JSON or a form: use json: or form:, or two requests"),
        ({"required": ["form:x"]}, REQUEST + "a body is JSON or a form"),
        ({"required": ["x"]}, REQUEST + "required[0]: invalid value 'x': expected json:FIELD"),
        ({"method": "GET"}, REQUEST + "to: invalid value 'json:to': a GET request has no body; use query: or path:"),
        ({"text": "json:all[].text"}, REQUEST + "text: invalid value 'json:all[].text': expected [] only where to, "),
        ({"separator": ""}, REQUEST + "separator: invalid value '': expected a character such as ','"),
        ({"status": 500}, REQUEST + "status: invalid value 500: expected an HTTP status from 200 to 399"),
        ({"status": True}, REQUEST + "status: invalid value True: expected an HTTP status from 200 to 399"),
        ({"answer": {"id": "{ID}"}}, REQUEST + "answer: unknown placeholder {ID}: expected one of id, hex"),
        ({"answer": "{json:a[].b}"}, REQUEST + "answer: unknown placeholder {json:a[].b}"),
        ({"answer": "{path:other}"}, REQUEST + "answer: unknown placeholder {path:other}"),
        ({"answer": "{id"}, REQUEST + "answer: '{id': a brace without its partner"),
        (
            {"answer": {1, 2}},
            REQUEST + "answer: invalid value {1, 2}: expected a string, or what can be written as JSON",
        ),
        ({"answer": float("nan")}, REQUEST + "answer: invalid value nan: expected a string, or what can be written"),
        ({"answer": "x" * 20_000}, REQUEST + "answer: 20002 characters: expected at most 16384"),
        ({"item": "{items}"}, REQUEST + "item: unknown placeholder {items}"),
        ({"to": None, "text": None, "answer": "{to}"}, REQUEST + "answer: unknown placeholder {to}"),
        ({"headers": {"X-Id": 7}}, REQUEST + "headers: invalid header 'X-Id': 7: expected a name and a string"),
        ({"headers": {"X\n": "y"}}, REQUEST + "headers: invalid header"),
        ({"headers": {"X": "a\nb"}}, REQUEST + "headers: invalid header 'X': 'a\\nb': expected printable ASCII"),
        ({"headers": ["X"]}, REQUEST + "headers: invalid value ['X']: expected a table of strings"),
        ({"authentication": "token"}, REQUEST + "authentication: invalid value 'token': expected basic, bearer, "),
        ({"errors": {"bad": ServiceError(400, "x")}}, REQUEST + "errors: unknown kind 'bad': expected one of unauth"),
    ],
)
def test_invalid_requests(changes: dict[str, Any], words: str) -> None:
    """The error names the request and the value, and says what is allowed."""
    with pytest.raises(SettingsError) as caught:
        a_request(**changes)
    assert caught.value.message.startswith(words)
    assert caught.value.hint == HINT


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"name": "My Service"},
            "the service 'My Service': name: invalid value 'My Service': expected lower-case letters",
        ),
        ({"name": 7}, "the service 7: name: invalid value 7"),
        (
            {"hosts": ["https://api.x.example"]},
            SERVICE + "hosts: invalid value 'https://api.x.example': expected a host",
        ),
        ({"hosts": ["api.x.example:443"]}, SERVICE + "hosts: invalid value 'api.x.example:443'"),
        ({"hosts": ["127.0.0.1"]}, SERVICE + "hosts: invalid value '127.0.0.1'"),
        ({"hosts": ["localhost"]}, SERVICE + "hosts: invalid value 'localhost'"),
        ({"hosts": [None]}, SERVICE + "hosts: invalid value None"),
        ({"hosts": ["*"]}, SERVICE + "hosts: '*' matches too much: expected at least two labels after the last *"),
        ({"hosts": ["*.com"]}, SERVICE + "hosts: '*.com' matches too much"),
        ({"requests": []}, SERVICE + "requests: invalid value (): expected at least one ServiceRequest"),
        ({"requests": [SENDS]}, SERVICE + "requests: invalid value"),
        ({"requests": [ServiceRequest(path="/token")]}, SERVICE + "none of its requests sends a message: give one of"),
        ({"authentication": ["basic", "header:"]}, SERVICE + "authentication: invalid value 'header:'"),
        ({"region": "Kenya"}, SERVICE + "region: invalid value 'Kenya': expected an ISO 3166 code such as 'KE'"),
        ({"error": "{reason}"}, SERVICE + "error: unknown placeholder {reason}: expected one of message, code, status"),
        ({"errors": {"missing": "no"}}, SERVICE + "errors.missing: invalid value 'no': expected a ServiceError"),
        ({"errors": {"missing": ServiceError(99, "no")}}, SERVICE + "errors.missing: status: invalid value 99"),
        (
            {"errors": {"missing": ServiceError(400, "{what}")}},
            SERVICE + "errors.missing: message: unknown placeholder",
        ),
        (
            {"errors": {"missing": ServiceError(400, "x", NO_CODE)}},
            SERVICE + "errors.missing: expected a message that is a",
        ),
        ({"errors": []}, SERVICE + "errors: invalid value []: expected a table of errors by kind"),
    ],
)
def test_invalid_services(changes: dict[str, Any], words: str) -> None:
    """The error names the service and the value, and says what is allowed."""
    with pytest.raises(SettingsError) as caught:
        a_service(**changes)
    assert caught.value.message.startswith(words)


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        ("harbour", "f: invalid value 'harbour': expected a table"),
        ({}, "f: name is missing"),
        ({"name": "x", "host": "y"}, "f: unknown key 'host': expected one of name, hosts, requests, "),
        ({"name": "x", "requests": [{}]}, "f: requests[0]: path is missing"),
        ({"name": "x", "requests": ["/sms"]}, "f: requests[0]: invalid value '/sms': expected a table"),
        ({"name": "x", "requests": [SENDS | {"body": 1}]}, "f: requests[0]: unknown key 'body': expected one of path"),
        ({"name": "x", "requests": "/sms"}, "the service 'x': requests: invalid value ('/sms',)"),
        ({"name": "x", "errors": {"missing": {"status": 400}}}, "f: errors.missing: message is missing"),
    ],
)
def test_invalid_plain_data(plain: object, words: str) -> None:
    """A misspelt key of a file is an error that says where it stands."""
    with pytest.raises(SettingsError) as caught:
        ServiceDescription.from_plain(plain, what="f")
    assert caught.value.message.startswith(words)


def test_a_template_that_contains_itself() -> None:
    """It is refused like anything else that is no JSON."""
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(SettingsError, match="answer: invalid value"):
        a_request(answer=endless)


PARTS = st.sampled_from(
    [
        *("name", "hosts", "requests", "path", "to", "text", "answer", "errors", "error", "headers", "status"),
        *("json:to", "json:a[].b", "form:x", "{id}", "{", "{{", "/send", "/{a}/{a}", "*.example.com", "basic", ""),
    ]
)
VALUES = st.recursive(
    PARTS | st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PARTS, inner, max_size=4),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [each.name for kind in (ServiceDescription, ServiceRequest) for each in dataclasses.fields(kind)]
)


@settings(max_examples=300, deadline=None)
@given(service=st.dictionaries(NAMES, VALUES, max_size=6), request=st.dictionaries(NAMES, VALUES, max_size=6))
def test_any_data_is_a_description_or_an_error(service: dict[str, object], request: dict[str, object]) -> None:
    """Whatever a file contains, it is read, or refused with our own error; never does it fail in another way."""
    own = {"path": "/send", "to": "json:to", "text": "json:text"}
    known = {each.name for each in dataclasses.fields(ServiceRequest)}
    sent = own | {name: value for name, value in request.items() if name in known}
    outer = {each.name for each in dataclasses.fields(ServiceDescription)}
    plain = {"name": "x", "requests": [sent]} | {name: value for name, value in service.items() if name in outer}
    try:
        read = ServiceDescription.from_plain(plain)
    except SettingsError:
        return
    assert ServiceDescription.from_plain(read.to_plain()) == read
