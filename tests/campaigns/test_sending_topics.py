"""Messages with a topic go to those who want it, as they want it at the moment of sending."""

from collections import Counter

import pytest
from django.test import Client

from campaigns.delivery import sending
from campaigns.delivery.preparing import prepare
from campaigns.delivery.routing import routes
from campaigns.mailings import audience
from campaigns.models import Message
from contacts import consent, topic_consent
from contacts.models import Contact
from tests import make
from tests.campaigns import letters, mailings
from tests.make import NOW

pytestmark = pytest.mark.django_db


def reasons():
    return Counter(Message.objects.values_list("content__topic", "state", "reason"))


def test_who_left_the_topic_gets_what_is_about_others():
    news = make.topic()
    make.topic("offers")
    ids = make.contacts(4)
    for topic in ("news", "offers", ""):
        letters.queue(ids, letters.content(topic=topic), origin=f"scenario:1:{topic or 'none'}")
    # After they were queued: it is asked when they leave.
    topic_consent.say(ids[:3], news, "email", "unsubscribed", "page", NOW)
    consent.suppress("email", ["@example.com"], "list", NOW)
    Contact.objects.filter(pk__in=ids[1:]).update(email=None)
    for number, pk in enumerate(ids[1:]):
        Contact.objects.filter(pk=pk).update(email=f"c{number}@elsewhere.com")
    mailings.hand_over()
    assert reasons() == {
        ("news", "skipped", "not subscribed to the topic"): 2,
        ("news", "sent", ""): 1,
        ("offers", "sent", ""): 3,
        ("", "sent", ""): 3,
        **{(topic, "skipped", "suppressed"): 1 for topic in ("news", "offers", "")},
    }


def test_asking_for_topics_costs_no_query_per_contact(django_assert_num_queries):
    make.topic()
    used = set()
    for count in (3, 60):
        ids = make.contacts(count, domain=f"d{count}.example")
        for topic in ("news", ""):
            letters.queue(ids, letters.content(topic=topic), origin=f"scenario:{count}:{topic or 'none'}")
        taken = sending.claim(NOW, 200, ["email"])
        people = Contact.objects.in_bulk(ids)
        known = routes(NOW)
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(
            connection,
        ) as queries:
            prepare(taken.messages, people, known, NOW)
        used.add(len(queries))
    assert used == {3}  # the contents, who may not be written to, and the courtesy rules


def test_mailboxes_see_what_contacts_call_the_topic(mail_server):
    make.topic("product-news", "Neues & “Produkte”")
    letters.account(mail_server)
    letters.queue(make.contacts(1), letters.content(topic="product-news"))
    sending.work(NOW)
    header = str(mail_server.mails[0]["List-Id"])
    assert header.endswith("<product-news.localhost>")
    assert "Neues" in header


def test_an_audience_counts_who_is_left_out_because_of_the_topic(django_assert_num_queries):
    news = make.topic(policy="opt_in")
    ids = make.contacts(6)
    topic_consent.say(ids[:3], news, "email", "subscribed", "page", NOW)
    topic_consent.say(ids[3:4], news, "email", "pending", "page", NOW)
    consent.set_state(ids[:1], "email", "unsubscribed", "page", NOW)
    campaign = mailings.campaign(topic="news")
    counted = audience.counted(campaign, NOW)
    assert (counted.total, counted.no_consent, counted.no_topic, counted.reachable) == (6, 1, 3, 2)
    consent.suppress("email", ["@EXAMPLE.com"], "list", NOW)
    counted = audience.counted(campaign, NOW)
    assert (counted.suppressed, counted.no_topic, counted.reachable) == (6, 0, 0)


def test_the_page_of_a_campaign_says_who_is_left_out_because_of_the_topic(marketer: Client):
    news = make.topic()
    topic_consent.say(make.contacts(3)[:2], news, "email", "unsubscribed", "page", NOW)
    campaign = mailings.campaign(topic="news")
    assert "Not subscribed to its topic" in marketer.post(f"/campaigns/{campaign.pk}/estimate/").text + (
        marketer.get(f"/campaigns/{campaign.pk}/estimate/").text
    )


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_a_provider_that_knows_of_no_such_address_ends_it(channel):
    from campaigns.delivery import outcomes
    from campaigns.models import MessageState
    from contacts.models import Suppression

    ada = make.contact("Ada@Example.com", phone="+33612345678")
    letters.queue([ada.pk], letters.content(channel))
    taken = sending.claim(NOW, 10, [channel])
    outcome = outcomes.Outcome(taken.messages[0], MessageState.BOUNCED, "550 no such user")
    outcomes.record(taken.owner, [outcome], NOW)
    kept = list(Suppression.objects.values_list("address", "reason"))
    assert kept == ([("Ada@Example.com", "hard bounce")] if channel == "email" else [])
