"""The pages of scenarios outside the canvas: the list, creating, and every move, each for those who may."""

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from config.roles import Role
from flows import presets
from flows.models import Execution, Scenario, ScenarioState
from tests import make
from tests.flows import drive
from tests.people import person, signed_in

pytestmark = pytest.mark.django_db

TAGGING = make.graph(("on", "on_event", {"event": "api.call"}), ("tag", "tag", {"add": ["called"]}), edges="on>tag")
EVERYBODY = make.graph(("now", "now", {}), ("rest", "wait", {"amount": 1, "unit": "days"}), edges="now>rest")
UNFINISHED = make.graph(("on", "on_event", {}), edges="")


@pytest.fixture
def mara() -> Client:
    """A marketer's browser."""
    return signed_in(person(Role.MARKETER))


def in_state(now: str, name: str = "Calls") -> Scenario:
    made = make.scenario(TAGGING, name=name)
    Scenario.objects.filter(pk=made.pk).update(state=now)
    return made


def state(scenario: Scenario) -> str:
    return Scenario.objects.values_list("state", flat=True).get(pk=scenario.pk)


def said(answer: Any) -> list[str]:
    """The short messages of the page that a post leads to."""
    return re.findall(r"data-toast><p>(.*?)</p>", answer.content.decode())


# The list


def test_an_empty_list_says_how_to_begin_to_those_who_may(mara: Client, victor: Client) -> None:
    assert "Create a scenario" in mara.get("/scenarios/").text
    page = victor.get("/scenarios/").text
    assert "No scenarios yet" in page
    assert "/scenarios/new/" not in page


def test_the_list_shows_states_triggers_and_counts_in_few_queries(
    mara: Client, django_assert_max_num_queries: Any
) -> None:
    scenario = make.scenario(EVERYBODY, name="Everybody")
    make.contacts(1234)
    mara.post(f"/scenarios/{scenario.pk}/start/")
    drive.until_still(timezone.now())
    for n in range(20):
        make.scenario(TAGGING, name=f"Calls {n}", state="paused")
    mara.get("/scenarios/")
    with django_assert_max_num_queries(9):
        page = mara.get("/scenarios/").text
    row = next(row for row in page.split("<tr>") if ">Everybody<" in row)
    assert "Running" in row
    assert re.findall(r'<td class="number">([\d,]+)</td>', row) == ["1,234", "1,234", "0"]
    assert page.count("On Event") == 20


def test_the_list_is_searched_and_filtered_and_comes_in_pages(mara: Client) -> None:
    for n in range(60):
        make.scenario(TAGGING, name=f"Calls {n}", state="paused" if n % 2 else "draft")
    first = mara.get("/scenarios/").text
    assert first.count("Actions for Calls") == 50
    older = re.search(r'href="(\?before=\d+)"', first)
    assert older
    assert mara.get(f"/scenarios/{older[1]}").text.count("Actions for Calls") == 10
    found = mara.get("/scenarios/?q=calls 1&state=paused").text
    assert re.findall(r"Actions for (Calls \d+)", found) == [
        "Calls 19",
        "Calls 17",
        "Calls 15",
        "Calls 13",
        "Calls 11",
        "Calls 1",
    ]
    assert "No scenario matches" in mara.get("/scenarios/?q=nothing like it").text
    for odd in ("?state=odd", "?before=x", "?after=" + "9" * 30, "?q=%00", "?q=" + "x" * 5000):
        assert mara.get(f"/scenarios/{odd}").status_code == 200, odd


def test_what_somebody_called_a_scenario_is_never_read_as_markup(mara: Client) -> None:
    scenario = make.scenario(TAGGING, name="<script>alert(1)</script>", description="<b>x</b>")
    for page in (
        "/scenarios/",
        f"/scenarios/{scenario.pk}/",
        f"/scenarios/{scenario.pk}/start/",
        f"/scenarios/{scenario.pk}/delete/",
    ):
        text = mara.get(page).text
        assert "alert(1)" in text, page
        assert "<script>alert" not in text, page
        assert "<b>x" not in text, page


def test_the_menu_offers_only_what_is_possible_now(mara: Client, victor: Client) -> None:
    for name in ("draft", "running", "paused"):
        in_state(name, name)
    rows = {
        name: row
        for row in mara.get("/scenarios/").text.split("<tr>")
        for name in ("draft", "running", "paused")
        if f"Actions for {name}" in row
    }
    offered = {name: set(re.findall(r"/scenarios/\d+/(\w+)/", row)) for name, row in rows.items()}
    assert offered == {
        "draft": {"start", "clone", "delete"},
        "running": {"pause", "stop", "clone"},
        "paused": {"resume", "stop", "clone", "delete"},
    }
    assert not re.findall(r"/scenarios/\d+/(\w+)/", victor.get("/scenarios/").text)


