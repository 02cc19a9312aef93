"""A scenario is gone at once, and everybody's way through it soon after, slice by slice."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Message
from contacts.models import Contact
from flows import deleting, journeys, pausing, starting
from flows.models import Execution, Flow, NodeCount, Scenario, Step, Sweep
from tests import make
from tests.flows.drive import until_still
from tests.flows.test_stopping import WAITING
from tests.make import NOW

pytestmark = pytest.mark.django_db


def scenario(contacts: list[int], name: str) -> Scenario:
    found = make.scenario(WAITING, name=name)
    starting.start(found, NOW)
    until_still(NOW)
    pausing.pause(found, NOW)
    assert Execution.objects.filter(scenario=found).count() == len(contacts)
    return found


def test_the_passes_of_others_and_what_was_sent_stay():
    contacts = make.contacts(5)
    kept, gone = scenario(contacts, "Kept"), scenario(contacts, "Gone")
    deleting.delete(gone)
    assert list(Scenario.objects.all()) == [kept]
    assert set(Execution.objects.values_list("scenario", flat=True)) == {kept.pk}
    assert Step.objects.count() == 5 * Execution.objects.first().moves
    assert set(Flow.objects.values_list("scenario", flat=True)) == {kept.pk}
    assert set(NodeCount.objects.values_list("scenario", flat=True)) == {kept.pk}
    assert Message.objects.count() == 10
    assert not Sweep.objects.exists()


def test_those_that_are_left_are_seen_nowhere_and_go_slice_by_slice(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(deleting, "SLICE", 2)
    contacts = make.contacts(5)
    kept, gone = scenario(contacts, "Kept"), scenario(contacts, "Gone")
    deleting.delete(gone)
    assert Execution.objects.filter(scenario_id=gone.pk).count() == 3
    seen = [journey.execution.scenario for journey in journeys.of_contact(Contact.objects.get(pk=contacts[-1]))]
    assert seen == [kept]
    assert deleting.sweep_up(NOW)
    assert not deleting.sweep_up(NOW)
    assert not Execution.objects.filter(scenario_id=gone.pk).exists()
    assert Execution.objects.filter(scenario=kept).count() == 5
    assert Step.objects.count() == 5 * Execution.objects.first().moves
    assert not Sweep.objects.exists()


def test_a_slice_looks_at_so_many_ids_however_few_are_found(monkeypatch: pytest.MonkeyPatch):
    gone = scenario(make.contacts(5), "Gone")
    monkeypatch.setattr(deleting, "WINDOW", Execution.objects.order_by("pk")[3].pk)
    deleting.delete(gone)
    assert Execution.objects.count() == 1
    assert not deleting.sweep_up(NOW)
    assert not Execution.objects.exists()


def test_deleting_costs_the_same_for_any_number():
    def statements(count: int) -> int:
        Contact.objects.all().delete()
        gone = scenario(make.contacts(count), "Gone")
        with CaptureQueriesContext(connection) as queries:
            deleting.delete(gone)
        return len(queries)

    assert statements(2) == statements(30)
