"""The text of a WhatsApp template, as Vonage's Messages API is given one.

    {"message_type": "template", "whatsapp": {…}, "template": {"name": …, "parameters": […]}}
    {"message_type": "custom", "custom": {"type": "template", "template": {"name": …, "components": […]}}}

Source: https://developer.vonage.com/en/messages/concepts/whatsapp. A template's own words are stored at WhatsApp; the
text is its name and its parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..http import is_writable

TEMPLATES = ("template", "custom")
"""Kinds of messages that are templates."""


def template_text(content: Mapping[str, object], kind: str) -> str | None:
    """The text of a message of one of the kinds `TEMPLATES`; None if it names no template."""
    template = _mapping(content.get("template" if kind == "template" else "custom"))
    if kind == "custom":
        template = _mapping(template.get("template"))
    name = template.get("name")
    if not isinstance(name, str) or not name.strip():
        return None
    parameters = _texts(template.get("parameters")) if kind == "template" else _body(template.get("components"))
    text = f"{name.rpartition(':')[2]}: {', '.join(parameters)}"
    return text if is_writable(text) else None


def _body(components: object) -> Iterator[str]:
    for component in map(_mapping, components if isinstance(components, list) else []):
        # The parameters of a button repeat the code.
        if str(component.get("type", "")).lower() == "body":
            yield from _texts(component.get("parameters"))


def _texts(parameters: object) -> Iterator[str]:
    """Parameters are plain texts, or objects with a text or a default."""
    for parameter in parameters if isinstance(parameters, list) else []:
        value = _mapping(parameter).get("text", _mapping(parameter).get("default", parameter))
        if isinstance(value, (str, int)):
            yield str(value)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
