"""Twilio's messages by the official SDK: lists, redaction, content templates; and the magic numbers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from pytest_otp.clock import utc_now
from pytest_otp.errors import SettingsError
from pytest_otp.gateway.app import Gateway
from pytest_otp.gateway.templates import Templates
from pytest_otp.server.server import Server
from tests.gateway.world import ACCOUNT, HELD, STRAY, Network, World

TEMPLATE = "HX" + "0" * 32


@pytest.fixture
def templates() -> Templates:
    return Templates()


@pytest.fixture
def world(templates: Templates) -> Iterator[World]:
    network = Network()
    gateway = Gateway(network, templates=templates)
    with Server(gateway) as server:
        yield World(server.url, network, gateway, [])


@pytest.fixture
def client(world: World) -> Any:
    from twilio.rest import Client  # type: ignore[import-untyped]

    client = Client(ACCOUNT, "token")
    client.api.base_url = client.content.base_url = world.url
    return client


def sent(client: Any, text: str, to: str = HELD, from_: str = "Shop") -> Any:
    return client.messages.create(to=to, from_=from_, body=text)


def bodies(messages: list[Any]) -> list[str]:
    return [message.body for message in messages]


class TestList:
    """Listing what was sent."""

    def test_the_newest_comes_first(self, client: Any) -> None:
        """All messages of the account are listed, as they are now."""
        for text in ("first", "second"):
            sent(client, text)
        messages = client.messages.list()
        assert bodies(messages) == ["second", "first"]
        assert {message.status for message in messages} == {"delivered"}

    def test_filters(self, client: Any) -> None:
        """Messages are found by their number, their sender and their date."""
        sent(client, "to the held number")
        sent(client, "to another", to=STRAY)
        sent(client, "from another", from_="Bank")
        now = utc_now()
        assert bodies(client.messages.list(to=STRAY)) == ["to another"]
        assert bodies(client.messages.list(to=HELD, from_="Bank")) == ["from another"]
        assert len(client.messages.list(date_sent_after=now - timedelta(hours=1))) == 3
        assert client.messages.list(date_sent_after=now + timedelta(hours=1)) == []
        assert len(client.messages.list(date_sent_before=now + timedelta(hours=1))) == 3
        assert client.messages.list(date_sent=(now - timedelta(days=2)).date()) == []

    def test_pages(self, client: Any) -> None:
        """Pages follow one another without gaps, also when messages are sent meanwhile."""
        for number in range(5):
            sent(client, str(number))
        page = client.messages.page(page_size=2)
        assert bodies(list(page)) == ["4", "3"]
        sent(client, "in between")
        page = page.next_page()
        assert bodies(list(page)) == ["2", "1"]
        page = page.next_page()
        assert bodies(list(page)) == ["0"]
        assert page.next_page() is None
        assert bodies(client.messages.list(page_size=2)) == ["in between", "4", "3", "2", "1", "0"]
        assert bodies(client.messages.list(page_size=2, limit=3)) == ["in between", "4", "3"]

    @pytest.mark.parametrize(
        ("query", "code", "message"),
        [
            ("PageSize=0", 20006, "PageSize is not valid: 0"),
            ("Page=x", 20006, "Page is not valid: x"),
            ("DateSent%3E=yesterday", 20001, "DateSent is not a date: yesterday"),
        ],
    )
    def test_queries_that_are_not_valid(self, world: World, client: Any, query: str, code: int, message: str) -> None:
        """A filter that cannot be read is refused."""
        sent(client, "something")
        headers = {"Authorization": "Basic " + "QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDp0b2tlbg=="}
        answer = world.ask("GET", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?{query}", headers=headers)
        assert (answer.status, answer.json["code"], answer.json["message"]) == (400, code, message)

    def test_another_account(self, world: World, client: Any) -> None:
        """An account sees its own messages only."""
        from twilio.rest import Client

        sent(client, "mine")
        other = Client("AC" + "1" * 32, "token")
        other.api.base_url = world.url
        assert other.messages.list() == []


class TestChanges:
    """What can be changed of a message."""

    def test_a_body_is_redacted(self, client: Any) -> None:
        """An empty body takes the text out of the stored message."""
        message = sent(client, "482913 is your code")
        assert message.update(body="").body == ""
        assert message.fetch().body == ""

    def test_nothing_else_changes(self, client: Any) -> None:
        """Another text is refused."""
        from twilio.base.exceptions import TwilioRestException  # type: ignore[import-untyped]

        with pytest.raises(TwilioRestException, match="its Body can only be made empty"):
            sent(client, "482913 is your code").update(body="something else")

    def test_a_message_is_deleted(self, client: Any) -> None:
        """A deleted message is gone."""
        from twilio.base.exceptions import TwilioRestException

        message = sent(client, "482913 is your code")
        assert message.delete()
        with pytest.raises(TwilioRestException, match="was not found"):
            message.fetch()


class TestTemplates:
    """Messages whose text is a content template."""

    def create(self, client: Any, body: str, variables: dict[str, str] | None = None) -> Any:
        from twilio.rest.content.v1.content import ContentList  # type: ignore[import-untyped]

        types = {"twilio/text": {"body": body}}
        request = ContentList.ContentCreateRequest({"language": "en", "variables": variables, "types": types})
        return client.content.v1.contents.create(request)

    def test_one_that_the_application_created(self, world: World, client: Any) -> None:
        """It is sent with its variables in place; those that are missing have their default."""
        content = self.create(client, "{{1}} is your code for {{ shop }}, {{2}}", {"1": "000000", "shop": "Harbour"})
        assert content.sid.startswith("HX")
        client.messages.create(to=HELD, from_="Shop", content_sid=content.sid, content_variables='{"1": "482913"}')
        assert world.network.taken == [(HELD, "482913 is your code for Harbour, {{2}}", "Shop")]
        assert client.messages.list()[0].body == "482913 is your code for Harbour, {{2}}"

    def test_it_is_fetched_listed_and_deleted(self, client: Any) -> None:
        """The Content API knows what was created."""
        from twilio.base.exceptions import TwilioRestException

        content = self.create(client, "{{1}} is your code")
        assert client.content.v1.contents(content.sid).fetch().types["twilio/text"] == {"body": "{{1}} is your code"}
        assert [each.sid for each in client.content.v1.contents.list()] == [content.sid]
        assert client.content.v1.contents(content.sid).delete()
        with pytest.raises(TwilioRestException, match="was not found"):
            client.content.v1.contents(content.sid).fetch()
        assert client.content.v1.contents.list() == []

    @pytest.mark.parametrize("body", ["", " "])
    def test_one_without_a_text(self, client: Any, body: str) -> None:
        """A template without a text is refused."""
        from twilio.base.exceptions import TwilioRestException

        with pytest.raises(TwilioRestException, match="types must have a type with a body"):
            self.create(client, body)

    def test_one_that_a_test_declared(self, world: World, client: Any, templates: Templates) -> None:
        """The text of a template that is stored at Twilio is what a test says it is."""
        templates.add(TEMPLATE, "{{1}} is your code")
        client.messages.create(to=HELD, from_="Shop", content_sid=TEMPLATE, content_variables='{"1": "482913"}')
        assert world.network.taken == [(HELD, "482913 is your code", "Shop")]

    @pytest.mark.parametrize("variables", ["nonsense", "[1]", "[" * 10_000, '{"1": "\\ud800"}'])
    def test_variables_that_are_none(self, client: Any, templates: Templates, variables: str) -> None:
        """ContentVariables must be a JSON object."""
        from twilio.base.exceptions import TwilioRestException

        templates.add(TEMPLATE, "{{1}} is your code")
        with pytest.raises(TwilioRestException, match="ContentVariables Parameter is invalid") as caught:
            client.messages.create(to=HELD, from_="Shop", content_sid=TEMPLATE, content_variables=variables)
        assert caught.value.code == 21656

    @pytest.mark.parametrize(
        ("sid", "body", "message"),
        [
            ("HX1", "text", "invalid template ID 'HX1': expected HX and 32 hexadecimal digits"),
            (None, "text", "invalid template ID None: expected HX and 32 hexadecimal digits"),
            (TEMPLATE, " ", "the text of a template must not be empty; got ' '"),
            (TEMPLATE, None, "the text of a template must not be empty; got None"),
        ],
    )
    def test_what_cannot_be_declared(self, templates: Templates, sid: object, body: object, message: str) -> None:
        """A wrong ID and an empty text are SettingsErrors."""
        with pytest.raises(SettingsError, match=f"^{message}$"):
            templates.add(sid, body)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"To": "+15005550001"}, 21211),
        ({"To": "+15005550002"}, 21612),
        ({"To": "+15005550003"}, 21408),
        ({"To": "+15005550004"}, 21610),
        ({"To": "+15005550009"}, 21614),
        ({"From": "+15005550001"}, 21212),
        ({"From": "+15005550007"}, 21606),
        ({"From": "+15005550008"}, 21611),
    ],
)
def test_magic_numbers(world: World, fields: dict[str, str], code: int) -> None:
    """The numbers that Twilio documents for tests fail as it documents, and nothing is sent."""
    answer = world.twilio({"To": HELD, "From": "+15005550006", "Body": "hi"} | fields)
    assert (answer.status, answer.json["code"]) == (400, code)
    assert world.network.taken == []


def test_the_magic_number_that_is_valid(world: World) -> None:
    """A message from +15005550006 is sent."""
    assert world.twilio({"To": HELD, "From": "+15005550006", "Body": "hi"}).status == 201
