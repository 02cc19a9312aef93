"""The timeline is written in bulk and read by each consumer once, in the order of commits."""

from datetime import timedelta

import pytest
from django.db import transaction

from contacts import timeline
from contacts.models import Event
from contacts.timeline import NewEvent
from tests import make
from tests.contacts.other_connection import other_connection

NOW = make.NOW


def names(consumer: str, **options) -> list[str]:
    with transaction.atomic():
        return [event.name for event in timeline.read(consumer, 100, **options)]


@pytest.mark.django_db
def test_a_thousand_events_are_one_statement(django_assert_num_queries):
    ids = make.contacts(1000)
    with django_assert_num_queries(1):
        recorded = timeline.record([NewEvent(pk, "order.placed", {"amount": pk}) for pk in ids], NOW)
    assert recorded == timeline.Recorded(1000, 0, 0)
    assert Event.objects.get(contact_id=ids[7]).properties == {"amount": ids[7]}
    assert set(Event.objects.values_list("at", flat=True)) == {NOW}


@pytest.mark.django_db
def test_a_key_is_recorded_once_even_within_one_batch():
    ada = make.contact(email="ada@example.com")
    first = timeline.record([NewEvent(ada.pk, "paid", key="k1"), NewEvent(ada.pk, "paid", key="k1")], NOW)
    again = timeline.record([NewEvent(ada.pk, "paid", key="k1"), NewEvent(ada.pk, "paid")], NOW)
    assert (first.recorded, first.duplicates) == (1, 1)
    assert (again.recorded, again.duplicates) == (1, 1)
    assert Event.objects.filter(name="paid").count() == 2


@pytest.mark.django_db
def test_events_of_contacts_who_are_gone_are_left_out():
    ada = make.contact(email="ada@example.com")
    assert timeline.record([NewEvent(ada.pk, "paid"), NewEvent(10**9, "paid")], NOW) == timeline.Recorded(1, 0, 1)
    assert list(timeline.record_for([ada.pk, 10**9], "seen", {"page": "/"}, NOW)) == [ada.pk]


@pytest.mark.django_db(transaction=True)
def test_each_consumer_reads_every_event_once_in_order():
    ada = make.contact(email="ada@example.com")
    timeline.record([NewEvent(ada.pk, name) for name in ("b", "a", "c")], NOW)
    assert names("one") == ["b", "a", "c"]
    assert names("one") == []
    timeline.record([NewEvent(ada.pk, "d", at=NOW - timedelta(days=30))], NOW)
    assert names("one") == ["d"]
    assert names("two") == ["b", "a", "c", "d"]


@pytest.mark.django_db(transaction=True)
def test_reading_goes_on_where_the_limit_cut_it():
    ada = make.contact(email="ada@example.com")
    timeline.record([NewEvent(ada.pk, f"e{number}") for number in range(5)], NOW)
    seen = []
    while True:
        with transaction.atomic():
            batch = timeline.read("one", 2)
        seen += [event.name for event in batch]
        if len(batch) < 2:
            break
    assert seen == ["e0", "e1", "e2", "e3", "e4"]


@pytest.mark.django_db(transaction=True)
def test_asking_for_some_names_passes_over_the_others():
    ada = make.contact(email="ada@example.com")
    timeline.record([NewEvent(ada.pk, name) for name in ("noise", "paid", "noise", "noise")], NOW)
    assert names("one", names={"paid"}) == ["paid"]
    assert names("one") == []


@pytest.mark.django_db(transaction=True)
def test_an_event_that_a_slow_transaction_commits_late_is_not_passed_over():
    ada = make.contact(email="ada@example.com")
    with other_connection() as slow:
        slow.execute("BEGIN")
        slow.execute(
            "INSERT INTO contacts_event (contact_id, name, properties, at) VALUES (%s, 'slow', '{}', now())", [ada.pk]
        )
        # A later transaction writes a later row and commits first.
        timeline.record([NewEvent(ada.pk, "fast")], NOW)
        assert names("one") == []
        slow.execute("COMMIT")
    assert names("one") == ["slow", "fast"]


@pytest.mark.django_db(transaction=True)
def test_an_id_drawn_early_and_committed_late_is_not_passed_over():
    """Sequences give ids in the order of asking, which is not the order of commits."""
    ada = make.contact(email="ada@example.com")
    with other_connection() as slow:
        slow.execute("BEGIN")
        drawn = slow.execute("SELECT nextval(pg_get_serial_sequence('contacts_event', 'id'))").fetchone()[0]
        timeline.record([NewEvent(ada.pk, "fast")], NOW)
        names("one")
        slow.execute(
            "INSERT INTO contacts_event (id, contact_id, name, properties, at) VALUES (%s, %s, 'slow', '{}', now())",
            [drawn, ada.pk],
        )
        slow.execute("COMMIT")
    assert "slow" in names("one")


@pytest.mark.django_db(transaction=True)
def test_only_one_worker_at_a_time_reads_for_a_consumer():
    ada = make.contact(email="ada@example.com")
    timeline.skip_to_now("one")
    timeline.record([NewEvent(ada.pk, "paid")], NOW)
    with other_connection() as other:
        other.execute("BEGIN")
        other.execute("SELECT 1 FROM contacts_eventcursor WHERE consumer = 'one' FOR UPDATE")
        assert names("one") == []
        other.execute("ROLLBACK")
    assert names("one") == ["paid"]


@pytest.mark.django_db(transaction=True)
def test_what_a_rolled_back_reader_read_comes_again():
    ada = make.contact(email="ada@example.com")
    timeline.record([NewEvent(ada.pk, "paid")], NOW)
    with transaction.atomic():
        assert [event.name for event in timeline.read("one", 10)] == ["paid"]
        transaction.set_rollback(True)
    assert names("one") == ["paid"]


@pytest.mark.django_db(transaction=True)
def test_a_consumer_that_skips_to_now_reads_only_what_comes():
    ada = make.contact(email="ada@example.com")
    timeline.record([NewEvent(ada.pk, "before")], NOW)
    timeline.skip_to_now("one")
    timeline.record([NewEvent(ada.pk, "after")], NOW)
    assert names("one") == ["after"]


@pytest.mark.django_db(transaction=True)
def test_an_idle_read_leaves_the_cursor_alone(django_assert_num_queries):
    timeline.skip_to_now("one")
    with transaction.atomic(), django_assert_num_queries(3):
        assert timeline.read("one", 10) == []
