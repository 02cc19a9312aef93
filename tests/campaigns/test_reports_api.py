"""Reports as programs ask for them, and as files that people and programs take along."""

import csv
import io
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model

from campaigns.models import DayCount, Origin
from campaigns.reports import reporting
from config.models import ApiKey
from tests import make
from tests.campaigns import letters
from tests.campaigns.reported import ASKED, counted, scenario
from tests.make import NOW

pytestmark = pytest.mark.django_db


def read_csv(answer) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.getvalue().decode().removeprefix("\ufeff"))))


def test_the_api_groups_filters_and_refuses_what_it_does_not_know(program):
    counted(5, country="FR")
    answer = program(f"?by=country&then=day&{ASKED}").json()
    assert answer["rows"][0]["groups"] == [
        {"by": "country", "key": "FR", "name": "France"},
        {"by": "day", "key": "2026-03-10", "name": "Tue 10 Mar 2026"},
    ]
    assert answer["rows"][0]["counts"]["sent"] == answer["total"]["counts"]["sent"] == 5
    assert answer["rows"][0]["rates"]["open_rate"] == 0
    assert program(f"?by=day&country=DE&{ASKED}").json()["rows"] == []
    for wrong in ("by=colour", "colour=red", "since=yesterday", "since=2026-03-02&until=2026-03-01", "channel=fax"):
        assert program(f"?{wrong}").status_code == 400, wrong
    assert "This is before" in str(program("?since=2026-03-02&until=2026-03-01").json())


def test_only_keys_with_the_scope_and_people_with_the_permission_see_numbers(client):
    headers = {"Authorization": f"Bearer {ApiKey.objects.issue('other', ['messages:read'])[1]}"}
    assert client.get("/api/v1/reports/", headers=headers).status_code == 403
    assert client.get("/api/v1/reports/").status_code == 401
    client.force_login(get_user_model().objects.create_user("guest", password="x"))
    for path in ("", "export.csv", "links/", "domains/", "funnel/", "cohorts/", "saved/", "saved/new/"):
        assert client.get(f"/reports/{path}").status_code == 403, path


def test_the_api_answers_as_csv(program):
    counted(5)
    answer = program(f"?by=day&format=csv&{ASKED}")
    assert answer["Content-Type"].startswith("text/csv")
    lines = answer.getvalue().decode().splitlines()
    assert lines[0].startswith("\ufeffDay,sent,delivered")
    assert [line for line in lines if line.startswith("2026-03-10,5,0")]


def test_a_file_holds_no_formula(client, mara):
    made = scenario('=HYPERLINK("http://evil.example","win")')
    counted(3, origin=f"scenario:{made.pk}:mail", country="FR")
    answer = client.get(f"/reports/export.csv?by=scenario&then=country&{ASKED}")
    rows = read_csv(answer)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert rows[0][:5] == ["Scenario", "Scenario key", "Country", "Country key", "sent"]
    assert rows[1][:5] == ["'" + made.name, str(made.pk), "France", "FR", "3"]
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "@"))]


def test_the_file_has_every_row_of_a_report_that_is_too_long_for_a_page(client, mara, program, monkeypatch):
    """As many as there are, whatever is the most that a page shows."""
    graph = make.graph(("in", "now", {}), ("n1", "email", {"subject": "=1+1", "body": "Hi"}), edges="in>n1")
    made = make.scenario(graph, name="=HYPERLINK(1)")
    origins = Origin.objects.bulk_create(Origin(key=f"scenario:{made.pk}:m{n}") for n in range(30))
    content = letters.content()
    DayCount.objects.bulk_create(
        DayCount(day=NOW.date() - timedelta(days=n), origin=origin, content=content, sent=n + 1, country="FR")
        for n in range(9)
        for origin in origins
    )
    whole = read_csv(client.get(f"/reports/export.csv?by=day&then=node&{ASKED}"))
    assert len(whole) == 1 + 9 * 30
    monkeypatch.setattr(reporting, "MOST_ROWS", 20)
    monkeypatch.setattr(reporting, "SLICE", 7)
    assert "in the CSV file" in client.get(f"/reports/?by=day&then=node&{ASKED}").content.decode()
    cut = read_csv(client.get(f"/reports/export.csv?by=day&then=node&{ASKED}"))
    assert sorted(cut) == sorted(whole)
    assert [row[0] for row in cut[1:]] == sorted(row[0] for row in cut[1:])
    assert all(row[1].startswith("'=HYPERLINK(1)") for row in cut[1:])
    most_first = read_csv(program(f"?by=day&then=node&sort=-sent&format=csv&{ASKED}"))
    assert [int(row[3]) for row in most_first[1:]] == sorted((n + 1 for n in range(9) for _ in origins), reverse=True)