# Creating


def test_a_scenario_is_created_from_scratch_and_opens_on_the_canvas(mara: Client) -> None:
    answer = mara.post("/scenarios/new/", {"name": "Welcome", "preset": ""})
    made = Scenario.objects.get()
    assert answer.url == f"/scenarios/{made.pk}/"
    assert (made.name, made.state, made.created_by.username) == ("Welcome", ScenarioState.DRAFT, "mara")
    assert mara.get(answer.url).status_code == 200


@pytest.mark.parametrize("preset", [preset.key for preset in presets.listed()])
def test_every_prebuilt_scenario_is_drawn_at_once(mara: Client, preset: str) -> None:
    assert f'value="{preset}" checked' in mara.get(f"/scenarios/new/?preset={preset}").text
    answer = mara.post("/scenarios/new/", {"name": "Mine", "preset": preset})
    made = Scenario.objects.select_related("flow").get()
    assert len(made.flow.graph["nodes"]) > 3
    assert mara.get(answer.url).status_code == 200
    # Nothing is missing but, perhaps, a template that only its owner can choose.
    assert "trigger" not in mara.get(f"/scenarios/{made.pk}/start/").text.lower().split("<h1>")[1].split("</h1>")[0]


@pytest.mark.parametrize("form", [{"preset": ""}, {"name": " "}, {"name": "x" * 201}, {"name": "a\x00b"}])
def test_a_bad_name_is_said_beside_the_field(mara: Client, form: dict[str, str]) -> None:
    answer = mara.post("/scenarios/new/", form)
    assert answer.status_code == 200
    assert 'class="error"' in answer.text
    assert not Scenario.objects.exists()


# Moves


def test_a_start_asks_with_the_number_of_contacts_first(mara: Client) -> None:
    scenario = make.scenario(EVERYBODY)
    make.contacts(3)
    start = f"/scenarios/{scenario.pk}/start/"
    assert "<strong>3</strong> contacts match" in mara.get(start).text
    dialog = mara.get(start, headers={"HX-Request": "true"}).text
    assert "<strong>3</strong> contacts match" in dialog
    assert "<html" not in dialog
    assert state(scenario) == ScenarioState.DRAFT
    assert mara.post(start).url == f"/scenarios/{scenario.pk}/"
    assert state(scenario) == ScenarioState.RUNNING


def test_what_keeps_a_scenario_from_starting_is_said(mara: Client) -> None:
    scenario = make.scenario(UNFINISHED)
    page = mara.get(f"/scenarios/{scenario.pk}/start/").text
    assert "cannot start yet" in page
    assert "Event: This field is required." in page
    answer = mara.post(f"/scenarios/{scenario.pk}/start/", {"from": "list"}, follow=True)
    assert said(answer)[-1] == "Event: This field is required."
    assert state(scenario) == ScenarioState.DRAFT


def test_pause_and_resume_come_back_to_where_one_was(mara: Client) -> None:
    scenario = make.scenario(TAGGING, name="Calls")
    mara.post(f"/scenarios/{scenario.pk}/start/")
    answer = mara.post(f"/scenarios/{scenario.pk}/pause/", {"from": "list"}, follow=True)
    assert answer.request["PATH_INFO"] == "/scenarios/"
    assert said(answer)[-1] == "Paused: nobody enters, nobody moves."
    assert state(scenario) == ScenarioState.PAUSED
    answer = mara.post(f"/scenarios/{scenario.pk}/resume/", follow=True)
    assert answer.request["PATH_INFO"] == f"/scenarios/{scenario.pk}/"
    assert state(scenario) == ScenarioState.RUNNING


@pytest.mark.parametrize(
    ("before", "move"),
    [("draft", "pause"), ("draft", "resume"), ("running", "start"), ("running", "resume"), ("paused", "start")],
)
def test_a_move_from_the_wrong_state_is_refused_with_a_sentence(mara: Client, before: str, move: str) -> None:
    scenario = in_state(before)
    answer = mara.post(f"/scenarios/{scenario.pk}/{move}/", {"from": "list"}, follow=True)
    assert said(answer)[-1].startswith("This scenario cannot be ")
    assert state(scenario) == before


