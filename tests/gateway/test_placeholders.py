"""Paths with placeholders, and answers with placeholders."""

from __future__ import annotations

import pytest

from pytest_otp.gateway.placeholders import PathTemplate, placeholders, rendered

VALUES = {"id": "7", "to": "+12015550123", "parts": 2, "nothing": None, "list": [1, "a"], "word": "a{id}b"}


@pytest.mark.parametrize(
    ("template", "path", "found"),
    [
        ("/v2/messages", "/v2/messages", {}),
        ("/v2/messages", "/v2/messages/", None),
        ("/v2/messages", "/V2/messages", None),
        ("/v1/Account/{id}/Message/", "/v1/Account/MA1/Message/", {"id": "MA1"}),
        ("/v1/Account/{id}/Message/", "/v1/Account//Message/", None),
        ("/v1/Account/{id}/Message/", "/v1/Account/a/b/Message/", None),
        ("/a/{sid}.json", "/a/SM1.json", {"sid": "SM1"}),
        ("/a/{sid}.json", "/a/.json", None),
        ("/a/x{sid}", "/a/x", None),
        ("/{one}/{two}", "/é/.*", {"one": "é", "two": ".*"}),
        ("/(a+)+$", "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", None),
        ("/", "/", {}),
    ],
)
def test_paths(template: str, path: str, found: dict[str, str] | None) -> None:
    """A placeholder stands for a part of a segment that is not empty; all else is meant literally."""
    assert PathTemplate.parse(template).match(path) == found


@pytest.mark.parametrize("template", ["/v2/messages", "/{one}/{two}/x", "/a/{sid}.json"])
def test_a_sample_matches(template: str) -> None:
    """The sample of a path is one that it matches."""
    parsed = PathTemplate.parse(template)
    assert parsed.match(parsed.sample) == dict.fromkeys(parsed.names, "x")


@pytest.mark.parametrize(
    "template",
    [
        None,
        "",
        "v2",
        "/a b",
        "/a?b",
        "/a#b",
        "/a\\b",
        "/\n",
        "/{}",
        "/{a b}",
        "/{a",
        "/a}",
        "/{a}{b}",
        "/{a}/{a}",
        "/" + "x" * 300,
        "//send",
        "//[{a}",
    ],
)
def test_what_is_no_path(template: object) -> None:
    """Anything else is refused."""
    with pytest.raises(ValueError, match="no path"):
        PathTemplate.parse(template)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("no placeholder", "no placeholder"),
        ("{id}", "7"),
        ("{parts}", 2),
        ("{list}", [1, "a"]),
        ("{nothing}", None),
        ("<{nothing}>", "<>"),
        ("{parts} of {id}", "2 of 7"),
        ("{to|digits}", "12015550123"),
        ("{to|int}", 12015550123),
        ("{nothing|int}", None),
        ("{word|int}", None),
        ("{{id}} {word}", "{id} a{id}b"),
        ({"a": ["{id}", {"{id}": "{parts}"}], "b": 1, "c": None}, {"a": ["7", {"7": 2}], "b": 1, "c": None}),
    ],
)
def test_rendering(template: object, text: object) -> None:
    """A placeholder alone keeps its type, in a text it is written out, and what a value holds is not read again."""
    assert rendered(template, VALUES.__getitem__) == text


def test_placeholders() -> None:
    """The placeholders of a template, in keys and lists too."""
    template = {"{a}": ["{b} and {c|int}", {"d": "{{e}}"}], "f": 1}
    assert list(placeholders(template)) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{a", "'{a': a brace without its partner; write two for one"),
        ("a}", "'a}': a brace without its partner; write two for one"),
        ({"x": ["{a|upper}"]}, "{a|upper}: unknown filter 'upper'; choose from int, digits"),
    ],
)
def test_broken_templates(template: object, words: str) -> None:
    """The error quotes what is wrong."""
    with pytest.raises(ValueError, match=r"brace|filter") as caught:
        list(placeholders(template))
    assert str(caught.value) == words
