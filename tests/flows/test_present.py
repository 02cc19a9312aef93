"""Who is in a scenario now: counted, listed in the order in which they leave, found, taken out and put back."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission

from config.models import User
from contacts.models import Contact, Event
from flows import present
from flows.models import Execution
from flows.present import Key
from tests import make
from tests.flows.drive import until_still
from tests.flows.resting import RESTING, address, enter, running, stand
from tests.make import NOW
from tests.people import signed_in

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


# In their order, page by page


def test_whoever_leaves_first_stands_first_on_every_page_and_back_again(monkeypatch):
    monkeypatch.setattr(present, "SIZE", 4)
    scenario = running()
    at = [NOW + timedelta(hours=n) for n in (5, 1, 1, 1, 1, 1, 1, 9, 2, 2)]
    ids = stand(scenario, [*at, None, None, None, None, None, NOW])
    dues = dict(zip(ids, [*at, *[None] * 5, NOW], strict=True))
    never = datetime.max.replace(tzinfo=UTC)
    expected = sorted(ids, key=lambda pk: (dues[pk] or never, pk))
    found = present.waiting_at(scenario, "rest")
    pages, page = [], present.people(found)
    while True:
        pages.append([row.pk for row in page.rows])
        assert bool(page.earlier) == (len(pages) > 1)
        if not page.later:
            break
        page = present.people(found, after=Key.read(page.later))
    assert [pk for rows in pages for pk in rows] == expected
    assert [len(rows) for rows in pages] == [4, 4, 4, 4]
    for rows in reversed(pages[:-1]):
        page = present.people(found, before=Key.read(page.earlier))
        assert [row.pk for row in page.rows] == rows
    assert page.earlier == ""


@pytest.mark.parametrize("odd", ["", "x", "_", "_-1", "2026-03-10_5", "2026-03-10T09:00:00+00:00_x", f"_{'9' * 30}"])
def test_a_key_that_nobody_gave_leads_to_the_first_page(odd: str, mara):
    scenario = running()
    stand(scenario, [NOW])
    assert Key.read(odd) is None
    assert "c0@standing.example" in mara.get(address(scenario), {"after": odd}).text


def test_a_page_costs_the_same_however_many_wait(django_assert_max_num_queries):
    scenario = running()
    stand(scenario, [NOW + timedelta(minutes=n) for n in range(200)])
    with django_assert_max_num_queries(3):
        page = present.people(present.waiting_at(scenario, "rest"))
        assert [row.contact.email for row in page.rows[:2]] == ["c0@standing.example", "c1@standing.example"]


@pytest.mark.parametrize("text", ["vera@", "Vera", "montgom", "+33612345678", "06 12 34 56 78"])
@pytest.mark.parametrize("many", [False, True])
def test_contacts_are_found_by_email_name_and_phone(text: str, many: bool, monkeypatch, mara):
    monkeypatch.setattr(present, "MOST_FOUND", 0 if many else 100)
    scenario = running()
    stand(scenario, [NOW] * 3)
    Contact.objects.filter(email="c1@standing.example").update(
        email="vera@example.com", first_name="Vera", last_name="Montgomery", phone="+33612345678"
    )
    make.contact("vera@elsewhere.example", first_name="Vera", last_name="Montgomery")
    page = mara.get(address(scenario), {"q": text}).text
    assert "vera@example.com" in page
    assert "elsewhere" not in page and "standing.example" not in page
    assert "No contact here matches" in mara.get(address(scenario), {"q": "nobody"}).text
    assert "No contact here matches" in mara.get(address(scenario), {"q": "%"}).text


# What is said of each


def test_the_moment_of_leaving_is_exact_and_in_the_readers_zone(mara):
    scenario = running()
    enter(scenario, make.contacts(1), NOW)
    assert "Tue 17 Mar 2026, 18:00:00 JST" in mara.get(address(scenario)).text
    assert "at the latest" not in mara.get(address(scenario)).text


def test_of_who_waits_for_an_event_it_is_the_latest_moment(mara):
    scenario = running()
    enter(scenario, make.contacts(1), NOW)
    until_still(NOW + timedelta(days=7))
    page = mara.get(address(scenario, "hear")).text
    assert "at the latest" in page and "Thu 19 Mar 2026, 18:00:00 JST" in page


def test_the_context_is_what_templates_read_as_a_file(mara, victor):
    scenario = running()
    enter(scenario, make.contacts(1), NOW, order={"id": "A-1", "items": ["mug", "thé"]})
    one = Execution.objects.get()
    file = f"/scenarios/{scenario.pk}/executions/{one.pk}/context/"
    assert file in mara.get(address(scenario)).text
    answer = victor.get(file)
    assert answer["Content-Disposition"] == f'attachment; filename="context-{one.pk}.json"'
    said = json.loads(answer.content)
    assert said["event"] == {"order": {"id": "A-1", "items": ["mug", "thé"]}}
    assert (said["name"], said["contact"], said["scenario"]) == ("api.call", one.contact_id, scenario.pk)
    assert mara.get(f"/scenarios/{make.scenario(RESTING).pk}/executions/{one.pk}/context/").status_code == 404
    Event.objects.all().delete()
    assert file not in mara.get(address(scenario)).text
    assert mara.get(file).status_code == 404


def test_the_context_is_only_for_those_who_may_see_contacts():
    scenario = running()
    enter(scenario, make.contacts(1), NOW)
    user = User.objects.create_user("sam")
    user.user_permissions.add(Permission.objects.get(codename="view_scenario"))
    sam = signed_in(user)
    assert sam.get(address(scenario)).status_code == 200
    assert "/context/" not in sam.get(address(scenario)).text
    assert sam.get(f"/scenarios/{scenario.pk}/executions/{Execution.objects.get().pk}/context/").status_code == 403


# As a dialog


def test_over_the_canvas_it_is_a_dialog_and_elsewhere_a_page(mara):
    scenario = running()
    stand(scenario, [NOW])
    dialog, page = mara.get(address(scenario), headers=HTMX).text, mara.get(address(scenario)).text
    assert dialog.lstrip().startswith("<dialog") and "<html" not in dialog
    assert "<dialog" not in page.split('id="main"')[1]
    for text in (dialog, page):
        assert 'id="node-content"' in text and "c0@standing.example" in text


def test_removing_is_asked_in_the_list_and_leads_back_to_its_place(mara, victor):
    scenario = running()
    first, second = stand(scenario, [NOW, NOW])
    remove = f"/scenarios/{scenario.pk}/executions/{first}/remove/"
    listed = mara.get(address(scenario), {"q": "standing"}, headers=HTMX).text
    link = re.search(rf'hx-get="({remove}[^"]*)"', listed)[1].replace("&amp;", "&")
    assert link == f"{remove}?in=row&q=standing"
    assert "/remove/" not in victor.get(address(scenario), headers=HTMX).text
    asked = mara.get(link, headers=HTMX).text
    assert asked.strip().startswith("{#") is False and "<tr" in asked
    assert "Take c0@standing.example out of “Welcome”?" in asked
    assert f'action="{link.replace("&", "&amp;")}"' in asked
    answer = mara.post(link, headers=HTMX)
    assert answer.url == f"{address(scenario)}?q=standing"
    after = mara.get(answer.url, headers=HTMX).text
    assert "c0@standing.example has left “Welcome”." in after
    assert "c1@standing.example" in after and f"/executions/{first}/" not in after
    assert Execution.objects.get(pk=second).state == "waiting"
    assert victor.post(remove, headers=HTMX).status_code == 403


def test_errors_are_grouped_with_how_often_and_all_or_one_are_tried_again(mara):
    scenario = running()
    ids = stand(scenario, [NOW] * 5)
    Execution.objects.update(state="failed", error="Timeout <1>", finished_at=NOW)
    Execution.objects.filter(pk=ids[0]).update(error="Boom")
    assert present.errors_at(scenario, "rest") == [("Timeout <1>", 4), ("Boom", 1)]
    page = mara.get(f"{address(scenario)}?show=failed", headers=HTMX).text
    assert re.search(r">4</span><span class=\"break\">Timeout &lt;1&gt;", page)
    asked = mara.get(f"/scenarios/{scenario.pk}/nodes/rest/requeue/?in=list&show=failed", headers=HTMX).text
    assert "5 contacts have failed here." in asked and "<dialog" not in asked
    one = f"/scenarios/{scenario.pk}/nodes/rest/requeue/?execution={ids[0]}&in=row&show=failed"
    assert mara.post(one, headers=HTMX).url == f"{address(scenario)}?show=failed"
    assert "1 contact goes on." in mara.get(f"{address(scenario)}?show=failed", headers=HTMX).text