def test_a_clone_opens_on_the_canvas(mara: Client) -> None:
    scenario = in_state("running")
    answer = mara.post(f"/scenarios/{scenario.pk}/clone/")
    copy = Scenario.objects.latest("pk")
    assert answer.url == f"/scenarios/{copy.pk}/"
    assert (copy.name, copy.state, copy.created_by.username) == ("Calls (copy)", ScenarioState.DRAFT, "mara")


def test_deleting_asks_with_the_number_of_contacts_inside(mara: Client) -> None:
    scenario = make.scenario(EVERYBODY, name="Everybody")
    make.contacts(3)
    mara.post(f"/scenarios/{scenario.pk}/start/")
    drive.until_still(timezone.now())
    refused = mara.post(f"/scenarios/{scenario.pk}/delete/", follow=True)
    assert said(refused)[-1] == "Pause the scenario before you delete it."
    mara.post(f"/scenarios/{scenario.pk}/pause/")
    assert "3 contacts are inside now" in mara.get(f"/scenarios/{scenario.pk}/delete/").text
    assert Scenario.objects.exists()
    assert mara.post(f"/scenarios/{scenario.pk}/delete/").url == "/scenarios/"
    assert not Scenario.objects.exists()
    assert not Execution.objects.exists()


# Who may

FIELDS = ["graph", "objective", "base"]
MOVES = ["start", "pause", "resume", "clone", "delete", "save", "save-copy", "rename", "unschedule", "stop", "clear"]


def test_a_viewer_looks_and_changes_nothing(victor: Client) -> None:
    scenario = make.scenario(TAGGING, name="Calls")
    for page in ("", "counts/"):
        assert victor.get(f"/scenarios/{scenario.pk}/{page}").status_code == 200, page
    for move in MOVES:
        assert victor.post(f"/scenarios/{scenario.pk}/{move}/", {"name": "Mine"}).status_code == 403, move
    for page in ("/scenarios/new/", f"/scenarios/{scenario.pk}/start/", f"/scenarios/{scenario.pk}/delete/"):
        assert victor.get(page).status_code == 403, page
    assert victor.post("/scenarios/new/", {"name": "Mine"}).status_code == 403
    assert list(Scenario.objects.values_list("name", "state")) == [("Calls", "draft")]


@pytest.mark.parametrize("odd", ["\x00", "\ud800", 10**30, [], [[]], {"a": "\x00"}, True, "x" * 5000])
def test_the_canvas_may_send_anything_and_is_answered(mara: Client, odd: Any) -> None:
    scenario = make.scenario(TAGGING, name="Calls")
    bodies = [odd, {"name": odd}, *({"graph": TAGGING, "objective": {}, "base": 1, key: odd} for key in FIELDS)]
    for move in ("save", "save-copy", "rename"):
        for body in bodies:
            answer = mara.post(f"/scenarios/{scenario.pk}/{move}/", json.dumps(body), content_type="application/json")
            assert answer.status_code == 200, (move, body)
    text = json.dumps(odd)
    for form in ({"config": text}, {"graph": text}, {"opening": "1", "config": text}):
        assert mara.post(f"/scenarios/{scenario.pk}/nodes/tag/dialog/", form).status_code == 200, form
    assert mara.get(f"/scenarios/{scenario.pk}/").status_code == 200


def test_who_is_not_signed_in_is_asked_to() -> None:
    scenario = make.scenario(TAGGING)
    for page in ("/scenarios/", "/scenarios/new/", *(f"/scenarios/{scenario.pk}/{move}/" for move in MOVES)):
        answer = Client().post(page)
        assert (answer.status_code, answer.url.partition("?")[0]) == (302, "/login/"), page
    assert state(scenario) == ScenarioState.DRAFT


def test_moves_need_a_post_and_its_token(mara: Client) -> None:
    scenario = in_state("running")
    for move in ("pause", "unschedule", "clone", "save", "save-copy", "rename"):
        assert mara.get(f"/scenarios/{scenario.pk}/{move}/").status_code == 405, move
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = mara.cookies
    assert strict.post(f"/scenarios/{scenario.pk}/pause/").status_code == 403
    assert state(scenario) == ScenarioState.RUNNING


def test_what_is_not_there_is_a_404(mara: Client) -> None:
    for move in ("", *(f"{move}/" for move in MOVES)):
        for pk in ("999999", "9" * 30):
            method = mara.post if move else mara.get
            assert method(f"/scenarios/{pk}/{move}").status_code == 404, (pk, move)
