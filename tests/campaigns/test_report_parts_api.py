"""Programs ask for links, domains, funnels, cohorts and shared reports as people do, with the same filters."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model

from campaigns import counting
from campaigns.counting import Of, of
from campaigns.models import Message, Origin, SavedReport
from campaigns.tracking import visits
from config.models import ApiKey
from flows import starting
from tests import make
from tests.campaigns import letters
from tests.campaigns.reported import ASKED
from tests.flows.drive import until_still
from tests.make import NOW

pytestmark = pytest.mark.django_db
PARTS = ("links", "domains", "saved", "funnel", "cohorts")


@pytest.fixture
def walked():
    """Three contacts have got their mail, and wait."""
    make.local_outboxes()
    make.contacts(3)
    mail = ("mail", "email", {"subject": "Hi", "body": '<p><a href="https://shop.example/a">A</a></p>'})
    wait = ("wait", "wait", {"amount": 10, "unit": "days"})
    scenario = make.scenario(make.graph(("in", "now", {}), mail, wait, edges="in>mail mail>wait"), name="Welcome")
    starting.start(scenario, NOW)
    until_still(NOW)
    return scenario


def test_links_are_told_with_where_they_stand(program, walked):
    for message in Message.objects.select_related("origin").order_by("pk")[:2]:
        visits.clicked(message, 0, "https://shop.example/a", NOW)
    counting.count([(of(message), "sent", 1) for message in Message.objects.all()], NOW)
    (link,) = program(f"links/?{ASKED}").json()["links"]
    assert (link["url"], link["clicks"], link["people"]) == ("https://shop.example/a", 2, 2)
    assert (link["scenario"], link["campaign"]) == ({"key": str(walked.pk), "name": "Welcome"}, None)
    assert program(f"links/?{ASKED}&scenario={walked.pk}").json()["links"] == [link]
    assert program(f"links/?{ASKED}&scenario={walked.pk + 1}").json()["links"] == []
    assert program("links/?since=2026-04-01&until=2026-04-30").json()["links"] == []


def test_domains_are_told_with_shares_of_what_was_tried(program):
    origin = Origin.objects.create(key="scenario:1:n1")
    which = Of(origin.pk, letters.content().pk, domain="gmail.example")
    counting.count(
        [(which, "sent", 30), (which, "bounced", 10), (which._replace(domain="web.example"), "sent", 5)], NOW
    )
    told = program(f"domains/?{ASKED}").json()
    assert [(one["domain"], one["counts"]["sent"]) for one in told["domains"]] == [
        ("gmail.example", 30),
        ("web.example", 5),
    ]
    assert told["domains"][0]["shares"]["bounced"] == 0.25 and told["domains"][0]["is_bad"]
    assert told["total"]["counts"]["sent"] == 35
    assert [one["domain"] for one in program(f"domains/?{ASKED}&q=web").json()["domains"]] == ["web.example"]


def test_a_funnel_and_cohorts_are_told_of_a_scenario(program, walked):
    told = program(f"funnel/?scenario={walked.pk}").json()
    assert [(one["node"], one["reached"], one["waiting"]) for one in told["stages"]] == [
        ("in", 3, 0), ("mail", 3, 0), ("wait", 3, 3)]  # fmt: skip
    assert told["since"] is None
    later = program(f"funnel/?scenario={walked.pk}&since=2026-04-01&until=2026-04-30").json()
    assert (later["since"], [one["reached"] for one in later["stages"]]) == ("2026-04-01", [0, 0, 0])
    until_still(NOW + timedelta(days=11))
    told = program(f"cohorts/?scenario={walked.pk}&weeks=52").json()["cohorts"]
    assert [(one["week"], one["entered"], one["done"][:3]) for one in told] == [("2026-03-09", 3, [0, 3, 3])]


def test_programs_see_what_is_shared_and_nothing_else(program):
    ada = get_user_model().objects.create_user("ada", password="x")
    shared = {"owner": ada, "created_at": NOW}
    SavedReport.objects.create(name="Mine", query="by=day", **shared)
    ours = SavedReport.objects.create(name="Ours", query="by=week&period=90d", shared=True, **shared)
    (told,) = program("saved/").json()["results"]
    assert (told["id"], told["name"], told["owner"]) == (ours.pk, "Ours", "ada")
    assert told["parameters"] == {"by": "week", "period": "90d"}
    assert program(f"?{told['query']}").status_code == 200


def test_what_nobody_could_mean_is_refused_with_words(program, walked):
    for path, field in [
        ("links/?colour=red", "colour"),
        ("links/?since=yesterday", "since"),
        ("domains/?provider=x", "provider"),
        ("domains/?since=2026-03-02&until=2026-03-01", "until"),
        ("funnel/", "scenario"),
        ("funnel/?scenario=0", "scenario"),
        ("funnel/?scenario=1%00", "scenario"),
        (f"cohorts/?scenario={walked.pk}&weeks=7", "weeks"),
    ]:
        answer = program(path)
        assert (answer.status_code, list(answer.json())) == (400, [field]), path


def test_a_key_without_the_scope_is_refused_everywhere(client):
    headers = {"Authorization": f"Bearer {ApiKey.objects.issue('other', ['scenarios:read'])[1]}"}
    assert [client.get(f"/api/v1/reports/{part}/", headers=headers).status_code for part in PARTS] == [403] * 5
    assert [client.get(f"/api/v1/reports/{part}/").status_code for part in PARTS] == [401] * 5
