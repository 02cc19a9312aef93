"""A timeline says in words what happened, and leaves out what only programs read."""

import pytest

from contacts.models import Event
from contacts.remembering import remembering
from contacts.telling import tell
from tests import make
from tests.make import NOW


def told(name: str, properties: dict) -> tuple[str, list[tuple[str, str]]]:
    line = tell(Event(name=name, properties=properties, at=NOW))
    return line.sentence, line.details


def test_what_waypost_recorded_is_told_without_its_ids():
    sent = {"origin": "scenario:1:n2", "message": 7, "provider": 1, "subject": "Hello"}
    assert told("email.sent", sent) == ("Email sent", [("subject", "Hello")])
    assert told("tag.added", {"tag": "vip", "source": "import"}) == ("Tag “vip” added", [("source", "import")])


def test_an_event_of_ones_own_is_told_whole():
    assert told("order.placed", {"origin": "shop", "message": 7}) == (
        "order.placed",
        [("origin", "shop"), ("message", "7")],
    )


@pytest.mark.django_db
def test_a_topic_is_called_what_it_is_called_now_else_what_it_was_else_by_its_key():
    make.topic("news", "Product news")
    said = {"topic": "news", "topic_name": "Old news", "channel": "sms", "source": "page"}
    assert told("topic.subscribed", said) == ("Subscribed to the topic “Product news” by SMS", [("source", "page")])
    gone = {"topic": "gone", "topic_name": "Old news", "channel": "email"}
    assert told("topic.unsubscribed", gone) == ("Unsubscribed from the topic “Old news” by email", [])
    assert told("topic.unsubscribed", {"topic": "gone"})[0] == "Unsubscribed from the topic “gone” by …"


@pytest.mark.django_db
def test_what_was_changed_is_told_in_words():
    make.topic("news", "Product news")
    changed = ["consent.sms", "topics.news.email", "topics.gone.sms", "timezone", "attributes.city"]
    assert told("contact.updated", {"changed": changed})[1] == [
        (
            "changed",
            "consent to SMS, consent to “Product news” by email, consent to “gone” by SMS, time zone, city",
        )
    ]


@pytest.mark.django_db
def test_a_timeline_asks_once_what_topics_are_called(django_assert_num_queries):
    make.topic("news", "Product news")
    event = Event(name="topic.subscribed", properties={"topic": "news", "channel": "email"}, at=NOW)
    with django_assert_num_queries(1), remembering():
        assert {tell(event).sentence for _ in range(30)} == {"Subscribed to the topic “Product news” by email"}
