"""Saving from the canvas: the objective, what is wrong, who was faster, starting and pausing, counts on the shapes."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Dialog, Page, expect

from campaigns.models import Provider
from config.models import User
from flows import saving
from flows.models import Flow, NodeCount, Scenario
from tests import make
from tests.stories.canvas_driver import Canvas, same

TAG = {"add": ["vip"], "remove": []}


@pytest.fixture
def canvas(signed_in: Page, site: str, admin: User) -> Canvas:
    graph = make.graph(
        ("t", "now", {}), ("w", "wait", {"amount": 7, "unit": "days"}), ("e", "tag", TAG), edges="t>w w>e"
    )
    for place, node in enumerate(graph["nodes"]):
        node["x"] = 80 + 300 * place
    return Canvas(signed_in, site, make.scenario(graph).pk).open()


def start(canvas: Canvas):
    return canvas.page.locator("[data-start]")


def test_saving_loading_and_saving_again_is_the_same_graph(canvas: Canvas) -> None:
    first = Flow.objects.get()
    canvas.node("w").focus()
    canvas.press("ArrowDown")
    canvas.save()
    second = Scenario.objects.get().flow
    assert second.number == 2
    canvas.open()
    canvas.save()
    assert Flow.objects.count() == 2
    moved = [{**node, "y": 80} for node in second.graph["nodes"]]
    assert same({**second.graph, "nodes": moved}) == same(first.graph)


def test_the_objective_is_asked_and_kept(canvas: Canvas) -> None:
    canvas.press("Control+s")
    dialog = canvas.page.locator("#save-dialog")
    dialog.get_by_label("Did something (an event)").check()
    dialog.get_by_label("Name of the event").fill("order.placed")
    dialog.get_by_label("Within days").fill("14")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).not_to_be_visible()
    assert Scenario.objects.get().objective == {"kind": "event", "event": "order.placed", "within_days": 14}
    canvas.open().press("Control+s")
    expect(dialog.get_by_label("Name of the event")).to_have_value("order.placed")


def test_every_change_needs_saving_before_the_start(canvas: Canvas) -> None:
    expect(start(canvas)).to_be_enabled()
    canvas.node("w").focus()
    canvas.press("ArrowDown")
    expect(start(canvas)).to_be_disabled()
    expect(canvas.page.locator("[data-start-hint]")).to_contain_text("save")
    canvas.press("Control+z")
    expect(start(canvas)).to_be_enabled()
    canvas.press("Control+Shift+z")
    canvas.save()
    expect(start(canvas)).to_be_enabled()


def test_an_unfinished_drawing_is_saved_and_its_problems_are_pinned_and_listed(canvas: Canvas) -> None:
    added = canvas.drop("condition", canvas.blank())
    canvas.save()
    expect(start(canvas)).to_be_disabled()
    expect(canvas.node(added)).to_have_class(re.compile("wrong"))
    canvas.page.locator("[data-problems] summary").click()
    canvas.page.locator("[data-problems] li button", has_text="No contact can get here").click()
    expect(canvas.node(added)).to_be_focused()
    canvas.press("Delete")
    canvas.save()
    expect(start(canvas)).to_be_enabled()


def test_the_second_of_two_who_save_is_told_and_keeps_theirs_as_a_copy(canvas: Canvas, admin: User) -> None:
    scenario = Scenario.objects.get()
    grace = User.objects.create_user("grace", "grace@example.com", "correct horse battery")
    theirs = make.graph(("t", "now", {}), ("x", "tag", TAG), edges="t>x")
    saving.save(scenario, theirs, {}, grace, 1, timezone.now())
    canvas.node("w").focus()
    canvas.press("ArrowDown")
    canvas.page.locator('[data-do="save"]').click()
    canvas.page.locator("#save-dialog [data-confirm]").click()
    conflict = canvas.page.locator("#conflict-dialog")
    expect(conflict).to_contain_text("version 2")
    expect(conflict).to_contain_text("grace")
    assert Scenario.objects.get().flow.number == 2
    conflict.get_by_role("button", name="Keep mine as a copy").click()
    canvas.page.wait_for_url(lambda url: url != canvas.url)
    copy = Scenario.objects.latest("pk")
    assert copy.pk != scenario.pk
    assert {node["id"] for node in copy.flow.graph["nodes"]} == {"t", "w", "e"}


def test_leaving_with_unsaved_changes_asks(canvas: Canvas) -> None:
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    canvas.page.on("dialog", answer)
    canvas.node("w").focus()
    canvas.press("ArrowDown")
    canvas.page.get_by_role("link", name="Back to the scenarios").click()
    canvas.page.wait_for_url("**/scenarios/")
    assert asked == ["beforeunload"]


def test_started_with_the_audience_counted_then_paused_changed_and_resumed(canvas: Canvas) -> None:
    make.contacts(3)
    start(canvas).click()
    expect(canvas.page.locator("dialog[open]")).to_contain_text("3 contacts")
    canvas.page.locator("dialog[open] .button.primary").click()
    canvas.page.locator(".editor-bar .badge", has_text="Running").wait_for()
    NodeCount.objects.create(scenario=Scenario.objects.get(), node="w", metric="waiting", n=1234)
    expect(canvas.node("w").locator(".node-count")).to_have_text("1,234")
    expect(canvas.node("w")).to_have_attribute("aria-label", "Wait: 7 days, 1,234 contacts")
    canvas.page.get_by_role("button", name="Pause").click()
    canvas.page.locator(".editor-bar .badge", has_text="Paused").wait_for()
    canvas.page.locator("#editor.ready").wait_for()
    canvas.card("t").click()
    canvas.press("Delete")
    expect(canvas.say).to_contain_text("cannot be removed")
    canvas.card("e").click()
    canvas.press("Delete")
    assert canvas.ids() == ["t", "w"]
    expect(canvas.page.get_by_role("button", name="Resume")).to_be_disabled()
    canvas.save()
    assert "waiting" not in str(Scenario.objects.get().flow.graph)
    canvas.page.get_by_role("button", name="Resume").click()
    expect(canvas.page.locator("dialog[open]")).to_contain_text("Nothing has become overdue in the pause.")
    canvas.page.locator("dialog[open] .button.primary").click()
    canvas.page.locator(".editor-bar .badge", has_text="Running").wait_for()


def test_email_and_sms_are_off_with_a_hint_and_a_link_while_nothing_can_send_them(canvas: Canvas) -> None:
    Provider.objects.all().delete()
    canvas.open()
    item = canvas.page.locator('.palette [data-type="email"]')
    expect(item).to_have_attribute("aria-disabled", "true")
    expect(canvas.page.locator("#off-email a")).to_be_visible()
    assert canvas.drop("email", canvas.blank()) == ""
    expect(canvas.say).to_contain_text("provider")


def test_what_somebody_wrote_is_never_read_as_markup(canvas: Canvas) -> None:
    canvas.card("e").dblclick()
    dialog = canvas.page.locator("dialog[open]")
    dialog.locator("[name=add]").fill("<img src=x onerror=alert(1)>")
    dialog.get_by_role("button", name="Confirm").click()
    expect(canvas.node("e").locator(".node-summary")).to_contain_text("<img")
    expect(canvas.node("e").locator("img")).to_have_count(0)


def test_the_name_is_changed_in_its_place(canvas: Canvas) -> None:
    name = canvas.page.get_by_label("Name of the scenario")
    name.fill("Autumn sale")
    name.press("Enter")
    expect(canvas.say).to_have_text("Renamed.")
    assert Scenario.objects.get().name == "Autumn sale"
    name.fill("")
    name.press("Enter")
    expect(name).to_have_value("Autumn sale")


def test_a_restored_version_is_saved_or_discarded_before_the_start(canvas: Canvas) -> None:
    scenario = Scenario.objects.get()
    saving.save(scenario, make.graph(("t", "now", {}), ("x", "tag", TAG), edges="t>x"), {}, None, 1, timezone.now())
    saving.restore(scenario, 1, None, "", timezone.now())
    canvas.open()
    assert set(canvas.ids()) == {"t", "w", "e"}
    expect(start(canvas)).to_be_disabled()
    canvas.save()
    expect(start(canvas)).to_be_enabled()
    expect(canvas.page.locator("[data-draft-bar]")).not_to_be_visible()
    scenario.refresh_from_db()
    assert (scenario.flow.number, scenario.draft) == (3, None)


def test_a_pause_by_somebody_else_loses_nothing_that_is_drawn(canvas: Canvas) -> None:
    Scenario.objects.update(state="running", started_at=timezone.now())
    canvas.open()
    canvas.card("e").click()
    canvas.press("Delete")
    Scenario.objects.update(state="paused")
    expect(canvas.say).to_contain_text("does not run any more")
    canvas.press("Control+s")
    expect(canvas.say).to_contain_text("Draft saved")
    assert Scenario.objects.get().flow.number == 1
    canvas.open()
    assert canvas.ids() == ["t", "w"]
    expect(canvas.page.get_by_role("button", name="Resume")).to_be_enabled()
    canvas.save()
    assert Scenario.objects.get().flow.number == 2
