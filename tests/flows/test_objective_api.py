"""Objectives through the API: where they are kept, who achieved them, and what hostile bodies get for an answer."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from campaigns.counting import Of, count
from campaigns.models import Campaign, ChainStep, Conversion, Objective
from campaigns.objectives import objective_of, set_objective
from campaigns.revenue import add
from contacts.days import day_of
from contacts.models import Segment
from contacts.segments.using import uses
from flows import cloning, deleting, saving
from flows.models import Scenario
from tests import make
from tests.campaigns.converted import message
from tests.make import NOW
from tests.programs import client

pytestmark = pytest.mark.django_db

URL = "/api/v1/objectives/"
TAGGING = make.graph(("on", "on_event", {"event": "api.call"}), ("tag", "tag", {"add": ["called"]}), edges="on>tag")
ORDERS = {"kind": "event", "event": "order.placed", "within_days": 7, "value_property": "value"}


def chain() -> Campaign:
    campaign = Campaign.objects.create(name="Course", kind="chain", created_at=NOW)
    ChainStep.objects.create(campaign=campaign, key="n2", position=1, name="Second", channel="email")
    make.scenario(TAGGING, name="Course", campaign=campaign)
    return campaign


def test_a_scenarios_objective_is_set_read_changed_and_taken_away(api: APIClient) -> None:
    scenario = make.scenario(TAGGING)
    url = f"{URL}scenario:{scenario.pk}/"
    assert api.get(url).status_code == 404
    told = api.put(url, ORDERS)
    assert told.status_code == 200
    assert told.json() == {
        "owner": f"scenario:{scenario.pk}",
        **ORDERS,
        "touch": "sent",
        "filter": None,
        "currency_property": "",
        "segment": None,
        "sentence": "“order.placed” happened within 7 days",
        "converted": 0,
        "revenue": {},
    }
    scenario.refresh_from_db()
    assert scenario.objective == ORDERS
    changed = api.patch(url, {"touch": "clicked", "within_days": None, "currency_property": "currency"}).json()
    assert (changed["touch"], changed["within_days"], changed["currency_property"]) == ("clicked", None, "currency")
    scenario.refresh_from_db()
    assert scenario.objective == {
        "kind": "event", "event": "order.placed", "value_property": "value", "currency_property": "currency",
        "touch": "clicked",
    }  # fmt: skip
    assert api.get(URL).json()["results"] == [changed]
    assert api.delete(url).status_code == 204
    assert api.delete(url).status_code == 404
    scenario.refresh_from_db()
    assert (scenario.objective, api.get(URL).json()["results"]) == ({}, [])


def test_chains_and_their_steps_keep_theirs_where_their_pages_show_it(api: APIClient) -> None:
    campaign = chain()
    assert api.put(f"{URL}campaign:{campaign.pk}/", {"kind": "clicked"}).status_code == 200
    assert api.put(f"{URL}campaign:{campaign.pk}:n2/", {"kind": "opened", "within_days": 2}).status_code == 200
    assert Scenario.objects.get().objective == {"kind": "clicked"}
    assert ChainStep.objects.get().objective == {"kind": "opened", "within_days": 2}
    mailing = Campaign.objects.create(name="News", channel="email", created_at=NOW)
    assert api.put(f"{URL}campaign:{mailing.pk}/", {"kind": "opened"}).status_code == 200
    of_chain = api.get(URL, {"owner": f"campaign:{campaign.pk}"}).json()["results"]
    assert [one["owner"] for one in of_chain] == [f"campaign:{campaign.pk}:n2", f"campaign:{campaign.pk}"]
    assert len(api.get(URL, {"kind": "opened"}).json()["results"]) == 2


@pytest.mark.parametrize(
    "owner", ["scenario:999", "campaign:999", "campaign:999:n1", "scenario:0", "scenario:1:n2", "x"]
)
def test_nobody_who_is_not_there_has_an_objective(api: APIClient, owner: str) -> None:
    for method in (api.get, api.delete):
        assert method(f"{URL}{owner}/").status_code == 404
    for method in (api.put, api.patch):
        assert method(f"{URL}{owner}/", {"kind": "opened"}).status_code == 404
    assert not Objective.objects.exists()


def test_a_chains_scenario_goes_by_the_chains_key_alone(api: APIClient) -> None:
    chain()
    assert api.put(f"{URL}scenario:{Scenario.objects.get().pk}/", {"kind": "opened"}).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "kind"),
        ({"kind": None}, "kind"),
        ([], "kind"),
        ([1], "detail"),
        ({"kind": "event"}, "event"),
        ({"kind": "event", "event": "x", "filter": {"rule": "nonsense"}}, "filter"),
        ({"kind": "segment", "segment": 5}, "segment"),
        ({"kind": "opened", "within_days": 10**30}, "within_days"),
        ({"kind": "opened", "touch": {}}, "touch"),
        ({"kind": "event", "event": "x", "value_property": "\ud800"}, "value_property"),
        ({"kind": "opened", "event": "\x00"}, "detail"),
    ],
)
def test_what_is_wrong_is_said_by_field(api: APIClient, body: Any, field: str) -> None:
    scenario = make.scenario(TAGGING)
    refused = api.put(f"{URL}scenario:{scenario.pk}/", body)
    assert (refused.status_code, list(refused.json())) == (400, [field])
    scenario.refresh_from_db()
    assert scenario.objective == {}


def test_reading_and_writing_need_their_scopes() -> None:
    scenario = make.scenario(TAGGING)
    url = f"{URL}scenario:{scenario.pk}/"
    reader, other = client("objectives:read"), client("scenarios:write")
    assert reader.put(url, ORDERS).status_code == 403
    assert other.get(URL).status_code == 403
    assert APIClient().get(URL).status_code == 401
    assert client("objectives:write").put(url, ORDERS).status_code == 200
    assert reader.get(url).status_code == 200
    assert reader.get(f"{url}conversions/").status_code == 200


def test_the_conversions_of_one_come_page_by_page_with_their_worth(api: APIClient) -> None:
    scenario = make.scenario(TAGGING)
    owner = f"scenario:{scenario.pk}"
    assert set_objective(owner, ORDERS) == {}
    objective, people = Objective.objects.get(), make.contacts(3)
    for place, contact in enumerate(people):
        mail = message(contact, f"{owner}:n1", NOW)
        Conversion.objects.create(
            objective=objective, message=mail, contact_id=contact, event_id=place + 1, at=NOW + timedelta(hours=1),
            value=Decimal("9.5"), currency="EUR", first=True,
        )  # fmt: skip
        count([(Of(mail.origin_id, mail.content_id), "converted", 1)], NOW)
        add([(day_of(NOW), Of(mail.origin_id, mail.content_id), "EUR", Decimal("9.5"))])
    told = api.get(f"{URL}{owner}/").json()
    assert (told["converted"], told["revenue"]) == (3, {"EUR": "28.50"})
    first = api.get(f"{URL}{owner}/conversions/", {"limit": 2}).json()
    assert [row["contact"] for row in first["results"]] == people[:0:-1]
    assert first["results"][0] == {
        "id": Conversion.objects.latest("pk").pk, "contact": people[2], "message": mail.pk, "origin": f"{owner}:n1",
        "event": 3, "at": "2026-03-10T10:00:00Z", "value": "9.5000", "currency": "EUR", "first": True,
    }  # fmt: skip
    rest = api.get(first["next"]).json()
    assert [row["contact"] for row in rest["results"]] == people[:1]
    assert len(api.get(f"{URL}{owner}/conversions/", {"contact": people[1]}).json()["results"]) == 1
    assert api.get(f"{URL}{owner}/conversions/", {"contact": "x"}).status_code == 400
    api.delete(f"{URL}{owner}/")
    assert len(api.get(f"{URL}{owner}/conversions/").json()["results"]) == 3


# However a scenario's objective is saved, it is that of its messages


def test_what_is_saved_cloned_and_deleted_is_mirrored(api: APIClient) -> None:
    scenario = make.scenario(TAGGING)
    saving.save(scenario, TAGGING, {"kind": "opened"}, None, None, NOW)
    assert objective_of(f"scenario:{scenario.pk}") == {"kind": "opened", "touch": "sent"}
    copy = cloning.clone(scenario, None, NOW)
    assert objective_of(f"scenario:{copy.pk}")["kind"] == "opened"
    made = api.post("/api/v1/scenarios/", {"name": "New", "objective": {"kind": "clicked"}}).json()
    assert objective_of(f"scenario:{made['id']}")["kind"] == "clicked"
    api.patch(f"/api/v1/scenarios/{made['id']}/", {"objective": {}})
    assert objective_of(f"scenario:{made['id']}") == {}
    api.patch(f"/api/v1/scenarios/{copy.pk}/", {"name": "Else"})
    assert objective_of(f"scenario:{copy.pk}")["kind"] == "opened"
    deleting.delete(scenario)
    assert objective_of(f"scenario:{scenario.pk}") == {}
    assert objective_of(f"scenario:{copy.pk}")["kind"] == "opened"


def test_a_segment_that_an_objective_needs_is_used(api: APIClient) -> None:
    vips = Segment.objects.create(name="VIPs")
    scenario = make.scenario(TAGGING)
    api.put(f"{URL}scenario:{scenario.pk}/", {"kind": "segment", "segment": vips.pk})
    assert [use.name for use in uses(vips.pk)] == [scenario.name]


def test_a_list_of_objectives_costs_the_same_queries_however_many_name_segments(api: APIClient) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            listed = api.get(URL).json()["results"]
        assert all("“S" in one["sentence"] for one in listed)
        return len(asked)

    def aimed(n: int) -> None:
        segment = Segment.objects.create(name=f"S{n}")
        assert set_objective(f"scenario:{n}", {"kind": "segment", "segment": segment.pk}) == {}

    aimed(1)
    queries()
    one = queries()
    for n in range(2, 9):
        aimed(n)
    assert queries() == one
