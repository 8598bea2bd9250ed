"""Amazon SNS's answers and errors in XML, as AWS's query protocol has them.

Sources: as in `sns`.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from xml.sax.saxutils import escape

from werkzeug.wrappers import Response

NAMESPACE = "http://sns.amazonaws.com/doc/2010-03-31/"


class SnsError(Exception):
    """Raised if a request is to be answered with an error."""

    def __init__(self, status: int, code: str, message: str, *, fault: str = "Sender") -> None:
        super().__init__(message)
        self._status, self._code, self._message, self._fault = status, code, message, fault

    def response(self) -> Response:
        """The error as the service answers it."""
        error = f"<Type>{self._fault}</Type><Code>{self._code}</Code><Message>{text(self._message)}</Message>"
        content = f"<Error>{error}</Error><RequestId>{uuid.uuid4()}</RequestId>"
        return _xml("ErrorResponse", content, self._status)


def invalid(what: str) -> SnsError:
    """The error for a parameter."""
    return SnsError(400, "InvalidParameter", f"Invalid parameter: {what}")


def no_value(member: str) -> SnsError:
    """The error for a parameter that is missing, by its name in the service's model."""
    message = f"1 validation error detected: Value null at '{member}' failed to satisfy constraint: "
    return SnsError(400, "ValidationError", message + "Member must not be null")


def result(action: str, content: str | None) -> Response:
    """The answer to an action; None for one whose answer has no result."""
    wrapped = "" if content is None else f"<{action}Result>{content}</{action}Result>"
    metadata = f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata>"
    return _xml(f"{action}Response", wrapped + metadata, 200)


def element(name: str, content: str) -> str:
    """An element with a text."""
    return f"<{name}>{text(content)}</{name}>"


def members(name: str, contents: Iterable[str]) -> str:
    """A list: an element with a `member` for each content, which is XML already."""
    return f"<{name}>{''.join(f'<member>{content}</member>' for content in contents)}</{name}>"


def entries(name: str, values: Iterable[tuple[str, str]]) -> str:
    """A map: an element with an `entry` for each key and value."""
    content = "".join(f"<entry>{element('key', key)}{element('value', value)}</entry>" for key, value in values)
    return f"<{name}>{content}</{name}>"


def text(content: str) -> str:
    """A text in XML, which allows most control characters in no form, not even escaped."""
    return escape(re.sub(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", content))


def _xml(root: str, content: str, status: int) -> Response:
    return Response(f'<{root} xmlns="{NAMESPACE}">{content}</{root}>', status, content_type="text/xml")
