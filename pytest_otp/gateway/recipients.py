"""The numbers that a request is about, where no service has read them: they say whose SMS was refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request

from ..phone import e164
from .http import FORM, MAX_BODY, read_body

# What services call the recipient, in lower case and without what is between the words.
_NAME = re.compile(
    "to|tos|dst|towards|identity|endpoint|contacts?|recipients?|destinations?|msisdns?|mobiles?|phones?|"
    "(to|phone|mobile|recipient|destination|destinationphone)?numbers?|phonenumberset"
)
_MOST = 10
_DEEPEST = 6
_LONGEST = 40
_IN_PATH = re.compile(r"\+[1-9][0-9]{6,14}(?![0-9])")


def readable_numbers(request: Request) -> list[str]:
    """The phone numbers in the usual fields of a request and in its path, in E.164 form; none if there are too many."""
    written = [*_IN_PATH.findall(request.path), *_texts(request.args.to_dict(flat=False), 0), *_in_body(request)]
    numbers = [number for text in written[:_MOST] if (number := _number(text))]
    return list(dict.fromkeys(numbers))


def _in_body(request: Request) -> Iterator[str]:
    # Only a body of a declared length: the client is answered without waiting for what it might still send.
    if not 0 < (request.content_length or 0) <= MAX_BODY:
        return
    try:
        body = read_body(request, MAX_BODY).decode()
        if request.mimetype == FORM:
            yield from _texts(parse_qsl(body, max_num_fields=200), 0)
        else:
            yield from _texts(json.loads(body), 0)
    except (HTTPException, ValueError, RecursionError, OSError):
        return


def _texts(content: object, depth: int, *, named: bool = False) -> Iterator[str]:
    """Each text in fields with one of the names, at any depth."""
    if isinstance(content, (str, int)):
        if named:
            yield str(content)
    elif depth > _DEEPEST:
        return
    elif isinstance(content, dict):
        for name, value in content.items():
            yield from _texts(value, depth + 1, named=named or _is_recipient(name))
    elif isinstance(content, list):
        for each in content:
            yield from _texts(each, depth + 1, named=named)
    elif isinstance(content, tuple):
        yield from _texts(content[1], depth + 1, named=_is_recipient(content[0]))


def _is_recipient(name: str) -> bool:
    return _NAME.fullmatch(re.sub(r"[^a-z]", "", name.lower())) is not None


def _number(text: str) -> str | None:
    written = text.strip().removeprefix("whatsapp:").removeprefix("tel:")
    if not 7 <= len(written) <= _LONGEST:
        return None
    return e164(written if written.startswith("+") else "+" + written.removeprefix("00"))
