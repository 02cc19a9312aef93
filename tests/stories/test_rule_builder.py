"""A marketer builds a rule by mouse and by keyboard, and sees who matches while doing so."""

import json

from playwright.sync_api import Page, expect

from contacts.models import ContactTag, Segment, Tag
from tests import make
from tests.make import NOW


def tree(page: Page) -> dict:
    return json.loads(page.locator("[data-tree]").input_value() or "null")


def test_a_segment_is_built_previewed_and_saved(signed_in: Page, site: str) -> None:
    ann = make.contact("ann@example.com", attributes={"city": "Paris"})
    make.contact("bob@example.com", attributes={"city": "Lyon"})
    ContactTag.objects.create(contact=ann, tag=Tag.objects.create(name="vip"), at=NOW)
    page = signed_in
    page.goto(f"{site}/segments/new/")
    page.get_by_label("Name", exact=True).fill("Parisians")
    expect(page.locator("[data-count]")).to_have_text("2")
    page.get_by_role("button", name="Add a rule").click()
    page.get_by_label("What the rule is about").select_option("attribute")
    page.get_by_label("Attribute", exact=True).fill("city")
    page.get_by_label("Value", exact=True).fill("Paris")
    expect(page.locator("[data-count]")).to_have_text("1")
    expect(page.locator(".rule-sentence")).to_have_text("City is “Paris”")
    expect(page.locator(".rule-count")).to_contain_text("ann@example.com")

    page.get_by_role("button", name="Add a group").click()
    inner = page.locator("[data-group] [data-group]")
    inner.get_by_label("What the rule is about").select_option("event")
    inner.get_by_label("Event", exact=True).fill("order.placed")
    inner.get_by_label("How often").select_option(">=")
    inner.get_by_label("Times").fill("2")
    inner.get_by_label("When").select_option("days")
    inner.get_by_label("Number").fill("30")
    inner.get_by_role("button", name="Where a property…").click()
    inner.get_by_label("Property", exact=True).fill("amount")
    inner.get_by_label("Comparison").select_option("between")
    inner.get_by_label("Values, from").fill("10")
    inner.get_by_label("Values, to").fill("20")
    inner.locator("[data-join]").select_option("not any")
    where = [{"rule": "property", "field": "amount", "op": "between", "value": ["10", "20"]}]
    event = {
        "rule": "event",
        "did": True,
        "name": "order.placed",
        "count": {"op": ">=", "n": 2},
        "within": {"amount": 30, "unit": "days"},
        "where": where,
    }
    city = {"rule": "attribute", "field": "city", "op": "equals", "value": "Paris"}
    expect(page.locator("[data-count]")).to_have_text("1")
    assert tree(page) == {"all": [city, {"not": {"any": [event]}}]}

    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Parisians")
    expect(page.locator("[data-count]")).to_have_text("1")
    saved = Segment.objects.get()
    assert saved.rule == {"all": [city, {"not": {"any": [event]}}]}

    page.get_by_role("link", name="Edit").click()
    expect(page.locator("[data-count]")).to_have_text("1")
    assert tree(page) == saved.rule


def test_rules_move_between_groups_and_go_by_keyboard(signed_in: Page, site: str) -> None:
    tag, consent = {"rule": "tag", "has": True, "name": "vip"}, {"rule": "consent", "channel": "sms", "is": "unknown"}
    segment = Segment.objects.create(name="Moved", rule={"all": [tag, {"any": [consent]}]})
    page = signed_in
    page.goto(f"{site}/segments/{segment.pk}/edit/")
    page.get_by_label("Tag", exact=True).focus()
    page.keyboard.press("Alt+ArrowDown")
    assert tree(page) == {"all": [{"any": [tag, consent]}]}
    expect(page.get_by_label("Tag", exact=True)).to_be_focused()
    page.keyboard.press("Alt+ArrowUp")
    assert tree(page) == {"all": [tag, {"any": [consent]}]}
    page.locator("[data-group] [data-group]").get_by_label("Move this rule up").click()
    assert tree(page)["all"][:2] == [tag, consent]
    page.get_by_label("Remove this rule").first.press("Enter")
    assert tree(page)["all"][0] == consent


def test_a_mistake_is_shown_beside_its_rule_and_nothing_is_lost_on_the_way(signed_in: Page, site: str) -> None:
    page = signed_in
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"{site}/segments/new/")
    page.get_by_label("Name", exact=True).fill("Bad")
    for kind in ("consent", "tag"):
        page.get_by_role("button", name="Add a rule").click()
        page.get_by_label("What the rule is about").last.select_option(kind)
    rows = page.locator("[data-rule]")
    expect(rows.nth(1).locator(".rule-wrong")).to_have_text("Choose a tag.")
    expect(page.locator(".rule-wrong")).to_have_count(1)
    expect(page.locator(".rule-preview")).to_have_text("Nobody is counted until the rule that is marked is complete.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".field .error")).to_have_text("Choose a tag.")
    expect(rows.nth(1).locator(".rule-wrong")).to_have_text("Choose a tag.")
    assert not Segment.objects.exists()

    # Whoever leaves is asked, and finds on the return what was there.
    page.get_by_label("Tag", exact=True).fill("vip")
    expect(page.locator(".rule-wrong")).to_have_count(0)
    page.get_by_role("link", name="Contacts", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Contacts")
    page.go_back()
    expect(page.get_by_label("Tag", exact=True)).to_have_value("vip")
    expect(page.locator(".rule-sentence")).to_contain_text("has the tag “vip”")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bad")
    assert len(Segment.objects.get().rule["all"]) == 2


def test_tags_in_use_are_suggested(signed_in: Page, site: str) -> None:
    Tag.objects.create(name="vip")
    page = signed_in
    page.goto(f"{site}/segments/new/")
    page.get_by_role("button", name="Add a rule").click()
    page.get_by_label("What the rule is about").select_option("tag")
    page.get_by_label("Tag", exact=True).press_sequentially("v")
    expect(page.locator("datalist option")).to_have_attribute("value", "vip")
