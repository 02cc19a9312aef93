"""A mail in code is kept while it is written, a loop is put around what is chosen, and what was inserted is undone."""

from playwright.sync_api import Page, expect

from tests.stories.installation import Waypost


def test_code_is_kept_by_itself_and_inserting_can_be_undone(waypost: Waypost, marketer: Page) -> None:
    page = marketer
    page.goto(f"{waypost.url}/templates/new/?channel=sms")
    page.get_by_label("Name").fill("Code")
    page.get_by_role("button", name="Create template").click()
    text = page.get_by_label("Text")
    text.fill("Hello you")
    expect(page.locator("[data-status]")).to_have_text("Saved")
    text.evaluate("field => { field.focus(); field.setSelectionRange(6, 9); }")
    page.get_by_role("button", name="Insert a field").click()
    page.get_by_role("button", name="Only if there is a first name").click()
    expect(text).to_have_value("Hello {% if contact.first_name %}you{% endif %}")
    page.get_by_role("button", name="Undo").click()
    expect(text).to_have_value("Hello you")
    page.get_by_role("button", name="Redo").click()
    expect(page.locator("[data-status]")).to_have_text("Saved")
    page.reload()
    expect(page.get_by_label("Text")).to_have_value("Hello {% if contact.first_name %}you{% endif %}")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("is published and sent from now on")).to_be_visible()
