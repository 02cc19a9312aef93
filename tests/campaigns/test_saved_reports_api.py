"""Programs keep reports as their key's owner does on the page: one's own, shared or not, and never somebody else's."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from campaigns.models import SavedReport
from config.models import ApiKey
from tests.make import NOW

pytestmark = pytest.mark.django_db
ALL = ("view_savedreport", "add_savedreport", "change_savedreport", "delete_savedreport")
WEEKLY = {"name": "Weekly", "parameters": {"by": "week", "period": "90d"}}


class Program:
    def __init__(self, client: Client, owner: Any, scope: str = "reports:write") -> None:
        key = ApiKey.objects.issue("shop", ["reports:read", scope], owner=owner)[1]
        self.client, self.headers = client, {"Authorization": f"Bearer {key}"}

    def ask(self, method: str, path: str = "", body: Any = None) -> Any:
        send = getattr(self.client, method)
        told = {} if body is None else {"data": body, "content_type": "application/json"}
        return send(f"/api/v1/reports/saved/{path}", headers=self.headers, **told)


@pytest.fixture
def person(django_user_model: Any) -> Any:
    def made(name: str, *codes: str, **fields: Any) -> Any:
        user = django_user_model.objects.create_user(name, password="x", **fields)
        user.user_permissions.set(Permission.objects.filter(codename__in=codes))
        return user

    return made


def test_a_report_is_created_read_changed_and_deleted(client: Client, person: Any) -> None:
    ada = Program(client, person("ada", *ALL))
    made = ada.ask("post", body=WEEKLY)
    assert made.status_code == 201, made.json()
    told = made.json()
    assert (told["owner"], told["shared"], told["query"]) == ("ada", False, "by=week&period=90d")
    assert ada.ask("get", f"{told['id']}/").json() == told
    assert ada.client.get(f"/api/v1/reports/?{told['query']}", headers=ada.headers).status_code == 200
    changed = ada.ask("patch", f"{told['id']}/", {"shared": True})
    assert (changed.status_code, changed.json()) == (200, {**told, "shared": True})
    back = ada.ask("put", f"{told['id']}/", {**told, "name": "Daily", "query": "by=day", "parameters": {"by": "day"}})
    assert (back.status_code, back.json()["query"], back.json()["shared"]) == (200, "by=day", False)
    assert ada.ask("delete", f"{told['id']}/").status_code == 204
    assert ada.ask("get").json()["results"] == []


def test_somebody_elses_is_seen_where_it_is_shared_and_changed_never(client: Client, person: Any) -> None:
    ada, bob = person("ada", *ALL), person("bob", *ALL)
    hidden = SavedReport.objects.create(name="Mine", query="by=day", owner=ada, created_at=NOW)
    shared = SavedReport.objects.create(name="Ours", query="by=day", owner=ada, created_at=NOW, shared=True)
    for owner in (bob, None):
        program = Program(client, owner)
        assert [one["name"] for one in program.ask("get").json()["results"]] == ["Ours"]
        for method, body in (("patch", {"name": "Theirs"}), ("put", WEEKLY), ("delete", None)):
            assert program.ask(method, f"{shared.pk}/", body).status_code == 403, method
            assert program.ask(method, f"{hidden.pk}/", body).status_code == 404, method
    assert set(SavedReport.objects.values_list("name", flat=True)) == {"Mine", "Ours"}
    boss = Program(client, person("boss", is_superuser=True))
    assert boss.ask("patch", f"{shared.pk}/", {"name": "Everybody’s"}).status_code == 200  # as on the page
    assert boss.ask("patch", f"{hidden.pk}/", {"name": "Everybody’s"}).status_code == 404


def test_what_the_owner_may_not_their_key_may_not(client: Client, person: Any) -> None:
    reader = Program(client, person("reader", "view_savedreport"))
    assert reader.ask("post", body=WEEKLY).status_code == 403
    assert "belongs to somebody" in Program(client, None).ask("post", body=WEEKLY).json()["detail"]
    ada = person("ada", *ALL)
    assert Program(client, ada, "reports:read").ask("post", body=WEEKLY).status_code == 403
    assert not SavedReport.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": " "}, "name"),
        ({"name": "Taken"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "A", "query": "by=colour"}, "query"),
        ({"name": "A", "query": "colour=red"}, "query"),
        ({"name": "A", "query": "by=day&provider=" + "x" * 3000}, "query"),
        ({"name": "A", "parameters": {"since": "yesterday"}}, "parameters"),
        ({"name": "A", "parameters": ["by"]}, "parameters"),
        ({"name": "A", "query": "by=day", "parameters": {"by": "week"}}, "parameters"),
        ({"name": "A", "owner_id": 1}, "owner_id"),
        ({"name": "A", "shared": "perhaps"}, "shared"),
        (["A"], "detail"),
    ],
)
def test_what_makes_no_report_is_refused_field_by_field(client: Client, person: Any, body: Any, field: str) -> None:
    ada = person("ada", *ALL)
    SavedReport.objects.create(name="Taken", query="", owner=ada, created_at=NOW)
    answer = Program(client, ada).ask("post", body=body)
    assert (answer.status_code, list(answer.json())) == (400, [field]), answer.json()
    assert SavedReport.objects.count() == 1
