"""Waiting for an event and testing variants, drawn with the mouse; the settings of a scenario, filled in."""

import pytest
from playwright.sync_api import Page, expect

from config.models import User
from contacts.models import Segment
from flows.models import Scenario
from tests import make
from tests.stories.canvas_driver import Canvas


@pytest.fixture
def canvas(signed_in: Page, site: str, admin: User) -> Canvas:
    """A trigger and two tags."""
    graph = make.graph(
        ("t", "on_event", {"event": "cart.updated"}),
        ("a", "tag", {"add": ["reminded"]}),
        ("b", "tag", {"add": ["buyer"]}),
        edges="",
    )
    places = {"t": (80, 180), "a": (760, 300), "b": (760, 80)}
    for node in graph["nodes"]:
        node["x"], node["y"] = places[node["id"]]
    return Canvas(signed_in, site, make.scenario(graph).pk).open()


def saved(canvas: Canvas) -> dict:
    canvas.save()
    return Scenario.objects.select_related("flow").get(pk=canvas.scenario_id).flow.graph


def test_a_cart_that_is_waited_for_leads_back_by_the_timeout_only(canvas: Canvas) -> None:
    rest = canvas.drop("wait_for", canvas.blank())
    canvas.connect("t", rest)
    dialog = canvas.dialog(rest)
    dialog.locator("[name=event]").fill("order.placed")
    dialog.locator("[name=amount]").fill("3")
    dialog.locator("[name=unit]").select_option("days")
    canvas.confirm()
    expect(canvas.card(rest)).to_contain_text("“order.placed”, within 3 days")
    canvas.connect(rest, "b", "happened")
    canvas.connect("b", rest)
    expect(canvas.say).to_contain_text("loop")
    canvas.connect(rest, "a", "timeout")
    canvas.connect("a", rest)
    assert canvas.edges() == sorted(["a next", f"{rest} happened", f"{rest} timeout", "t next"])
    graph = saved(canvas)
    assert next(node["config"] for node in graph["nodes"] if node["id"] == rest) == {
        "event": "order.placed", "amount": 3, "unit": "days",
    }  # fmt: skip


def test_variants_are_added_weighed_and_taken_away(canvas: Canvas) -> None:
    test = canvas.drop("ab_test", canvas.blank())
    dialog = canvas.dialog(test)
    names, shares = dialog.get_by_label("Name"), dialog.get_by_label("Share")
    expect(names).to_have_count(2)
    dialog.get_by_role("button", name="Add a variant").click()
    dialog.get_by_role("button", name="Add a variant").click()
    expect(names).to_have_count(4)
    expect(dialog.get_by_role("button", name="Add a variant")).to_be_hidden()
    dialog.get_by_role("button", name="Remove this row").last.click()
    names.nth(0).fill("Short")
    names.nth(1).fill("Long")
    dialog.get_by_role("button", name="Confirm").click()
    expect(dialog).to_contain_text("Give variant C a share, such as 50.")
    names.nth(2).fill("None")
    shares.nth(2).fill("0")
    canvas.confirm()
    expect(canvas.card(test)).to_contain_text("Short 50 % · Long 50 % · None 0 %")
    canvas.connect("t", test)
    canvas.connect(test, "a", "a")
    canvas.connect(test, "b", "c")
    assert canvas.edges() == sorted(["t next", f"{test} a", f"{test} c"])
    graph = saved(canvas)
    config = next(node["config"] for node in graph["nodes"] if node["id"] == test)
    assert [row["name"] for row in config["variants"]] == ["Short", "Long", "None"]


def test_attributes_are_set_in_rows(canvas: Canvas) -> None:
    node = canvas.drop("update_contact", canvas.blank())
    dialog = canvas.dialog(node)
    dialog.get_by_label("Attribute", exact=True).fill("plan")
    dialog.get_by_label("Value", exact=True).fill("team")
    dialog.get_by_role("button", name="Add an attribute").click()
    dialog.get_by_label("Attribute", exact=True).nth(1).fill("seats")
    dialog.get_by_label("Kind of value").nth(1).select_option("number")
    dialog.get_by_label("Value", exact=True).nth(1).fill("3")
    canvas.confirm()
    expect(canvas.card(node)).to_contain_text("plan: team; seats: 3")


def test_settings_say_who_enters_again_and_who_leaves(canvas: Canvas) -> None:
    vips = Segment.objects.create(name="VIPs", rule={"rule": "tag", "name": "vip"})
    page = canvas.page
    page.get_by_role("button", name="Settings of the scenario").click()
    dialog = page.locator("dialog[open]")
    expect(dialog.get_by_label("Time between two entries")).to_be_hidden()
    dialog.get_by_label("At most every so often").check()
    dialog.get_by_label("Time between two entries").fill("7")
    dialog.get_by_label("Unit").select_option("days")
    dialog.get_by_label("Never contacts of the segment").select_option("VIPs")
    dialog.get_by_label("When they have reached the objective").check()
    dialog.get_by_role("button", name="Keep").click()
    expect(dialog).to_have_count(0)
    scenario = Scenario.objects.get(pk=canvas.scenario_id)
    assert (scenario.reentry, scenario.reentry_hours) == ("spaced", 168)
    assert scenario.exits == {"objective": True, "segment": vips.pk}
