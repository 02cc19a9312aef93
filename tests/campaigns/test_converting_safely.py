"""Whatever breaks, comes late, runs at once or is deleted: each event is converted once, at a fixed cost."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns import conversion_stats, converting, revenue, stats
from campaigns.models import Conversion, Message
from contacts import saving, timeline
from contacts.models import Event, Installation
from tests import make
from tests.campaigns.converted import ORDERS, kept, message, order, until_read, wants
from tests.flows.at_once import at_once
from tests.make import NOW

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)


def test_what_was_read_when_it_broke_is_read_again_and_counted_once(ada, monkeypatch):
    wants("scenario:1", **ORDERS)
    message(ada, "scenario:1:n1", NOW)
    order(ada, NOW + HOUR, value=4)

    def broken(amounts):
        raise RuntimeError("the worker dies")

    with monkeypatch.context() as patch:
        patch.setattr(revenue, "add", broken)
        with pytest.raises(RuntimeError):
            until_read()
    assert (kept(), stats.counts(["scenario:1:n1"])["scenario:1:n1"].get("converted")) == ([], None)
    until_read()
    assert conversion_stats.of(["scenario:1"])["scenario:1"] == {"converted": 1, "revenue": {"EUR": 4}}


def test_a_log_that_is_read_from_its_beginning_again_counts_nothing_twice(ada):
    wants("scenario:1", **ORDERS)
    message(ada, "scenario:1:n1", NOW)
    for hour in (1, 2):
        order(ada, NOW + hour * HOUR, value=4)
    until_read()
    before = (kept(), conversion_stats.of(["scenario:1"]))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE contacts_eventcursor SET xact = 0, event_id = 0")
    until_read()
    assert (kept(), conversion_stats.of(["scenario:1"])) == before


def test_two_workers_at_once_keep_each_conversion_once(monkeypatch):
    monkeypatch.setattr(converting, "EVENTS", 7)
    wants("scenario:1", **ORDERS)
    for contact in make.contacts(60):
        message(contact, "scenario:1:n1", NOW)
        order(contact, NOW + HOUR, value=1)
    at_once(until_read, until_read)
    assert conversion_stats.of(["scenario:1"])["scenario:1"] == {"converted": 60, "revenue": {"EUR": 60}}
    assert Conversion.objects.count() == 60


def test_an_event_that_commits_late_is_not_passed_over(ada):
    wants("scenario:1", **ORDERS)
    message(ada, "scenario:1:n1", NOW)
    ben = make.contact("ben@example.com").pk
    message(ben, "scenario:1:n1", NOW)

    def late():
        from django.db import transaction

        with transaction.atomic():
            timeline.record([timeline.NewEvent(ada, "order.placed", at=NOW + HOUR)], NOW)
            at_once(lambda: order(ben, NOW + 2 * HOUR), lambda: None)
            at_once(lambda: converting.convert(NOW))
            assert kept() == []

    late()
    until_read()
    assert [Message.objects.get(pk=pk).contact_id for _, pk, _ in kept()] == [ada, ben]


def test_a_contact_who_is_deleted_takes_conversions_along_and_leaves_the_counts(ada):
    wants("scenario:1", **ORDERS)
    message(ada, "scenario:1:n1", NOW)
    order(ada, NOW + HOUR, value=3)
    until_read()
    saving.delete([ada])
    assert (Conversion.objects.count(), Event.objects.filter(contact_id=ada).count()) == (0, 0)
    assert conversion_stats.of(["scenario:1"])["scenario:1"] == {"converted": 1, "revenue": {"EUR": 3}}


def test_who_is_deleted_before_their_event_is_read_converts_nothing(ada):
    wants("scenario:1", **ORDERS)
    message(ada, "scenario:1:n1", NOW)
    order(ada, NOW + HOUR)
    saving.delete([ada])
    until_read()
    assert kept() == []


@pytest.mark.parametrize(("contacts", "owners"), [(1, 1), (40, 1), (40, 30)])
def test_a_batch_costs_the_same_statements_whatever_its_size_and_however_many_objectives(contacts, owners):
    filtered = {"all": [{"rule": "property", "field": "value", "op": "greater", "value": 1}]}
    for number in range(1, owners + 1):
        wants(f"scenario:{number}", **ORDERS, filter=filtered)
    for contact in make.contacts(contacts):
        for number in range(1, owners + 1, 10):
            message(contact, f"scenario:{number}:n1", NOW)
        order(contact, NOW + HOUR, value=2)
    Installation.current()
    with CaptureQueriesContext(connection) as asked:
        until_read()
    assert Conversion.objects.count() == contacts
    statements = [query["sql"] for query in asked.captured_queries if "campaigns_conversion" in query["sql"]]
    assert len(statements) == 1  # the one that keeps them
    assert len([q for q in asked.captured_queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]) <= 25
