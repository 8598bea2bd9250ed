"""What is heard in a call: the texts of TwiML documents, and which of them are reached."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_otp.codes import extract_code
from pytest_otp.gateway.services.twiml import MOST_DOCUMENTS, SORRY, Method, NoDocument, listen, needs_more

START = "http://shop.test/call/start?locale=en"


class Pages:
    """Documents by method and URL, and what was fetched."""

    def __init__(self, pages: Mapping[tuple[str, str], str]) -> None:
        self.pages = pages
        self.fetched: list[tuple[str, str, dict[str, str]]] = []

    def __call__(self, url: str, method: Method, fields: dict[str, str]) -> bytes:
        self.fetched.append((method, url, fields))
        if (method, url) not in self.pages:
            raise NoDocument("no answer")
        return self.pages[method, url].encode()


def heard(inside: str, pages: Mapping[tuple[str, str], str] | None = None, url: str | None = START) -> str:
    return listen(f"<Response>{inside}</Response>".encode(), url, Pages(pages or {}))


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        ("<Say>Your code is 482913</Say>", "Your code is 482913"),
        ("<Say voice='alice' loop='3'>\n  Your code\n  is 482913 </Say>", "Your code is 482913"),
        ("<Say>Your code is</Say><Pause length='1'/><Say>482913</Say>", "Your code is 482913"),
        ("<Say>Your code is 4. 8. 2. 9. 1. 3.</Say>", "Your code is 482913."),
        ("<Say>Your code is</Say><Say>4</Say><Say>8</Say><Pause/><Say>2</Say><Say>9</Say>", "Your code is 4829"),
        ("<Say>Your code is 4<break time='1s'/>8<break/>2<break/>9</Say>", "Your code is 4829"),
        (
            "<Say>Hi <emphasis>Anna</emphasis>, code <say-as interpret-as='digits'>482913</say-as>.</Say>",
            "Hi Anna, code 482913.",
        ),
        ("<Say><p>Your code</p><p><s>is</s> 482913</p></Say>", "Your code is 482913"),
        ("<Say>The <sub alias='verification code'>VC</sub> is 482913</Say>", "The verification code is 482913"),
        ("<Say>Tom &amp; Jerry: code 4829 é</Say>", "Tom & Jerry: code 4829 é"),
        ("<Say>Your code is 4829</Say><Hangup/><Say>unheard</Say>", "Your code is 4829"),
        ("<Say>code 4829</Say><Reject/><Say>unheard</Say>", "code 4829"),
        ("<Play>http://shop.test/a.mp3</Play>", ""),
        ("<Say/>", ""),
    ],
)
def test_what_is_said(inside: str, text: str) -> None:
    """Each Say is in the text once, without its tags; digits that are read one by one are a code."""
    assert heard(inside) == text


def test_a_code_in_a_gather_needs_no_key() -> None:
    """What is said in it and after it is heard; nothing is fetched once there is a code."""
    pages = Pages({})
    inside = "<Gather action='/again' numDigits='1'><Say>Your code is 4829.</Say><Pause/><Say>Press 1.</Say></Gather>"
    document = f"<Response>{inside}<Say>Good bye.</Say></Response>".encode()
    assert listen(document, START, pages) == "Your code is 4829. Press 1."
    later = (
        b"<Response><Gather action='/stop'><Say>Not you? Press 1.</Say></Gather><Say>Your code is 4829</Say></Response>"
    )
    assert listen(later, START, pages) == "Not you? Press 1. Your code is 4829"
    assert pages.fetched == []


@pytest.mark.parametrize(
    ("gather", "fetched"),
    [
        ("<Gather numDigits='1' finishOnKey=''>", ("POST", START, "1")),
        ("<Gather>", ("POST", START, "1")),
        ("<Gather action='/call/code' method='GET' numDigits='4'>", ("GET", "http://shop.test/call/code", "1111")),
        ("<Gather input='speech dtmf' action='code?a=1&amp;b=2'>", ("POST", "http://shop.test/call/code?a=1&b=2", "1")),
    ],
)
def test_a_key_is_pressed_where_no_code_was_read(gather: str, fetched: tuple[str, str, str]) -> None:
    """The digits go to the Gather's action, which is the document itself by default, by its method."""
    method, url, digits = fetched
    pages = Pages(
        {(method, url): "<Response><Say>Your token is: 1. 2. 3. 4. 5. 6. Repeat: 1 2 3 4 5 6</Say></Response>"}
    )
    document = f"<Response>{gather}<Say>Press any key.</Say></Gather><Say>Good bye.</Say></Response>".encode()
    text = listen(document, START, pages)
    assert text == "Press any key. Your token is: 123456. Repeat: 123456"
    assert extract_code(text) == "123456"
    assert [(one[0], one[1], one[2]["Digits"]) for one in pages.fetched] == [(method, url, digits)]


