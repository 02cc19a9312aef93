"""Funnels and cohorts, against the passes that they count."""

from collections import Counter
from datetime import date, timedelta

import pytest
from django.contrib.auth import get_user_model

from flows import starting
from flows.cohorts import cohorts
from flows.funnel import funnel
from flows.models import Execution, Step
from tests import make
from tests.flows.drive import until_still
from tests.make import NOW

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)
GRAPH = make.graph(
    ("in", "now", {}),
    ("tag", "tag", {"add": ["met"], "remove": []}),
    ("wait", "wait", {"amount": 10, "unit": "days"}),
    ("end", "end", {}),
    edges="in>tag tag>wait wait>end",
)


@pytest.fixture
def walked():
    """Twelve contacts entered this week; ten days later all had come to the end."""
    make.contacts(12)
    scenario = make.scenario(GRAPH)
    starting.start(scenario, NOW)
    until_still(NOW)
    return scenario


def test_a_funnel_shows_where_contacts_are_and_went(walked):
    stages = {stage.node: stage for stage in funnel(walked, None, None)}
    assert list(stages) == ["in", "tag", "wait", "end"]
    assert [stages[node].reached for node in stages] == [12, 12, 12, 0]
    assert (stages["wait"].waiting, stages["wait"].went_on, stages["tag"].went_on) == (12, 0, 12)
    until_still(NOW + 2 * WEEK)
    stages = {stage.node: stage for stage in funnel(walked, None, None)}
    assert (stages["wait"].waiting, stages["end"].reached, stages["end"].ended, stages["end"].share) == (0, 12, 12, 1)
    # Equal to a recount of the steps.
    assert {node: stage.reached for node, stage in stages.items()} == dict(
        Counter(Step.objects.values_list("node", flat=True))
    )
    first_day = {stage.node: stage.reached for stage in funnel(walked, NOW.date(), NOW.date())}
    assert first_day == {"in": 12, "tag": 12, "wait": 12, "end": 0}


def test_a_cohort_completes_week_by_week(walked):
    (cohort,) = cohorts(walked, NOW)
    assert (cohort.week, cohort.entered, cohort.done) == (date(2026, 3, 9), 12, [0])
    until_still(NOW + timedelta(days=10))
    (cohort,) = cohorts(walked, NOW + 3 * WEEK)
    # Ten days after a Tuesday is in the following week.
    assert cohort.done == [0, 12, 12, 12]
    assert Execution.objects.filter(state="completed").count() == 12
    assert cohorts(walked, NOW + 30 * WEEK) == []


def test_the_pages_show_the_scenario_that_was_started_last(walked, client):
    client.force_login(get_user_model().objects.create_superuser("boss", "boss@example.com", "x"))
    page = client.get("/reports/funnel/").content.decode()
    assert "<h2>Welcome</h2>" in page
    assert "12 waiting here" in page
    assert "From the beginning" in page
    assert client.get("/reports/cohorts/").status_code == 200
    assert client.get("/reports/funnel/?scenario=x&period=nonsense").status_code == 200
