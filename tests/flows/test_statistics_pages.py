"""The numbers of a scenario in its panel and of a shape in its dialog: what they tell, and what counts them on."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.counting import count, of
from config.models import User
from flows.models import Execution, NodeCount
from tests import make
from tests.campaigns import letters
from tests.flows.resting import RESTING, address, enter, running, stand
from tests.make import NOW
from tests.people import signed_in

pytestmark = pytest.mark.django_db


def test_the_numbers_of_a_shape_tell_where_contacts_went_and_why_messages_did_not_go_out(mara):
    graph = make.graph(
        ("in", "on_event", {"event": "api.call"}),
        ("test", "ab_test", {"variants": [{"name": "Long", "weight": 50}, {"name": "Short", "weight": 50}]}),
        ("mail", "email", {"subject": "Hello", "body": "Hello"}),
        edges="in>test test:a>mail test:b>mail",
    )
    scenario = make.scenario(graph)
    NodeCount.objects.bulk_create(
        NodeCount(scenario=scenario, node="test", metric=metric, day=timezone.now().date(), n=n)
        for metric, n in (
            ("entered", 2000),
            ("left:a", 1000),
            ("left:b", 1000),
            ("converted:a", 200),
            ("converted:b", 90),
        )
    )
    page = mara.get(f"{address(scenario, 'test')}?show=numbers").text
    assert "Left by “Long”" in page and "Left by “Short”" in page
    assert re.search(r"Long is better with more than 99 % probability\.", page)
    assert "Left by “Long”, and converted" in page and "20.0 %" in page
    assert "There is no period" in mara.get(f"{address(scenario, 'test')}?show=numbers&period=nonsense").text
    yesterday = mara.get(f"{address(scenario, 'test')}?show=numbers&period=yesterday").text
    assert "Too early" in yesterday and "Left by" not in yesterday


def test_skipped_messages_and_failed_ones_are_told_with_their_reasons(mara):
    scenario = make.scenario(make.graph(("in", "now", {}), ("mail", "email", {"subject": "Hi", "body": "Hi"}),
                                        edges="in>mail"))  # fmt: skip
    sent = letters.queue(make.contacts(3), letters.content(), origin=f"scenario:{scenario.pk}:mail")
    other = letters.queue(make.contacts(1, "other.example"), letters.content(), origin="scenario:0:mail")
    for message in [*sent, *other]:
        message.state, message.reason = "failed", "The server says: 550 <no>."
        message.save()
        count([(of(message), "failed", 1)], NOW)
    count([(of(sent[0]), "skipped", 4), (of(sent[0]), "skipped:no consent", 4)], NOW)
    page = mara.get(f"{address(scenario, 'mail')}?show=numbers").text
    assert re.search(r">3</span><span class=\"break\">The server says: 550 &lt;no&gt;\.", page)
    assert re.search(r">4</span><span class=\"break\">No consent", page)


def test_the_poll_tells_the_open_panel_what_it_counts_on_with(mara):
    scenario = running()
    stand(scenario, [NOW, NOW + timedelta(days=9999)])
    Execution.objects.filter(due_at=NOW).update(state="pending")
    NodeCount.objects.create(scenario=scenario, node="rest", metric="waiting", day=NOW.date(), n=-1)
    NodeCount.objects.create(scenario=scenario, node="rest", metric="failed", day=NOW.date(), n=3)
    url = f"/scenarios/{scenario.pk}/counts/"
    assert "now" not in mara.get(url).json()
    said = mara.get(f"{url}?statistics=1").json()
    assert said["now"] == {"inside": 2, "waiting": 1, "due": 1, "failed": 3, "failed_at": {"rest": 3}}
    assert (said["today"]["entered"], said["today"]["sent"]) == (0, 0)
    assert said["today"]["day"] == timezone.now().date().isoformat()


def test_the_panel_shows_the_last_seven_days_and_what_is_asked_for(mara, victor):
    scenario = running()
    enter(scenario, make.contacts(2), timezone.now())
    panel = f"/scenarios/{scenario.pk}/statistics/"
    page = victor.get(panel).text
    assert "In the last 7 days" in page
    assert re.search(r'data-total="entered" data-before="0">2<', page)
    assert len(re.findall(r'<rect class="bar"', page)) == 5 * 7
    assert "In yesterday" in mara.get(f"{panel}?period=yesterday").text
    assert "The first day is after the last one." in mara.get(f"{panel}?from=2026-03-02&to=2026-03-01").text
    assert "as soon as the scenario runs" in mara.get(f"/scenarios/{make.scenario(RESTING).pk}/statistics/").text
    assert signed_in(User.objects.create_user("nia")).get(panel).status_code == 403
    assert Client().get(panel).status_code == 302
