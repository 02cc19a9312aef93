"""Contacts say yes or no to topics; all that was ever said is kept, with its proof."""

import importlib
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection

from contacts import consent, consent_history, saving, topic_consent, topics
from contacts.consent import Proof
from contacts.models import Contact, Event, Installation, PastConsent, Topic, TopicConsent
from contacts.segments.compiler import where
from contacts.segments.matching import Matches
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def say(contact: Contact, topic: Topic, state: str, minutes: int = 0, channel: str = "email") -> list[int]:
    return topic_consent.say([contact.pk], topic, channel, state, "page", NOW + minutes * MINUTE, Proof("ada"))


@pytest.mark.parametrize(
    ("policy", "refused"),
    [("opt_out", {"unsubscribed", "pending"}), ("opt_in", {"unsubscribed", "pending", "unknown", "nothing"})],
)
def test_the_policy_of_a_topic_decides_about_those_who_said_nothing(policy, refused, django_assert_num_queries):
    news = make.topic(policy=policy)
    people = {state: make.contact(f"{state}@x.com") for state in ("subscribed", "unsubscribed", "unknown", "pending")}
    for state, person in people.items():
        say(person, news, state)
    people["nothing"] = make.contact("nothing@x.com")
    ids = [person.pk for person in people.values()]
    with django_assert_num_queries(1):
        found = consent.refusals("email", ids, "news")
    assert found == {people[state].pk: "not subscribed to the topic" for state in refused}
    assert consent.refusals("email", ids) == {}
    assert consent.refusals("sms", ids, "news").keys() == ({*ids} if policy == "opt_in" else set())


def test_the_channel_comes_before_the_topic_and_suppression_before_both(django_assert_num_queries):
    make.topic()
    ada, bob, eve = (make.contact(f"{name}@{name}.com").pk for name in ("ada", "bob", "eve"))
    consent.set_state([ada, bob], "email", "unsubscribed", "page", NOW)
    consent.suppress("email", ["@BOB.com"], "list", NOW)
    consent.suppress("email", ["@ve.com", "@mail.eve.com"], "list", NOW)
    asked = [(pk, topic) for pk in (ada, bob, eve) for topic in ("", "news", consent.ASKING)]
    with django_assert_num_queries(1):
        found = consent.refused("email", asked)
    assert found == {
        **{(ada, topic): "no consent" for topic in ("", "news")},
        **{(bob, topic): "suppressed" for topic in ("", "news", consent.ASKING)},
    }


def test_who_is_asked_is_not_written_to_also_where_everybody_else_is():
    ada, bob = make.contact("ada@example.com").pk, make.contact("bob@example.com").pk
    consent.set_state([ada], "email", "subscribed", "page", NOW)
    assert consent.set_state([ada, bob], "email", "pending", "asked", NOW) == [bob]
    assert consent.refusals("email", [ada, bob]) == {bob: "no consent"}


def test_what_is_said_of_a_topic_stands_on_the_timeline_once():
    ada, news = make.contact("ada@example.com"), make.topic()
    assert say(ada, news, "unsubscribed") == [ada.pk]
    assert say(ada, news, "unsubscribed") == []
    say(ada, news, "subscribed", channel="sms")
    events = Event.objects.order_by("id").values_list("name", "properties")
    assert list(events) == [
        ("topic.unsubscribed", {"topic": "news", "topic_name": "News", "channel": "email", "source": "page"}),
        ("topic.subscribed", {"topic": "news", "topic_name": "News", "channel": "sms", "source": "page"}),
    ]


def test_nothing_that_was_ever_said_is_lost(django_assert_num_queries):
    ada, news = make.contact("ada@example.com"), make.topic()
    by = Proof("API key Shop", {"ip": "192.0.2.7"})
    saving.update(ada, {"consent": {"email": "subscribed"}}, NOW, "api", proof=by)
    say(ada, news, "subscribed", 1)
    say(ada, news, "unsubscribed", 2)
    consent.set_state([ada.pk], "email", "unsubscribed", "unsubscribe page", NOW + 3 * MINUTE)
    saving.upsert([{"email": "ada@example.com", "consent": {"email": "subscribed"}}], NOW + 4 * MINUTE, "api")
    with django_assert_num_queries(1):
        told = consent_history.told(ada.pk)
    assert [(entry.topic, entry.was, entry.state, entry.source) for entry in told] == [
        ("", "unsubscribed", "subscribed", "api"),
        ("", "subscribed", "unsubscribed", "unsubscribe page"),
        ("news", "subscribed", "unsubscribed", "page"),
        ("news", "unknown", "subscribed", "page"),
        ("", "unknown", "subscribed", "api"),
    ]
    assert [entry.place for entry in told] == [5, 4, 3, 2, 1]
    assert (told[-1].by, told[-1].proof, told[-1].about) == ("API key Shop", {"ip": "192.0.2.7"}, "Email")
    assert [entry.place for entry in consent_history.told(ada.pk, before=3, limit=1)] == [2]


def test_history_is_kept_whoever_writes_and_not_where_nothing_changes():
    ids = make.contacts(3)
    consent.set_state(ids, "email", "subscribed", "a", NOW)
    assert not PastConsent.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE contacts_consent SET state = 'unknown', at = %s", [NOW + MINUTE])
        cursor.execute("UPDATE contacts_consent SET source = source")
    assert sorted(PastConsent.objects.values_list("contact_id", "state")) == [(pk, "subscribed") for pk in ids]


