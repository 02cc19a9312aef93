"""Lanes have queues of their own, a clock of their own, and one nudge in hand however many came."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from django_q.models import OrmQ, Task
from django_q.signing import SignedPackage
from django_q.tasks import async_task

from config import beats, schedules, upkeep
from config.lane_broker import LaneBroker
from contacts.lanes import nudge

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def signs(settings, tmp_path) -> None:
    settings.BEATS_DIR = str(tmp_path)


def taken(broker: LaneBroker) -> list[dict]:
    return [SignedPackage.loads(payload) for _, payload in broker.dequeue() or []]


def without_clock(lane: str) -> LaneBroker:
    broker = LaneBroker(lane)
    broker.dequeue()  # takes the first pulse along; the next waits for a sign of life
    return broker


def test_a_lane_takes_only_its_own_tasks(django_capture_on_commit_callbacks) -> None:
    advance, send = without_clock("advance"), without_clock("send")
    with django_capture_on_commit_callbacks(execute=True):
        nudge("send")
    assert taken(advance) == []
    assert [task["args"] for task in taken(send)] == [("send",)]


def test_many_nudges_become_one_task(django_capture_on_commit_callbacks) -> None:
    send = without_clock("send")
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(20):
            nudge("send")
    async_task("math.sqrt", 4, cluster="send")
    assert [task["func"] for task in taken(send)] == ["config.schedules.work", "math.sqrt"]
    assert OrmQ.objects.count() == 2


def test_the_clock_beats_without_a_row_and_waits_for_the_last_pulse(monkeypatch) -> None:
    broker = LaneBroker("advance")
    assert [task["name"] for task in taken(broker)] == ["pulse"]
    assert not OrmQ.objects.exists()
    broker.pulsed_at -= 2
    assert taken(broker) == []  # it is still on its way
    beats.beat("advance")
    assert [task["name"] for task in taken(broker)] == ["pulse"]
    broker.pulsed_at -= 5
    assert [task["name"] for task in taken(broker)] == ["pulse"]  # the former one was lost


def test_a_slice_that_breaks_does_not_keep_the_others_from_working(monkeypatch, caplog) -> None:
    Task.objects.create(
        id="a", name="old", func="f", started=timezone.now(), stopped=timezone.now() - timedelta(days=8)
    )
    cache.delete("upkeep:pruned")
    monkeypatch.setitem(schedules.LANES, "upkeep", ["config.nowhere.work", "config.upkeep.prune"])
    schedules.work("upkeep")
    assert "config.nowhere.work failed" in caplog.text
    assert not Task.objects.exists()


def test_upkeep_throws_away_old_rows_only_and_once_an_hour() -> None:
    now = timezone.now()
    cache.delete("upkeep:pruned")
    for name, age in (("old", 8), ("new", 6)):
        Task.objects.create(id=name, name=name, func="f", started=now, stopped=now - timedelta(days=age))
    OrmQ.objects.create(key="nobody", payload="", lock=now - timedelta(days=2))
    OrmQ.objects.create(key="send", payload="", lock=now)
    assert upkeep.prune(now) is False
    assert list(Task.objects.values_list("name", flat=True)) == ["new"]
    assert list(OrmQ.objects.values_list("key", flat=True)) == ["send"]
    OrmQ.objects.create(key="nobody", payload="", lock=now - timedelta(days=2))
    upkeep.prune(now)
    assert OrmQ.objects.count() == 2


def test_a_nudge_waits_for_the_commit() -> None:
    with transaction.atomic():
        nudge("send")
        assert not OrmQ.objects.exists()
