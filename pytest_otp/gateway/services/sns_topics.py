"""Amazon SNS's topics and their subscriptions. Those by SMS are delivered to; others are kept, but get nothing.

    CreateTopic, DeleteTopic, ListTopics, GetTopicAttributes, SetTopicAttributes
    Subscribe, Unsubscribe, ListSubscriptions, ListSubscriptionsByTopic

Sources: as in `sns`, and https://docs.aws.amazon.com/sns/latest/dg/sms_publish-to-topic.html: the topic's display name
is put in front of each SMS.
"""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ...phone import e164
from ..http import Fields, first
from .aws_common import ACCOUNT, arn
from .sns_xml import SnsError, element, entries, invalid, members

MOST_TOPICS = 1000
"""Topics of a gateway, and subscriptions of a topic."""

_PAGE = 100
_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}")
_PROTOCOLS = ("http", "https", "email", "email-json", "sms", "sqs", "application", "lambda", "firehose")
_CONFIRMED_BY_ENDPOINT = ("http", "https", "email", "email-json")
_PENDING = "pending confirmation"
_DISPLAY_NAME = "DisplayName"
_SHOWN_OF_DISPLAY_NAME = 10


@dataclass(slots=True)
class Subscription:
    """One subscription of a topic."""

    protocol: str
    endpoint: str
    """The number in E.164 form if the protocol is `sms`."""
    arn: str


@dataclass(slots=True)
class Topic:
    """A topic."""

    arn: str
    attributes: dict[str, str] = field(default_factory=dict)
    subscriptions: list[Subscription] = field(default_factory=list)

    def worded(self, text: str) -> str:
        """A message as subscribers by SMS get it."""
        name = self.attributes.get(_DISPLAY_NAME, "")[:_SHOWN_OF_DISPLAY_NAME]
        return f"{name}> {text}" if name else text