def test_a_gather_that_nobody_answers() -> None:
    """In a document from the request, without an action, or by speech only, the call goes on behind it."""
    assert heard("<Gather><Say>Press 1.</Say></Gather><Say>Good bye.</Say>", url=None) == "Press 1. Good bye."
    assert heard("<Gather input='speech'><Say>Say yes.</Say></Gather><Say>Good bye.</Say>") == "Say yes. Good bye."


def test_a_redirect_is_followed() -> None:
    """It may be relative, and by GET; what comes after it is not heard."""
    pages = {("GET", "http://shop.test/next"): "<Response><Say>Your code is 4829</Say></Response>"}
    inside = "<Say>Hello.</Say><Redirect method='GET'>/next</Redirect><Say>unheard</Say>"
    assert heard(inside, pages) == "Hello. Your code is 4829"


def test_what_redirects_for_ever_ends() -> None:
    """After some documents the callee hangs up."""
    pages = Pages({("POST", START): "<Response><Say>Please wait.</Say><Redirect/></Response>"})
    text = listen(b"<Response><Redirect/></Response>", START, pages)
    assert text == " ".join(["Please wait."] * (MOST_DOCUMENTS - 1))
    assert len(pages.fetched) == MOST_DOCUMENTS


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"Your code is 4829",
        b"<html><Say>Your code is 4829</Say></html>",
        b"<Response><Say>Your code is 4829</Response>",
        b"<!DOCTYPE a [<!ENTITY b '4829'>]><Response><Say>&b;</Say></Response>",
        "<!DOCTYPE a [<!ENTITY b '4829'>]><Response><Say>&b;</Say></Response>".encode("utf-16"),
        b"<?xml version='1.0' encoding='nonsense'?><Response/>",
        b"<Response><Say>" + b"<p>" * 5000 + b"</p>" * 5000 + b"</Say></Response>",
        b"\xff\xfe\xfd",
    ],
)
def test_what_is_no_twiml(document: bytes) -> None:
    """The callee hears what Twilio says then."""
    assert listen(document, START, Pages({})) == SORRY
    assert needs_more(document) is False


def test_a_document_that_cannot_be_had() -> None:
    """What was said before it stays."""
    assert heard("<Say>Hello.</Say><Redirect>http://shop.test/missing</Redirect>") == f"Hello. {SORRY}"


@pytest.mark.parametrize("verb", ["<Redirect>http://[shop/next</Redirect>", "<Gather action='//[shop'/>"])
def test_a_url_that_is_none(verb: str) -> None:
    """Where a document leads to no URL, what was said before it in the call stays."""
    pages = {("POST", "http://shop.test/next"): f"<Response>{verb}</Response>"}
    assert heard("<Say>Hello.</Say><Redirect>http://shop.test/next</Redirect>", pages) == f"Hello. {SORRY}"


def test_which_documents_lead_to_others() -> None:
    """Those with a redirect or an action, unless a code was read out before."""
    assert needs_more(b"<Response><Redirect>http://shop.test/next</Redirect></Response>")
    assert needs_more(b"<Response><Gather action='http://shop.test/next'/></Response>")
    assert not needs_more(b"<Response><Say>code 4829</Say><Gather action='http://shop.test/next'/></Response>")
    assert not needs_more(b"<Response><Redirect>/next</Redirect></Response>")


VERBS = st.sampled_from(
    [
        "<Say>code 4829</Say>",
        "<Gather action='/a'>",
        "</Gather>",
        "<Redirect>/b</Redirect>",
        "<Redirect/>",
        "&amp;",
        "<Pause/>",
    ]
)


@settings(deadline=None, max_examples=200)
@given(
    st.one_of(
        st.binary(max_size=60), st.lists(VERBS).map(lambda verbs: f"<Response>{''.join(verbs)}</Response>".encode())
    )
)
def test_no_document_is_a_fault_of_ours(document: bytes) -> None:
    """Whatever the application sends, the call ends and has a text."""
    pages = Pages({("POST", "http://shop.test/a"): "<Response><Redirect>/b</Redirect></Response>"})
    assert isinstance(listen(document, START, pages), str)
    assert isinstance(needs_more(document), bool)