def test_consent_and_its_history_go_with_the_contact():
    ada, news = make.contact("ada@example.com"), make.topic()
    for minute, state in enumerate(("subscribed", "unsubscribed")):
        say(ada, news, state, minute)
    assert PastConsent.objects.count() == 1
    saving.delete([ada.pk])
    assert not PastConsent.objects.exists()
    assert not TopicConsent.objects.exists()


@pytest.mark.parametrize("state", ["subscribed", "unsubscribed", "pending", "unknown"])
def test_segments_know_what_was_said_of_a_topic(state):
    news, other = make.topic(), make.topic("offers")
    people = {each: make.contact(f"{each}@x.com") for each in ("subscribed", "unsubscribed", "pending", "unknown")}
    for each, person in people.items():
        say(person, news, each)
        say(person, news, "subscribed", channel="sms")
        say(person, other, "subscribed")
    silent = make.contact("silent@x.com")
    rule = {"rule": "consent", "channel": "email", "topic": "news", "is": state}
    found = set(Contact.objects.filter(Matches(where(rule, NOW))).values_list("pk", flat=True))
    assert found == {people[state].pk, *([silent.pk] if state == "unknown" else [])}


def test_topics_come_in_the_order_in_which_they_were_put_and_archived_ones_are_still_heeded():
    for name in ("One", "Two", "Three"):
        topics.create(key=name.lower(), name=name)
    topics.move(topics.known()["three"], -1)
    topics.move(topics.known()["three"], -1)
    topics.move(topics.known()["three"], -1)
    assert list(topics.known()) == ["three", "one", "two"]
    ada = make.contact("ada@example.com")
    say(ada, topics.known()["two"], "unsubscribed")
    assert topics.archive(topics.known()["two"], NOW)
    assert not topics.archive(topics.known()["two"], NOW)
    assert topics.choices() == [("three", "Three"), ("one", "One"), ("Archived", [("two", "Two")])]
    assert topics.problem("two") == ""
    assert consent.refusals("email", [ada.pk], "two") == {ada.pk: "not subscribed to the topic"}


def test_texts_that_messages_had_become_topics():
    migration = importlib.import_module("campaigns.migrations.0020_topics")
    from campaigns import contents
    from campaigns.models import Campaign, Content, Courtesy, TopicRoute
    from tests.campaigns import letters, mailings

    make.topic("news")
    spelled = ["Big  Offers", "big offers", "Новости", "news", "  "]
    made = [letters.content(topic=text).pk for text in spelled]
    campaign = mailings.campaign()
    Campaign.objects.filter(pk=campaign.pk).update(topic="Big  Offers")
    provider = make.Provider.objects.get(channel="email")
    TopicRoute.objects.create(channel="email", topic="BIG OFFERS", provider=provider)
    Courtesy.objects.create(pk=1, rules={"exempt": ["Big offers", "Receipts"]})
    for _ in range(2):
        migration.take_keys(apps, None)
    names = dict(Topic.objects.values_list("name", "key"))
    russian = names.pop("Новости")
    assert russian.startswith("topic-")
    assert set(names.values()) == {"news", "big-offers", "receipts"}
    kept = dict(Content.objects.filter(pk__in=made).values_list("pk", "topic"))
    assert [kept[pk] for pk in made] == ["big-offers", "big-offers", russian, "news", "  "]
    # What runs finds its words again, so that nothing is counted apart from what was sent before.
    assert contents.content_of("email", {**letters.LETTER, "topic": "big-offers"}, NOW).pk in made[:2]
    assert Campaign.objects.get(pk=campaign.pk).topic == "big-offers"
    assert TopicRoute.objects.get().topic == "big-offers"
    assert Courtesy.current().rules["exempt"] == ["big-offers", "receipts"]


def test_topics_in_graphs_become_keys_in_what_runs_and_in_drafts():
    migration = importlib.import_module("flows.migrations.0015_topics")
    from flows.models import Flow, Scenario

    mail = {"subject": "S", "body": "B"}
    graph = make.graph(("on", "on_event", {"event": "contact.created"}), ("m", "email", mail), edges="on>m")
    scenario = make.scenario(graph)
    graph["nodes"][1]["config"]["topic"] = " Big offers"
    Flow.objects.update(graph=graph)
    Scenario.objects.update(draft={**graph, "nodes": [None, {"config": 3}, *graph["nodes"]]})
    migration.take_keys(apps, None)
    scenario.refresh_from_db()
    assert Flow.objects.get().graph["nodes"][1]["config"] == {**mail, "topic": "big-offers"}
    assert scenario.draft["nodes"][3]["config"]["topic"] == "big-offers"
    assert Topic.objects.get().name == "Big offers"


def test_the_installations_policy_says_nothing_about_topics():
    Installation.objects.update_or_create(pk=1, defaults={"consent_policy": "opt_in"})
    ada = make.contact("ada@example.com")
    make.topic()
    assert consent.refusals("email", [ada.pk], "news") == {ada.pk: "no consent"}
    consent.set_state([ada.pk], "email", "subscribed", "page", NOW)
    assert consent.refusals("email", [ada.pk], "news") == {}
