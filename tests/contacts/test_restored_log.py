"""After a restore into a fresh cluster, whose transaction ids begin again, no event is passed over or read twice."""

import pytest
from django.db import connection, transaction

from contacts import restored_log, timeline
from contacts.models import Event, EventCursor
from contacts.timeline import NewEvent
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)
AHEAD = 10_000_000


def read(consumer: str, limit: int = 100) -> list[str]:
    with transaction.atomic():
        return [event.name for event in timeline.read(consumer, limit)]


def record(*names: str) -> None:
    contact = make.contact()
    timeline.record([NewEvent(contact.pk, name) for name in names], make.NOW)


def as_if_restored_from_an_older_cluster() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE contacts_event SET xact = xact + %s", [AHEAD])
        cursor.execute("UPDATE contacts_eventcursor SET xact = xact + %s", [AHEAD])


def test_new_events_are_read_again_and_old_ones_not_twice() -> None:
    record("first")
    record("second")
    assert read("entry", limit=1) == ["first"]
    assert read("conversions") == ["first", "second"]
    as_if_restored_from_an_older_cluster()
    record("third")
    assert read("conversions") == []  # the trap

    assert restored_log.mend() is True
    record("fourth")
    assert sorted(read("entry")) == ["fourth", "second", "third"]
    assert sorted(read("conversions")) == ["fourth", "third"]


def test_a_log_in_order_is_left_alone() -> None:
    record("first")
    read("entry")
    before = list(Event.objects.values_list("xact", "id")), list(EventCursor.objects.values())
    assert restored_log.mend() is False
    assert (list(Event.objects.values_list("xact", "id")), list(EventCursor.objects.values())) == before
