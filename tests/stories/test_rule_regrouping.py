"""A marketer regroups rules by dragging, by keyboard and by touch, undoes it, and asks why somebody matches."""

import json
from typing import Any

from playwright.sync_api import Page, expect

from contacts.models import Segment
from flows.models import Scenario
from tests import make

TAG = {"rule": "tag", "has": True, "name": "vip"}
CONSENT = {"rule": "consent", "channel": "sms", "is": "unknown"}
CITY = {"rule": "attribute", "field": "city", "op": "in", "value": ["Paris", "Lyon, Rhône"]}


def tree(page: Page) -> Any:
    return json.loads(page.locator("[data-tree]").input_value() or "null")


def expect_tree(page: Page, rule: Any) -> None:
    written = json.dumps(rule, separators=(",", ":"), ensure_ascii=False)
    expect(page.locator("[data-tree]")).to_have_value(written)


def opened(page: Page, site: str, rule: Any) -> Page:
    segment = Segment.objects.create(name="Regrouped", rule=rule)
    page.goto(f"{site}/segments/{segment.pk}/edit/")
    expect(page.locator("[data-count]")).to_be_visible()
    return page


def drag(page: Page, label: str, onto: Any, below: float) -> None:
    page.get_by_label(label).first.hover()
    page.mouse.down()
    box = onto.bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + box["height"] / 2, steps=4)
    page.mouse.move(box["x"] + 60, box["y"] + box["height"] * below, steps=4)
    page.mouse.up()


def test_rules_are_regrouped_by_dragging_and_all_of_it_is_undone(signed_in: Page, site: str) -> None:
    page = opened(signed_in, site, {"all": [TAG, CITY, {"any": [CONSENT]}]})
    inner = page.locator("[data-group] [data-group]")
    drag(page, "Drag this rule", inner.locator("[data-rule]"), 0.8)
    assert tree(page) == {"all": [CITY, {"any": [CONSENT, TAG]}]}
    drag(page, "Drag this group", page.locator("[data-rule]").first, 0.1)
    assert tree(page) == {"all": [{"any": [CONSENT, TAG]}, CITY]}
    page.get_by_role("button", name="Undo").click()
    expect_tree(page, {"all": [CITY, {"any": [CONSENT, TAG]}]})
    page.get_by_role("button", name="Undo").click()
    expect_tree(page, {"all": [TAG, CITY, {"any": [CONSENT]}]})
    page.get_by_role("button", name="Redo").click()
    expect(inner.locator("[data-rule]")).to_have_count(2)
    # A drag that is broken off changes nothing.
    page.get_by_label("Drag this rule").first.hover()
    page.mouse.down()
    page.mouse.move(300, 500, steps=3)
    page.keyboard.press("Escape")
    page.mouse.up()
    assert tree(page) == {"all": [CITY, {"any": [CONSENT, TAG]}]}


def test_groups_are_made_and_taken_apart_with_the_keyboard(signed_in: Page, site: str) -> None:
    page = opened(signed_in, site, {"all": [TAG, CONSENT]})
    page.get_by_label("Tag", exact=True).focus()
    page.keyboard.press("Alt+KeyG")
    assert tree(page) == {"all": [{"any": [TAG]}, CONSENT]}
    expect(page.get_by_label("Tag", exact=True)).to_be_focused()
    page.keyboard.press("Alt+Shift+KeyG")
    assert tree(page) == {"all": [TAG, CONSENT]}
    page.keyboard.press("Control+KeyZ")
    expect(page.locator("[data-group] [data-group]")).to_have_count(1)
    expect(page.get_by_label("Tag", exact=True)).to_be_visible()
    page.get_by_label("Tag", exact=True).focus()
    page.keyboard.press("Alt+Backspace")
    assert tree(page) == {"all": [{"any": []}, CONSENT]}


def test_values_are_chips_and_scenarios_are_chosen_by_name(signed_in: Page, site: str) -> None:
    make.contact("ann@example.com", attributes={"city": "Lyon"})
    welcome = Scenario.objects.create(name="Welcome")
    page = opened(signed_in, site, {"all": [CITY]})
    chips = page.locator("[data-chip]")
    expect(chips).to_have_count(2)
    box = page.locator("[data-chips] input")
    box.press_sequentially("Lyon, Nice")
    box.press("Enter")
    expect(chips).to_have_count(4)
    chips.first.click()
    assert tree(page) == {"all": [{**CITY, "value": ["Lyon, Rhône", "Lyon", "Nice"]}]}
    expect(page.locator("[data-count]")).to_have_text("1")

    page.get_by_role("button", name="Add a rule").click()
    page.get_by_label("What the rule is about").last.select_option("scenario")
    page.get_by_label("Scenario", exact=True).press_sequentially("wel")
    expect(page.locator("datalist option[value=Welcome]")).to_have_count(1)
    page.get_by_label("Scenario", exact=True).fill("Welcome")
    page.get_by_label("Scenario", exact=True).blur()
    expect(page.locator(".rule-sentence")).to_contain_text("is inside the scenario “Welcome”")
    assert tree(page)["all"][1] == {"rule": "scenario", "is": "inside", "id": welcome.pk}

    page.get_by_text("Why does somebody match, or not?").click()
    page.get_by_label("Contact to look at").fill("ann")
    expect(page.locator(".why-line.fails").last).to_contain_text("never entered it")
    expect(page.locator(".why-line.holds")).to_contain_text("city is “Lyon”")


def test_fifty_groups_in_each_other_can_be_worked_with_and_fit_a_phone(signed_in: Page, site: str) -> None:
    deep: Any = {"all": [TAG]}
    for n in range(49):
        deep = {"not": {"any": [deep]}} if n % 2 else {"any": [CITY, deep]}
    page = opened(signed_in, site, deep)
    expect(page.locator("[data-group]")).to_have_count(50)
    page.get_by_label("Tag", exact=True).fill("new")
    page.get_by_label("Tag", exact=True).press("Alt+ArrowUp")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-group]")).to_have_count(50)
    expect(page.locator(".rule-sentence")).to_contain_text("has the tag “new”")
    tag = page.get_by_label("Tag", exact=True)
    assert tag.bounding_box()["width"] > 120
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert tag.bounding_box()["width"] > 90
    tag.fill("newer")
    page.keyboard.press("Alt+Shift+KeyG")
    expect(page.locator("[data-group]")).to_have_count(49)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Regrouped")
    # Nothing listens to what is typed before the scripts of the page have run.
    page.wait_for_load_state()
    page.get_by_label("Why is somebody in it, or not?").fill("nobody")
    expect(page.get_by_text("No such contact")).to_be_visible()