class Topics:
    """The topics of a gateway, by region and name; safe to use from several threads.

    A topic is found whatever account its ARN names: an application has that of its own account in its settings.
    """

    def __init__(self) -> None:
        self._topics: dict[tuple[str, str], Topic] = {}
        self._lock = threading.Lock()
        self.actions: Mapping[str, Callable[[Fields, str], str | None]] = {
            "CreateTopic": self._create,
            "DeleteTopic": self._delete,
            "ListTopics": self._list,
            "GetTopicAttributes": self._attributes,
            "SetTopicAttributes": self._set_attribute,
            "Subscribe": self._subscribe,
            "Unsubscribe": self._unsubscribe,
            "ListSubscriptions": self._subscriptions,
            "ListSubscriptionsByTopic": self._subscriptions_of_topic,
        }
        """What each action answers, given the fields and the region of a request. Each may raise `SnsError`."""

    def numbers(self, topic_arn: str) -> tuple[Topic, list[str]]:
        """A topic, and the numbers that subscribed to it. Raises `SnsError`."""
        with self._lock:
            topic = self._found(topic_arn)
            return topic, [each.endpoint for each in topic.subscriptions if each.protocol == "sms"]

    def _create(self, fields: Fields, region: str) -> str:
        name = first(fields, "Name")
        if not _NAME.fullmatch(name):
            raise invalid("Topic Name")
        with self._lock:
            topic = self._topics.get((region, name))
            if topic is None:
                if len(self._topics) >= MOST_TOPICS:
                    raise SnsError(403, "TopicLimitExceeded", "Topic limit exceeded")
                topic = self._topics[region, name] = Topic(arn("sns", region, name))
            topic.attributes.update(_attributes_in(fields))
        return element("TopicArn", topic.arn)

    def _delete(self, fields: Fields, region: str) -> None:
        with self._lock:
            self._topics.pop(_key(first(fields, "TopicArn")), None)

    def _list(self, fields: Fields, region: str) -> str:
        with self._lock:
            found = [topic.arn for (where, _), topic in self._topics.items() if where == region]
        return _page("Topics", [element("TopicArn", each) for each in found], first(fields, "NextToken"))

    def _attributes(self, fields: Fields, region: str) -> str:
        with self._lock:
            topic = self._found(first(fields, "TopicArn"))
            pending = sum(each.arn == _PENDING for each in topic.subscriptions)
            counts = {
                "SubscriptionsConfirmed": str(len(topic.subscriptions) - pending),
                "SubscriptionsPending": str(pending),
                "SubscriptionsDeleted": "0",
            }
            values = {"TopicArn": topic.arn, "Owner": ACCOUNT, _DISPLAY_NAME: "", **topic.attributes, **counts}
        return entries("Attributes", values.items())

    def _set_attribute(self, fields: Fields, region: str) -> None:
        name = first(fields, "AttributeName")
        if not name:
            raise invalid("AttributeName")
        with self._lock:
            self._found(first(fields, "TopicArn")).attributes[name] = first(fields, "AttributeValue")

    def _subscribe(self, fields: Fields, region: str) -> str:
        protocol, endpoint = first(fields, "Protocol"), first(fields, "Endpoint")
        if protocol not in _PROTOCOLS:
            raise invalid(f"Amazon SNS does not support this protocol string: {protocol}")
        if not endpoint:
            raise invalid("Endpoint must be specified")
        if protocol == "sms":
            endpoint = _number(endpoint)
        with self._lock:
            topic = self._found(first(fields, "TopicArn"))
            same = (each for each in topic.subscriptions if (each.protocol, each.endpoint) == (protocol, endpoint))
            subscription = next(same, None)
            if subscription is None:
                if len(topic.subscriptions) >= MOST_TOPICS:
                    raise SnsError(403, "SubscriptionLimitExceeded", "Subscription limit exceeded")
                confirmed = protocol not in _CONFIRMED_BY_ENDPOINT
                subscription = Subscription(
                    protocol, endpoint, f"{topic.arn}:{uuid.uuid4()}" if confirmed else _PENDING
                )
                topic.subscriptions.append(subscription)
        return element("SubscriptionArn", subscription.arn)

    def _unsubscribe(self, fields: Fields, region: str) -> None:
        wanted = first(fields, "SubscriptionArn")
        _checked_arn(wanted, "SubscriptionArn")
        with self._lock:
            for topic in self._topics.values():
                topic.subscriptions = [each for each in topic.subscriptions if each.arn != wanted]

    def _subscriptions(self, fields: Fields, region: str) -> str:
        with self._lock:
            topics = [topic for (where, _), topic in self._topics.items() if where == region]
            return _subscription_page(topics, first(fields, "NextToken"))

    def _subscriptions_of_topic(self, fields: Fields, region: str) -> str:
        with self._lock:
            return _subscription_page([self._found(first(fields, "TopicArn"))], first(fields, "NextToken"))

    def _found(self, topic_arn: str) -> Topic:
        topic = self._topics.get(_key(topic_arn))
        if topic is None:
            raise SnsError(404, "NotFound", "Topic does not exist")
        return topic


def _subscription_page(topics: Iterable[Topic], token: str) -> str:
    found = [
        element("TopicArn", topic.arn)
        + element("Protocol", each.protocol)
        + element("SubscriptionArn", "PendingConfirmation" if each.arn == _PENDING else each.arn)
        + element("Owner", ACCOUNT)
        + element("Endpoint", each.endpoint)
        for topic in topics
        for each in topic.subscriptions
    ]
    return _page("Subscriptions", found, token)


def _page(name: str, contents: list[str], token: str) -> str:
    """One page of a list. A token is where its page starts."""
    if token and not token.isdecimal():
        raise invalid("NextToken Reason: invalid token")
    start = int(token or 0)
    more = element("NextToken", str(start + _PAGE)) if len(contents) > start + _PAGE else ""
    return members(name, contents[start : start + _PAGE]) + more


def _key(topic_arn: str) -> tuple[str, str]:
    parts = _checked_arn(topic_arn, "TopicArn")
    return parts[3], parts[5]


def _checked_arn(written: str, parameter: str) -> list[str]:
    parts = written.split(":")
    if len(parts) < 6:
        raise invalid(f"{parameter} Reason: An ARN must have at least 6 elements, not {len(parts)}")
    return parts


def _attributes_in(fields: Fields) -> dict[str, str]:
    found = (re.fullmatch(r"Attributes\.entry\.([0-9]{1,3})\.key", name) for name in fields)
    numbers = [match[1] for match in found if match]
    return {
        first(fields, f"Attributes.entry.{number}.key"): first(fields, f"Attributes.entry.{number}.value")
        for number in numbers
    }


def _number(written: str) -> str:
    number = e164(written) if written.startswith("+") else None
    if number is None:
        raise invalid(f"Invalid SMS endpoint: {written}")
    return number
