"""What the sender hands to providers, what it does not, and what it writes down."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection

from campaigns import outbox, stats
from campaigns.delivery import claiming, handing_over, outcomes, sending
from campaigns.models import Message, Origin, Provider
from contacts import consent, segments
from contacts.models import Event, Installation
from tests import make
from tests.campaigns import letters
from tests.campaigns.mailings import hand_over
from tests.make import NOW

pytestmark = pytest.mark.django_db


def test_a_queued_email_arrives_and_the_ledger_says_so(mail_server):
    letters.account(mail_server)
    ada = make.contact("ada@example.com", first_name="Ada", external_id="a 1")
    (message,) = letters.queue([ada.pk], letters.content())
    assert message.state == "queued"
    hand_over()
    message.refresh_from_db()
    assert (message.state, message.sent_at, message.owner) == ("sent", NOW, None)
    (mail,) = mail_server.mails
    assert mail["Subject"] == "Hello Ada"
    assert mail["To"] == "ada@example.com"
    assert mail["From"].addresses[0].display_name == "Ada’s shop"
    assert message.provider_message_id == mail["Message-ID"]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    html = mail.get_body(["html"]).get_content()
    assert "Grüße, Ada" in html
    assert 'href="mailto:help@shop.example"' in html
    assert 'href="#top"' in html
    assert "https://shop.example/sale" not in html
    assert mail["List-Unsubscribe"].strip("<>") in html
    assert ".gif" in html
    text = mail.get_body(["plain"]).get_content()
    assert "Grüße, Ada" in text
    assert "/c/" in text
    assert "\0" not in html + text
    event = Event.objects.get(name="email.sent")
    assert event.contact_id == ada.pk
    assert event.properties["message"] == message.pk
    assert event.properties["origin"] == "scenario:1:n2"
    assert event.properties["subject"] == "Hello Ada"
    assert stats.counts(["scenario:1:n2"]) == {"scenario:1:n2": {"queued": 1, "sent": 1}}


def test_asking_twice_for_the_same_message_sends_it_once(mail_server):
    letters.account(mail_server)
    ada = make.contact("ada@example.com")
    letters.queue([ada.pk], letters.content())
    letters.queue([ada.pk], letters.content())
    hand_over()
    letters.queue([ada.pk], letters.content())
    hand_over()
    assert mail_server.to() == ["ada@example.com"]


def test_queueing_five_thousand_costs_one_statement_and_its_savepoint(django_assert_num_queries):
    ids = make.contacts(5000)
    content = letters.content()
    letters.queue(ids[:1], content, visit=1)
    with django_assert_num_queries(3):
        assert outbox.enqueue("scenario:1:n2", content, ids, ids, [2] * 5000, [None] * 5000, NOW) == 5000


def test_the_number_of_statements_does_not_grow_with_the_batch(mail_server, django_assert_max_num_queries):
    letters.account(mail_server)
    content = letters.content()
    Installation.current()
    for count in (5, 100):
        ids = make.contacts(count, domain=f"d{count}.example")
        letters.queue(ids, content)
        with django_assert_max_num_queries(21):
            assert sending.work(NOW)
        assert Message.objects.filter(contact__in=ids, state="sent").count() == count


def test_consent_and_suppression_are_asked_at_sending_time(mail_server):
    letters.account(mail_server)
    people = [make.contact(f"{name}@example.com") for name in ("ada", "bob", "cy")]
    people.append(make.contact(phone="+33612345678"))
    letters.queue([p.pk for p in people], letters.content())
    consent.set_state([people[0].pk], "email", "unsubscribed", "test", NOW)
    consent.suppress("email", ["BOB@example.com"], "test", NOW)
    hand_over()
    assert mail_server.to() == ["cy@example.com"]
    reasons = dict(Message.objects.filter(state="skipped").values_list("contact", "reason"))
    assert reasons == {people[0].pk: "no consent", people[1].pk: "suppressed", people[3].pk: "no address"}
    counts = stats.counts(["scenario:1:n2"])["scenario:1:n2"]
    assert counts["skipped"] == 3
    assert counts["skipped:no consent"] == 1


def test_held_and_future_messages_wait(mail_server):
    letters.account(mail_server)
    ada = make.contact("ada@example.com")
    letters.queue([ada.pk], letters.content(), origin="scenario:12:n1")
    letters.queue([ada.pk], letters.content(), origin="scenario:120:n1")
    letters.queue([ada.pk], letters.content(), origin="scenario:13:n1", due_at=NOW + timedelta(hours=1))
    outbox.hold("scenario:12")
    hand_over()
    assert len(mail_server.mails) == 1
    hand_over(NOW + timedelta(hours=1))
    assert len(mail_server.mails) == 2
    outbox.release("scenario:12")
    hand_over()
    assert len(mail_server.mails) == 3


def test_origins_share_a_batch(mail_server):
    letters.account(mail_server)
    many, few = make.contacts(300, domain="many.example"), make.contacts(3, domain="few.example")
    letters.queue(many, letters.content(), origin="scenario:1:n1")
    letters.queue(few, letters.content(), origin="scenario:2:n1")
    sending.work(NOW)
    assert Message.objects.filter(origin__key="scenario:2:n1", state="sent").count() == 3


def test_without_a_provider_messages_stay_queued(mail_server):
    Provider.objects.update(enabled=False)
    ada = make.contact("ada@example.com", phone="+33612345678")
    letters.queue([ada.pk], letters.content("sms"), origin="scenario:1:n3")
    assert not sending.work(NOW)
    letters.account(mail_server)
    letters.queue([ada.pk], letters.content())
    hand_over()
    assert dict(Message.objects.values_list("channel", "state")) == {"sms": "queued", "email": "sent"}


def test_what_a_server_refuses_has_failed_and_what_it_postpones_is_tried_again(mail_server):
    letters.account(mail_server)
    ada, bob = make.contact("ada@example.com"), make.contact("bob@example.com")
    letters.queue([ada.pk, bob.pk], letters.content())
    mail_server.refuse = {"ada@example.com": "550 No such user", "bob@example.com": "451 Come back later"}
    hand_over()
    failed, postponed = Message.objects.order_by("contact_id")
    assert (failed.state, failed.reason) == ("failed", "550 No such user")
    assert (postponed.state, postponed.reason, postponed.attempts) == ("queued", "451 Come back later", 1)
    assert Event.objects.filter(name="email.failed", contact=ada).exists()
    mail_server.refuse = {}
    hand_over(NOW + timedelta(minutes=2))
    assert mail_server.to() == ["bob@example.com"]


def test_who_does_not_exist_bounces_and_rules_and_the_timeline_know(mail_server):
    letters.account(mail_server)
    ada, bob = make.contact("ada@example.com"), make.contact("bob@example.com")
    letters.queue([ada.pk, bob.pk], letters.content())
    mail_server.refuse = {"ada@example.com": "550 5.1.1 No such user"}
    hand_over()
    bounced = Message.objects.get(contact=ada)
    assert (bounced.state, bounced.reason, bounced.bounced_at) == ("bounced", "550 5.1.1 No such user", NOW)
    event = Event.objects.get(name="email.bounced")
    assert (event.contact_id, event.properties["reason"]) == (ada.pk, "550 5.1.1 No such user")
    rule = {"rule": "message", "did": "bounced"}
    assert segments.matching(rule, [ada.pk, bob.pk], NOW) == {ada.pk}
    assert stats.counts([bounced.origin.key])[bounced.origin.key]["bounced"] == 1


def test_a_server_that_always_postpones_is_not_asked_for_ever(mail_server):
    letters.account(mail_server)
    ada = make.contact("ada@example.com")
    letters.queue([ada.pk], letters.content())
    mail_server.refuse = {"ada@example.com": "451 Come back later"}
    for day in range(10):
        hand_over(NOW + timedelta(days=day))
    assert Message.objects.get().state == "failed"
    assert Message.objects.get().attempts == len(handing_over.PATIENCE)


def test_while_a_provider_cannot_be_reached_messages_wait_for_it(mail_server):
    provider = letters.account(mail_server)
    Provider.objects.filter(pk=provider.pk).update(settings={**provider.settings, "port": 1})
    ada = make.contact("ada@example.com")
    letters.queue([ada.pk], letters.content())
    for minute in range(20):
        hand_over(NOW + timedelta(minutes=minute))
    message = Message.objects.get()
    assert (message.state, message.attempts) == ("queued", 0)
    assert message.reason
    Provider.objects.filter(pk=provider.pk).update(settings=provider.settings)
    hand_over(NOW + timedelta(hours=1))
    assert mail_server.to() == ["ada@example.com"]


def test_what_a_dead_worker_had_in_hand_is_unknown_and_never_sent_again(mail_server):
    letters.account(mail_server)
    ada = make.contact("ada@example.com")
    letters.queue([ada.pk], letters.content())
    taken = sending.claim(NOW, 10, ["email"])
    assert len(taken.messages) == 1 and claiming.begin(taken.owner)
    hand_over(NOW + timedelta(seconds=60))
    assert Message.objects.get().state == "sending"
    hand_over(NOW + timedelta(seconds=121))
    assert Message.objects.get().state == "unknown"
    assert mail_server.mails == []
    # It was only slow: what it knows still counts.
    done = outcomes.Outcome(taken.messages[0], "sent", provider_message_id="x")
    assert outcomes.record(taken.owner, [done], NOW + timedelta(seconds=130)) == 1
    assert Message.objects.get().state == "sent"
    assert stats.counts(["scenario:1:n2"])["scenario:1:n2"] == {"queued": 1, "sent": 1}
    assert outcomes.record(taken.owner, [done], NOW + timedelta(seconds=131)) == 0


def test_nothing_that_a_contact_is_called_ends_a_header(mail_server):
    letters.account(mail_server)
    evil = make.contact("eve@example.com", first_name="Eve\r\nBcc: all@example.com\r\n\r\nHi")
    strange = make.contact("a@example.com,b@example.com")
    letters.queue([evil.pk, strange.pk], letters.content())
    hand_over()
    (mail,) = mail_server.mails
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Hello Eve Bcc: all@example.com Hi"
    assert Message.objects.get(contact=strange).reason == "invalid address"


def test_a_message_that_cannot_be_rendered_fails_alone(mail_server):
    letters.account(mail_server)
    good, bad = make.contact("a@example.com"), make.contact("b@example.com", attributes={"n": "many"})
    content = letters.content(subject="{% if contact.attributes.n %}{{ 1 | divided_by: 0 }}{% endif %}Hi")
    letters.queue([good.pk, bad.pk], content)
    hand_over()
    assert mail_server.to() == ["a@example.com"]
    assert Message.objects.get(contact=bad).state == "failed"


def test_event_properties_reach_the_template(mail_server):
    letters.account(mail_server)
    ada = make.contact("ada@example.com")
    event = Event.objects.create(contact=ada, name="order.placed", properties={"number": "A-7"}, at=NOW)
    letters.queue([ada.pk], letters.content(subject="Order {{ event.number }}"), event=event.pk)
    hand_over()
    assert mail_server.mails[0]["Subject"] == "Order A-7"


def test_the_claim_costs_the_same_however_much_is_held(mail_server):
    ids = make.contacts(3000)
    content = letters.content()
    for origin in range(20):
        letters.queue(ids, content, origin=f"scenario:{origin}:n1")
    outbox.hold("scenario:3")
    Origin.objects.exclude(key="scenario:7:n1").update(held=True)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE campaigns_message")

        values = {"now": NOW, "limit": 100, "channels": ["email"], "owner": uuid4(), "until": NOW}
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + claiming._CLAIM, values)
        plan = cursor.fetchone()[0][0]["Plan"]
    reads = _rows_read(plan)
    assert reads < 2000


def _rows_read(plan) -> int:
    below = sum(_rows_read(child) for child in plan.get("Plans", []))
    return below + plan["Actual Rows"] * plan["Actual Loops"] if "Scan" in plan["Node Type"] else below


def test_data_of_a_contact_never_becomes_a_script(mail_server):
    letters.account(mail_server)
    sites = [
        "javascript:alert(1)",
        "",
        "mailto:a@b.example",
        'https://a.example/"><b>',
        "\x04 8\x05http://evil.example",
    ]
    people = [make.contact(f"p{n}@example.com", attributes={"site": site}) for n, site in enumerate(sites)]
    letters.queue(
        [p.pk for p in people], letters.content(body='<a href="{{ contact.attributes.site }}">x</a>', preheader="")
    )
    hand_over()
    bodies = [mail.get_body(["html"]).get_content() for mail in mail_server.mails]
    assert [body.split('"')[1][:20] for body in bodies] == [
        "#", "#", "mailto:a@b.example", bodies[3].split('"')[1][:20], "#",
    ]  # fmt: skip
    assert bodies[3].split('"')[1].startswith("http://localhost")
    assert "<b>" not in bodies[3]


def test_a_message_goes_through_the_provider_it_names_while_that_is_enabled(mail_server):
    provider = letters.account(mail_server, is_default=False)
    ada = make.contact("ada@example.com")
    letters.queue([ada.pk], letters.content(provider=provider.pk))
    hand_over()
    assert len(mail_server.mails) == 1
    Provider.objects.filter(pk=provider.pk).update(enabled=False)
    letters.queue([ada.pk], letters.content(provider=provider.pk), visit=2)
    hand_over()
    assert len(mail_server.mails) == 1
    assert Message.objects.get(visit=2).provider.kind == "local"
