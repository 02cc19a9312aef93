"""A marketer defines attributes, writes a contact in typed inputs and builds a rule on them; a phone shows it all."""

import json

from playwright.sync_api import Page, expect

from contacts.attributes import sweeping
from contacts.models import Contact
from tests import make
from tests.make import NOW
from tests.stories.test_pages import problems_of


def looks_well(page: Page) -> None:
    """At a desk and on a phone, where it stays."""
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert problems_of(page, width) == []


def test_attributes_are_defined_written_and_asked_for(signed_in: Page, site: str) -> None:
    page = signed_in
    make.contact("old@example.com", attributes={"seats": "3"})
    page.goto(f"{site}/attributes/")
    page.get_by_role("link", name="Define seats").click()
    page.get_by_label("Type").select_option("number")
    expect(page.get_by_label("Choices")).to_be_hidden()
    page.get_by_role("button", name="Define attribute").click()
    page.get_by_role("link", name="New attribute").click()
    page.get_by_label("Label").fill("Plan")
    page.get_by_label("Type").select_option("choice")
    page.get_by_label("Choices").fill("Basic\nPro")
    page.get_by_role("button", name="Define attribute").click()
    expect(page.get_by_role("progressbar").first).to_be_visible()
    while sweeping.work(NOW):
        pass
    # The page looks for itself whether the counting is over.
    expect(page.get_by_role("link", name="1 does not fit")).to_be_visible()
    looks_well(page)
    page.get_by_role("link", name="1 does not fit").click()
    expect(page.locator("dialog[open]")).to_contain_text("can be made to: 1.")
    page.locator("dialog[open]").get_by_role("button", name="Convert").click()
    expect(page.locator("#toasts")).to_contain_text("are being converted")
    while sweeping.work(NOW):
        pass
    assert Contact.objects.get().attributes == {"seats": 3}

    page.goto(f"{site}/contacts/new/")
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Seats").fill("12.5")
    page.get_by_label("Plan").select_option("Pro")
    looks_well(page)
    page.get_by_role("button", name="Create contact").click()
    expect(page.locator("#main")).to_contain_text("12.5")
    assert Contact.objects.get(email="ada@example.com").attributes == {"seats": 12.5, "plan": "Pro"}

    page.goto(f"{site}/segments/new/")
    page.get_by_role("button", name="Add a rule").click()
    page.get_by_label("What the rule is about").select_option("attribute")
    page.get_by_label("Attribute", exact=True).fill("plan")
    page.keyboard.press("Tab")
    page.locator("select[data-key=value]").select_option("Pro")
    expect(page.locator("[data-count]")).to_have_text("1")
    assert json.loads(page.locator("[data-tree]").input_value()) == {
        "all": [{"rule": "attribute", "field": "plan", "op": "equals", "value": "Pro"}]
    }
