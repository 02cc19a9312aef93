"""A chain of mailings: an email, and an SMS for those who unsubscribed from it; and a step that is added when the chain
has long been sent, for those who already passed."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.outside import MailServer
from tests.stories.installation import Waypost
from tests.stories.mailbox import link, mail_to, subjects, visit
from tests.stories.test_pages import problems_of
from tests.stories.waiting import until_equal

ANN, BEN = "ann@example.com", "ben@example.com"
SENT = "SELECT o.key, c.email FROM campaigns_message m JOIN campaigns_origin o ON o.id = m.origin_id"
SENT += " JOIN contacts_contact c ON c.id = m.contact_id WHERE m.sent_at IS NOT NULL ORDER BY 1, 2"


@pytest.fixture
def people(waypost: Waypost, smtp_server: MailServer) -> None:
    waypost.mail_through(smtp_server)
    contacts = [{"email": ANN, "phone": "+491701234501"}, {"email": BEN, "phone": "+491701234502"}]
    assert waypost.must("POST", "contacts/bulk/", {"contacts": contacts})["created"] == 2


def test_who_unsubscribes_gets_the_sms_and_a_late_step_reaches_who_passed(
    waypost: Waypost, marketer: Page, people: None, smtp_server: MailServer
) -> None:
    page = marketer
    page.goto(f"{waypost.url}/campaigns/")
    page.get_by_text("Create campaign").click()
    page.get_by_role("link", name="Chain of mailings").click()
    page.get_by_label("Name").fill("Spring")
    page.get_by_role("button", name="Write the steps").click()

    # An email for everybody, and then an SMS for those who unsubscribed from it.
    first = opened(page, "n1")
    first.get_by_label("Name").fill("Sale")
    first.get_by_label("Subject").fill("Sale")
    body = '<p>Spring!</p><p><a href="{{ unsubscribe_url }}">Unsubscribe</a></p>'
    first.locator("textarea:visible").fill(body)
    expect(first.get_by_text("Not saved")).to_be_visible()
    page.locator("[data-add-end]").click()
    second = page.locator("[data-step=n2]")
    second.get_by_label("Name").fill("Text")
    second.get_by_label("Own terms").check()
    second.get_by_role("button", name="Unsubscribed from email").click()
    expect(second.locator(".rule-sentence")).to_have_text("Is unsubscribed from email")
    second.get_by_role("radio", name="SMS").check()

    # Nothing is lost silently, and nothing half written is saved.
    expect(page.locator("[data-unsaved-words]")).to_have_text("2 steps are not saved.")
    assert asks_before_leaving(page)
    page.get_by_role("button", name="Save all").click()
    expect(second.locator(".error:visible")).to_have_text("Choose a template, or write this here.")
    expect(page.locator("[data-map] button.invalid")).to_contain_text("Text")
    second.locator("textarea:visible").fill("Spring, by SMS")
    page.get_by_role("button", name="Save all").click()
    expect(page.locator("[data-save-bar]")).to_be_hidden()
    assert not asks_before_leaving(page)

    page.get_by_role("link", name="Review and send").click()
    expect(page.locator(".chain-lines li").nth(1)).to_contain_text("1 day after the previous step")
    page.get_by_role("button", name="Send now to 2 contacts").click()
    until_equal(lambda: subjects(smtp_server), {ANN: ["Sale"], BEN: ["Sale"]})
    expect(page.locator("[data-step=n2] [data-count=waiting]")).to_have_text("2", timeout=15_000)

    status, _, _ = visit(link(mail_to(smtp_server, ANN), "Unsubscribe"), {"answer": "unsubscribe"})
    assert status == 302
    waypost.pass_days(1)
    sale = [("campaign:1:n1", ANN), ("campaign:1:n1", BEN)]
    until_equal(lambda: waypost.rows(SENT), [*sale, ("campaign:1:n2", ANN)])
    until_equal(lambda: waypost.must("GET", "campaigns/1/")["state"], "sent")
    page.reload()
    expect(page.locator("[data-step=n2] [data-count=unmatched]")).to_have_text("1")

    # A week later a step is added: only who still gets email, of those who already passed, gets it.
    waypost.pass_days(7)
    page.locator("[data-add-end]").click()
    third = page.locator("[data-step=n3]")
    third.get_by_label("Name").fill("Last call")
    third.get_by_label("At once after the previous step").check()
    third.get_by_label("Own terms").check()
    third.get_by_role("button", name="Did not click").click()
    expect(third.locator(".rule-sentence")).to_have_text("Did not click “Text”")
    third.get_by_label("Subject").fill("Last call")
    third.locator("textarea:visible").fill("<p>Today only.</p>")
    third.get_by_role("button", name="Save this step").click()
    expect(page.locator("[data-draft-notice]")).to_be_visible()
    expect(third.get_by_text("Not live yet")).to_be_visible()
    page.get_by_role("link", name="Review and publish…").click()
    expect(page.get_by_text("“Last call” is new.")).to_be_visible()
    assert problems(page) == []
    expect(page.get_by_label("Also for those who already passed")).to_be_checked()
    page.get_by_role("button", name="Publish").click()
    until_equal(lambda: subjects(smtp_server), {ANN: ["Sale"], BEN: ["Sale", "Last call"]})
    until_equal(lambda: waypost.rows(SENT), [*sale, ("campaign:1:n2", ANN), ("campaign:1:n3", BEN)])
    until_equal(lambda: waypost.must("GET", "campaigns/1/")["state"], "sent")

    # One more is inserted between the first two: who is past its place gets it, and nothing else again.
    page.locator("[data-step=n2] [data-add-before]").click()
    between = page.locator("[data-step=n4]")
    between.get_by_label("Name").fill("Between")
    between.get_by_label("At once after the previous step").check()
    between.get_by_label("Subject").fill("Between")
    between.locator("textarea:visible").fill("<p>As well.</p>")
    between.get_by_role("button", name="Save this step").click()
    page.get_by_role("link", name="Review and publish…").click()
    expect(page.get_by_text("2 are past the place of an inserted step.")).to_be_visible()
    assert problems(page) == []
    page.get_by_role("button", name="Publish").click()
    until_equal(lambda: subjects(smtp_server), {ANN: ["Sale"], BEN: ["Sale", "Last call", "Between"]})
    until_equal(lambda: waypost.must("GET", "campaigns/1/")["state"], "sent")
    late = [("campaign:1:n3", BEN), ("campaign:1:n4", BEN)]
    assert waypost.rows(SENT) == [*sale, ("campaign:1:n2", ANN), *late]

    # The canvas shows the same, to look at.
    page.get_by_label("More for Spring").click()
    page.get_by_role("link", name="Open on the canvas").click()
    page.locator("#editor.ready").wait_for()
    expect(page.locator(".draft-bar")).to_contain_text("This is the flow of a chain of mailings")
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
    page.get_by_role("link", name="Edit the steps").click()
    expect(page.locator("[data-step=n3] [data-count=sent]")).to_have_text("1")


def test_steps_are_moved_copied_and_removed_and_undone(waypost: Waypost, marketer: Page) -> None:
    page = marketer
    chain = waypost.must("POST", "campaigns/", {"name": "Autumn", "kind": "chain"})["id"]
    for name in ("One", "Two", "Three"):
        step = {"name": name, "channel": "email", "message": {"subject": name, "body": "<p>Hello</p>"}}
        waypost.must("POST", f"campaigns/{chain}/steps/", step)
    page.goto(f"{waypost.url}/campaigns/{chain}/chain/")
    one, three = page.locator("[data-step=n1]"), page.locator("[data-step=n3]")
    assert shown(page) == ["One", "Two", "Three"]

    # By the grip, with the keys, and back again: then nothing is unsaved.
    three.locator("[data-grip]").drag_to(one.locator(".chain-head"), target_position={"x": 200, "y": 4})
    assert shown(page) == ["Three", "One", "Two"]
    expect(three.get_by_text("Not saved")).to_be_visible()
    expect(page.locator(".chain-step.dirty")).to_have_count(1)
    for _ in range(2):
        three.locator(".chain-head").press("Alt+ArrowDown")
    assert shown(page) == ["One", "Two", "Three"]
    expect(page.locator(".chain-step.dirty")).to_have_count(0)

    subject = opened(page, "n1").get_by_label("Subject")
    subject.locator("xpath=../button").click()
    page.get_by_role("button", name="Last name").click()
    expect(subject).to_have_value("One{{ contact.last_name }}")
    expect(one.get_by_text("Not saved")).to_be_visible()
    subject.press("Control+z")
    expect(one.get_by_text("Not saved")).to_be_hidden()
    subject.fill("One, changed")
    one.get_by_role("button", name="Duplicate").click()
    expect(page.locator("[data-step=n4]").get_by_label("Subject")).to_have_value("One, changed")
    assert shown(page) == ["One", "One (copy)", "Two", "Three"]
    page.locator("[data-goto=n2]").click()
    page.locator("[data-step=n2]").get_by_role("button", name="Remove").click()
    assert problems(page) == []
    expect(page.get_by_text("“Two” is removed once you save.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    page.locator("[data-goto=n3]").click()
    three.get_by_role("button", name="Remove").click()
    page.keyboard.press("Control+s")
    expect(page.locator("[data-save-bar]")).to_be_hidden()
    steps = waypost.must("GET", f"campaigns/{chain}/steps/")
    assert [(step["name"], step["message"]["subject"]) for step in steps] == [
        ("One", "One, changed"),
        ("One (copy)", "One, changed"),
        ("Two", "Two"),
    ]


def opened(page: Page, key: str) -> Locator:
    step = page.locator(f"[data-step={key}]")
    step.locator("summary").first.click()
    return step


def shown(page: Page) -> list[str]:
    return page.locator("[data-step]").evaluate_all("blocks => blocks.map((block) => block.dataset.name)")


def asks_before_leaving(page: Page) -> bool:
    """Whether the browser would ask, as it does when a page keeps it from leaving."""
    return page.evaluate("!window.dispatchEvent(new Event('beforeunload', { cancelable: true }))")


def problems(page: Page) -> list[str]:
    """What shuts people out of the page, or makes it too wide, on a large and a small screen."""
    found = []
    for width, height in ((390, 844), (1440, 900)):
        page.set_viewport_size({"width": width, "height": height})
        found += problems_of(page, width)
    return found


def test_every_page_of_a_chain_is_clean_and_fits(waypost: Waypost, marketer: Page) -> None:
    page = marketer
    chain = waypost.must("POST", "campaigns/", {"name": "Winter", "kind": "chain"})["id"]
    first = {"name": "One", "channel": "email", "message": {"subject": "One", "body": "<p>Hello</p>"}}
    clicked = {"rule": "message", "did": "clicked", "node": "n1"}
    at = {"kind": "at", "at": "2199-12-24T09:00", "timezone": "contact"}
    for step in (first, {**first, "terms": clicked, "timing": at, "objective": {"kind": "event", "event": "paid"}}):
        waypost.must("POST", f"campaigns/{chain}/steps/", step)
    page.goto(f"{waypost.url}/campaigns/chains/new/")
    assert problems(page) == []
    for path in ("", "audience/", "review/"):
        page.goto(f"{waypost.url}/campaigns/{chain}/chain/{path}")
        assert problems(page) == [], path
    page.goto(f"{waypost.url}/campaigns/{chain}/chain/")
    opened(page, "n2")
    expect(page.locator("[data-step=n2] .rule-sentence").first).to_have_text("Clicked “One”")
    assert problems(page) == []
    page.locator("[data-step=n2]").get_by_role("button", name="Send a test").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Email address").fill("ann@example.com")
    assert problems(page) == []
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(dialog.locator("#test-answer")).to_contain_text("ann@example.com")
    dialog.get_by_role("button", name="Close").last.click()
    page.get_by_role("button", name="Settings", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("By itself, at a date and time").check()
    dialog.get_by_label("Conversion").select_option("event")
    assert problems(page) == []
    dialog.get_by_label("Conversion").select_option("clicked")
    dialog.get_by_label("As soon as you send it").check()
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator(".chain-start")).to_contain_text("Clicked a link", timeout=15_000)
