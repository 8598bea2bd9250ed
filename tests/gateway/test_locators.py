"""Where a described service finds its values."""

from __future__ import annotations

import pytest

from pytest_otp.gateway.locators import Content, Locator

BODY = {
    "to": ["+1", "+2"],
    "a.b": "dotted",
    "none": None,
    "messages": [
        {"text": "one", "to": [{"number": "11"}, {"number": "12"}]},
        {"text": "two", "to": [{"number": "21"}]},
        "no object",
        {"to": []},
    ],
}
CONTENT = Content(
    json=BODY,
    form={"To": ["1", "2"]},
    query={"key": ["k"]},
    path={"account": "AC1"},
    headers={"x-sender": "Shop"},
)


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("json:to", [["+1", "+2"]]),
        ("json:to[]", ["+1", "+2"]),
        ("json:to[1]", ["+2"]),
        ("json:to[7]", []),
        ("json:messages[].text", ["one", "two"]),
        ("json:messages[].to[].number", ["11", "12", "21"]),
        ("json:messages[0].to[1].number", ["12"]),
        ("json:/messages/0/to/1/number", ["12"]),
        ("json:/a.b", ["dotted"]),
        ("json:none", []),
        ("json:to.number", []),
        ("json:missing.at.all", []),
        ("form:To", ["1", "2"]),
        ("form:to", []),
        ("query:key", ["k"]),
        ("path:account", ["AC1"]),
        ("path:other", []),
        ("header:X-Sender", ["Shop"]),
    ],
)
def test_all_values(written: str, values: list[object]) -> None:
    """Every value that is there is found, in order; a missing one and null are none."""
    assert [found.value for found in Locator.parse(written).all(CONTENT)] == values


def test_values_beside_others() -> None:
    """The text of a message belongs to the numbers of the same message, and a text outside of lists to all."""
    found = Locator.parse("json:messages[].to[].number").all(CONTENT)
    text = Locator.parse("json:messages[].text")
    assert [(each.value, text.beside(CONTENT, each.items)) for each in found] == [
        ("11", "one"),
        ("12", "one"),
        ("21", "two"),
    ]
    assert [Locator.parse("header:x-sender").beside(CONTENT, each.items) for each in found] == ["Shop"] * 3
    assert Locator.parse("json:missing").beside(CONTENT, (0, 0)) is None


@pytest.mark.parametrize(
    "written",
    [
        None,
        7,
        "",
        "to",
        "json:",
        "json: ",
        "xml:to",
        "JSON:to",
        "json:a..b",
        "json:a[",
        "json:a[]b",
        "json:a[-1]",
        "json:a[99999]",
        "json:[].to",
        "json:/a//b",
        "json:" + ".a" * 300,
        "json:" + ".".join("a" * 21),
        "form:a\nb",
    ],
)
def test_what_is_no_locator(written: object) -> None:
    """Anything else is refused, not guessed."""
    with pytest.raises(ValueError, match="no locator"):
        Locator.parse(written)
