"""What somebody who is called hears of a TwiML document: the texts of its `<Say>`, and what follows a key.

Sources: the verbs Say, Gather, Redirect, Pause and Hangup (https://www.twilio.com/docs/voice/twiml) and the tags of
SSML (https://www.twilio.com/docs/voice/twiml/say/text-speech).

The callee of this phone network lets a document end without pressing a key, as long as a code is read out on the way.
If none is, and the document waits for keys, the callee presses 1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urljoin
from xml.etree import ElementTree as ET

from ...codes import extract_code

MOST_DOCUMENTS = 10
"""Documents of one call; what redirects for ever is left there."""
SORRY = "We are sorry, an application error has occurred. Goodbye."
"""What the callee hears if a document cannot be had or read."""

Method = Literal["GET", "POST"]
Fetch = Callable[[str, Method, dict[str, str]], bytes]
"""Gets a document by URL, method and further fields. Raises `NoDocument`."""

_SPELT = re.compile(r"(?<!\w)\d(?:[\s.,;:-]+\d(?!\w)){3,}")


class NoDocument(Exception):
    """Raised if a document cannot be had, or is not TwiML."""


@dataclass(frozen=True, slots=True)
class _Next:
    """Where a call goes on."""

    url: str
    method: Method
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Heard:
    """What is heard of one document if nobody presses a key, and where it can go on."""

    texts: list[str] = field(default_factory=list)
    later: list[str] = field(default_factory=list)
    """The texts after the first Gather that can be answered."""
    key: _Next | None = None
    """Where that one leads to."""
    redirect: _Next | None = None


def listen(document: bytes, url: str | None, fetch: Fetch) -> str:
    """What is heard in a call, as one line; empty if nothing is said.

    A text is there once, however often `loop` repeats it, and a code that is read digit by digit as one word.

    Args:
        document: The TwiML that the call begins with.
        url: Where it came from; None if it was in the request.
        fetch: Gets the documents that follow.
    """
    texts: list[str] = []
    try:
        for _ in range(MOST_DOCUMENTS):
            heard = _heard(document, url)
            following, said = _choice(texts, heard)
            texts += said
            if following is None:
                break
            document, url = fetch(following.url, following.method, following.fields), following.url
    except NoDocument:
        texts.append(SORRY)
    return _transcript(texts)


def needs_more(document: bytes) -> bool:
    """Whether a document from a request leads to others."""
    try:
        heard = _heard(document, None)
    except NoDocument:
        return False
    return _choice([], heard)[0] is not None


def _choice(before: list[str], heard: _Heard) -> tuple[_Next | None, list[str]]:
    """Where the call goes on, and what is heard until then."""
    everything = heard.texts + heard.later
    if extract_code(_transcript(before + heard.texts)):
        return None, heard.texts
    if extract_code(_transcript(before + everything)):
        return None, everything
    if heard.key is not None:
        return heard.key, heard.texts
    return heard.redirect, everything


def _heard(document: bytes, url: str | None) -> _Heard:
    heard = _Heard()
    for verb in _root(document):
        name = _name(verb)
        said = heard.texts if heard.key is None else heard.later
        if name == "Say":
            said.append(_said(verb))
        elif name == "Gather":
            said += [_said(nested) for nested in verb if _name(nested) == "Say"]
            heard.key = heard.key or _on_key(verb, url)
        elif name == "Redirect":
            heard.redirect = _next(verb, (verb.text or "").strip(), url)
            break
        elif name in ("Hangup", "Reject"):
            break
    return heard


class _Tree(ET.TreeBuilder):
    def doctype(self, name: str, public_id: str | None, system_id: str | None) -> None:
        # It could define entities that grow without end.
        raise NoDocument(f"a document type ({name}) is not allowed in TwiML")


def _root(document: bytes) -> ET.Element:
    try:
        root = ET.fromstring(document, ET.XMLParser(target=_Tree()))  # noqa: S314 - without entities
    except (ET.ParseError, ValueError, LookupError) as error:
        raise NoDocument(f"the document is not XML: {error}") from None
    if _name(root) != "Response":
        raise NoDocument(f"the document is not TwiML: it begins with <{_name(root)}>")
    return root


def _on_key(gather: ET.Element, url: str | None) -> _Next | None:
    following = _next(gather, gather.get("action", "").strip(), url)
    if following is None or "dtmf" not in gather.get("input", "dtmf"):
        return None
    digits = gather.get("numDigits", "1")
    pressed = "1" * min(int(digits) if digits.isascii() and digits.isdigit() else 1, 20)
    return _Next(following.url, following.method, {"Digits": pressed, "FinishedOnKey": "", "msg": "Gather End"})


def _next(verb: ET.Element, written: str, url: str | None) -> _Next | None:
    """Where a verb leads to: its URL, which may be relative, or the document's own one."""
    try:
        target = urljoin(url or "", written) if written else url
    except ValueError:
        raise NoDocument(f"{written!r} is not a valid URL") from None
    if not target or not re.match(r"https?://", target):
        return None
    return _Next(target, "GET" if verb.get("method", "POST").upper() == "GET" else "POST")


def _transcript(texts: list[str]) -> str:
    text = " ".join(" ".join(texts).split())
    return _SPELT.sub(lambda spelt: re.sub(r"\D", "", spelt[0]), text)


def _said(say: ET.Element) -> str:
    try:
        return "".join(_texts(say))
    except RecursionError:
        raise NoDocument("the tags are nested too deeply") from None


def _texts(element: ET.Element) -> Iterator[str]:
    if _name(element) == "sub" and element.get("alias"):
        yield element.get("alias", "")
        return
    if element.text:
        yield element.text
    for child in element:
        if _name(child) in ("break", "p", "s"):
            yield " "
        yield from _texts(child)
        if _name(child) in ("p", "s"):
            yield " "
        if child.tail:
            yield child.tail


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
