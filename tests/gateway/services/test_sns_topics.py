"""Amazon SNS's topics, by its SDK: who subscribed by SMS gets what is published, and each refusal's code and words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from pytest_otp.gateway.services.sns_topics import MOST_TOPICS, Topics
from pytest_otp.gateway.services.sns_xml import SnsError
from tests.gateway.world import HELD, REFUSED, STRAY, World

ARN = "arn:aws:sns:eu-west-1:123456789012:codes"


@pytest.fixture(scope="module")
def session() -> Any:
    import boto3  # type: ignore[import-untyped]

    return boto3.Session("invented", "invented", region_name="eu-west-1")


@pytest.fixture
def client(world: World, session: Any) -> Iterator[Any]:
    """The official SDK."""
    made = session.client("sns", endpoint_url=world.url)
    yield made
    made.close()


def subscribed(client: Any, *numbers: str) -> str:
    topic = client.create_topic(Name="codes")["TopicArn"]
    for number in numbers:
        client.subscribe(TopicArn=topic, Protocol="sms", Endpoint=number)
    return str(topic)


def raw(world: World, **fields: str) -> str:
    answer = world.sns({"Version": "2010-03-31", **fields})
    assert answer.status >= 400
    return answer.raw.decode().partition("<Message>")[2].partition("</Message>")[0]


def test_a_topic_reaches_each_subscriber(world: World, client: Any) -> None:
    """Publishing to the topic delivers at each number that subscribed, and at no other endpoint."""
    topic = subscribed(client, HELD, STRAY)
    assert topic == ARN
    client.subscribe(TopicArn=topic, Protocol="email", Endpoint="me@example.com")
    assert client.publish(TopicArn=topic, Message="Your code is 482913")["MessageId"]
    assert client.publish(TargetArn=topic, Message="Your code is 1234")["MessageId"]
    texts = ["Your code is 482913", "Your code is 1234"]
    assert world.network.taken == [(number, text, None) for text in texts for number in (HELD, STRAY)]


def test_one_number_that_cannot_be_reached_does_not_stop_the_others(world: World, client: Any) -> None:
    """What the network refuses is accepted all the same, as the service accepts it before it delivers."""
    topic = subscribed(client, HELD, STRAY)
    assert client.publish(TopicArn=topic, Message=REFUSED)["MessageId"]
    assert client.publish(TopicArn=topic, Message="x" * 1601)["MessageId"]
    assert world.network.taken == []


def test_a_message_for_each_protocol(world: World, client: Any) -> None:
    """Of a message in JSON, phones get the text for SMS, else the default."""
    topic = subscribed(client, HELD)
    for texts in ({"default": "Hello", "sms": "Your code is 482913"}, {"default": "Your code is 1234"}):
        client.publish(TopicArn=topic, Message=json.dumps(texts), MessageStructure="json")
    assert [text for _, text, _ in world.network.taken] == ["Your code is 482913", "Your code is 1234"]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("{", "JSON message body failed to parse"),
        ("[]", "JSON message body failed to parse"),
        ('{"sms": "Your code is 1"}', "No default entry in JSON message body"),
    ],
)
def test_a_message_for_each_protocol_must_have_a_default(client: Any, message: str, words: str) -> None:
    """JSON that cannot be read or has no default text is refused in the service's words."""
    topic = subscribed(client, HELD)
    with pytest.raises(client.exceptions.InvalidParameterException, match=f"Message Structure - {words}"):
        client.publish(TopicArn=topic, Message=message, MessageStructure="json")


def test_the_display_name_is_in_front(world: World, client: Any) -> None:
    """Ten characters of it, as phones show it; and the attributes of a topic can be read."""
    topic = client.create_topic(Name="codes", Attributes={"DisplayName": "Shop"})["TopicArn"]
    client.subscribe(TopicArn=topic, Protocol="sms", Endpoint=HELD)
    client.publish(TopicArn=topic, Message="Your code is 482913")
    client.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="A longer name")
    client.publish(TopicArn=topic, Message="Your code is 1234")
    texts = [text for _, text, _ in world.network.taken]
    assert texts == ["Shop> Your code is 482913", "A longer n> Your code is 1234"]
    client.subscribe(TopicArn=topic, Protocol="https", Endpoint="https://example.com/")
    attributes = client.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert attributes == {
        "TopicArn": ARN,
        "Owner": "123456789012",
        "DisplayName": "A longer name",
        "SubscriptionsConfirmed": "1",
        "SubscriptionsPending": "1",
        "SubscriptionsDeleted": "0",
    }


def test_subscriptions_are_listed_and_end(world: World, client: Any) -> None:
    """A number is listed once however often it subscribes, and gets nothing once it has unsubscribed."""
    topic = subscribed(client, HELD, HELD, "+44 20 7946 0958")
    first, second = client.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert [first["Endpoint"], second["Endpoint"]] == [HELD, STRAY]
    assert (first["Protocol"], first["TopicArn"], first["Owner"]) == ("sms", ARN, "123456789012")
    assert client.list_subscriptions()["Subscriptions"] == [first, second]
    client.unsubscribe(SubscriptionArn=first["SubscriptionArn"])
    client.unsubscribe(SubscriptionArn=first["SubscriptionArn"])
    assert client.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == [second]
    client.publish(TopicArn=topic, Message="Your code is 482913")
    assert [number for number, _, _ in world.network.taken] == [STRAY]


