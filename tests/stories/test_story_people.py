"""A marketer selects people in the list, changes them at once, keeps the view, and makes one of two."""

from pathlib import Path

from playwright.sync_api import Page, expect

from contacts import saving
from contacts.models import Contact, ContactTag
from contacts.people import bulk_editing, pairing
from tests import make

NOW = make.NOW
PICTURES = Path(__file__).resolve().parents[2] / "test-results" / "people"


def pictured(page: Page, name: str) -> None:
    """At three sizes, for who wants to look; nothing sticks out of the small one."""
    for width, height in ((1440, 900), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=PICTURES / f"{name}-{width}.png")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{name} is {wide} wide at {width}"
    page.set_viewport_size({"width": 1440, "height": 900})


def test_people_are_selected_changed_and_merged(signed_in: Page, site: str) -> None:
    page = signed_in
    make.contacts(55, "corp.example", attributes={"city": "Paris"})
    ada = {"email": "ada@corp.example", "first_name": "Ada", "last_name": "Lovelace", "tags": ["vip"]}
    saving.create({**ada, "consent": {"email": "subscribed"}}, NOW)
    saving.create({**ada, "email": "ada+shop@corp.example", "consent": {"email": "unsubscribed"}}, NOW)
    page.goto(f"{site}/contacts/?q=corp")

    # A range with Shift, by the keyboard the whole page, and then all that match.
    boxes = page.get_by_role("checkbox", name="Select c")
    boxes.nth(0).check()
    boxes.nth(4).click(modifiers=["Shift"])
    expect(page.locator("[data-selected]")).to_have_text("5 selected")
    pictured(page, "selected")
    page.keyboard.press("Escape")
    expect(page.locator("[data-selection-bar]")).to_be_hidden()
    page.get_by_label("Select all on this page").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Select all 57 that match").click()
    expect(page.locator("[data-selected]")).to_have_text("All 57 selected")
    page.get_by_role("button", name="Add tags…").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("57 contacts")
    pictured(page, "dialog")
    dialog.get_by_label("Tags").fill("fair")
    dialog.get_by_role("button", name="Change 57 contacts").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Add the tag “fair” to 57 contacts")
    pictured(page, "working")
    while bulk_editing.work(NOW):
        pass
    expect(page.locator(".badge", has_text="Done")).to_be_visible()
    pictured(page, "done")
    assert ContactTag.objects.filter(tag__name="fair").count() == 57

    # The view is kept, and says so when it shows something else.
    page.goto(f"{site}/contacts/?q=corp&columns=name,email,attributes.city")
    page.get_by_role("link", name="Save as view…").click()
    dialog.get_by_label("Name").fill("At Corp")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="At Corp")).to_have_attribute("aria-current", "page")
    page.get_by_label("Email, name or phone").fill("ada")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Save changes")).to_be_visible()
    pictured(page, "view")

    # Two rows that are one person.
    for box in page.get_by_role("checkbox", name="Select Ada").all():
        box.check()
    page.get_by_role("button", name="Merge…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Merge two contacts")
    pictured(page, "merge")
    page.goto(f"{site}/contacts/duplicates/")
    page.get_by_role("button", name="Look for duplicates").click()
    while pairing.search(NOW):
        pass
    expect(page.get_by_text("85 % likely")).to_be_visible()
    pictured(page, "duplicates")
    page.get_by_role("link", name="Merge…").click()
    page.get_by_label("ada+shop@corp.example").check()
    page.get_by_role("button", name="Merge into Ada Lovelace").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ada Lovelace")
    expect(page.locator("#consent")).to_contain_text("Unsubscribed")
    page.locator("summary[aria-label=More]").click()
    pictured(page, "contact")
    page.get_by_role("link", name="Erase this person…").click()
    expect(dialog).to_contain_text("Erase this person?")
    pictured(page, "erase")
    dialog.get_by_label("Type “Ada Lovelace” to confirm").fill("Ada Lovelace")
    dialog.get_by_role("button", name="Erase for good").click()
    expect(page.get_by_text("The person is erased.")).to_be_visible()
    assert not Contact.objects.filter(last_name="Lovelace").exists()