def test_an_email_address_must_confirm(client: Any) -> None:
    """As with the service, its subscription has no ARN until it does."""
    topic = subscribed(client)
    confirmed = client.subscribe(TopicArn=topic, Protocol="email", Endpoint="me@example.com")
    assert confirmed["SubscriptionArn"] == "pending confirmation"
    (listed,) = client.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert listed["SubscriptionArn"] == "PendingConfirmation"


def test_topics_end_and_belong_to_a_region(world: World, session: Any, client: Any) -> None:
    """Creating a topic again is no error, and neither is deleting one that does not exist."""
    subscribed(client, HELD)
    assert client.create_topic(Name="codes")["TopicArn"] == ARN
    elsewhere = session.client("sns", region_name="cn-north-1", endpoint_url=world.url)
    assert elsewhere.list_topics()["Topics"] == []
    assert elsewhere.create_topic(Name="codes")["TopicArn"] == "arn:aws-cn:sns:cn-north-1:123456789012:codes"
    elsewhere.close()
    client.delete_topic(TopicArn=ARN)
    client.delete_topic(TopicArn=ARN)
    assert client.list_topics()["Topics"] == []
    with pytest.raises(client.exceptions.NotFoundException, match="Topic does not exist"):
        client.publish(TopicArn=ARN, Message="Your code is 482913")


def test_an_arn_of_another_account_names_the_topic(world: World, client: Any) -> None:
    """An application has the ARN of its own account's topic in its settings; a test creates one of that name."""
    subscribed(client, HELD)
    client.publish(TopicArn=ARN.replace("123456789012", "999900001111"), Message="Your code is 482913")
    assert [text for _, text, _ in world.network.taken] == ["Your code is 482913"]


def test_lists_have_pages(client: Any) -> None:
    """The SDK's paginator gets all of them, a hundred at a time."""
    names = [f"topic-{number}" for number in range(101)]
    for name in names:
        client.create_topic(Name=name)
    pages = [page["Topics"] for page in client.get_paginator("list_topics").paginate()]
    assert [len(page) for page in pages] == [100, 1]
    assert {topic["TopicArn"].rpartition(":")[2] for page in pages for topic in page} == set(names)


def test_sms_attributes_are_kept(client: Any) -> None:
    """What an application sets it can read, all or by name."""
    client.set_sms_attributes(attributes={"DefaultSMSType": "Transactional", "DefaultSenderID": "Shop"})
    assert client.get_sms_attributes(attributes=["DefaultSenderID"])["attributes"] == {"DefaultSenderID": "Shop"}
    assert len(client.get_sms_attributes()["attributes"]) == 2


SHORT_ARN = "Reason: An ARN must have at least 6 elements, not 1"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"Action": "CreateTopic", "Name": "no spaces"}, "Topic Name"),
        ({"Action": "Publish", "TopicArn": "codes", "Message": "x"}, f"TopicArn {SHORT_ARN}"),
        (
            {"Action": "Subscribe", "TopicArn": ARN, "Protocol": "fax", "Endpoint": "1"},
            "Amazon SNS does not support this protocol string: fax",
        ),
        ({"Action": "Subscribe", "TopicArn": ARN, "Protocol": "sms"}, "Endpoint must be specified"),
        ({"Action": "Subscribe", "TopicArn": ARN, "Protocol": "sms", "Endpoint": "12"}, "Invalid SMS endpoint: 12"),
        ({"Action": "Unsubscribe", "SubscriptionArn": "x"}, f"SubscriptionArn {SHORT_ARN}"),
        ({"Action": "SetTopicAttributes", "TopicArn": ARN}, "AttributeName"),
        ({"Action": "ListTopics", "NextToken": "x"}, "NextToken Reason: invalid token"),
    ],
)
def test_refusals_are_in_the_services_words(world: World, fields: dict[str, str], message: str) -> None:
    """Each names the parameter that is wrong."""
    assert raw(world, **fields) == f"Invalid parameter: {message}"


def test_only_a_topic_that_exists_can_be_subscribed_to(world: World) -> None:
    """Otherwise it is not found."""
    fields = {"Action": "Subscribe", "TopicArn": ARN, "Protocol": "sms", "Endpoint": HELD}
    assert raw(world, **fields) == "Topic does not exist"


def test_a_gateway_keeps_so_many_topics_and_subscriptions() -> None:
    """Beyond it a request is refused with the code for the account's limit."""
    topics = Topics()
    create, subscribe = topics.actions["CreateTopic"], topics.actions["Subscribe"]
    for number in range(MOST_TOPICS):
        create({"Name": [f"topic-{number}"]}, "eu-west-1")
    with pytest.raises(SnsError, match="Topic limit exceeded"):
        create({"Name": ["one-more"]}, "eu-west-1")
    arn = ["arn:aws:sns:eu-west-1:123456789012:topic-0"]
    for number in range(MOST_TOPICS):
        subscribe({"TopicArn": arn, "Protocol": ["sqs"], "Endpoint": [str(number)]}, "eu-west-1")
    with pytest.raises(SnsError, match="Subscription limit exceeded"):
        subscribe({"TopicArn": arn, "Protocol": ["sms"], "Endpoint": [HELD]}, "eu-west-1")
