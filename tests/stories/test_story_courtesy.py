"""Ada says how often and at what hours contacts are written to, and reads what it means before she saves it."""

from pathlib import Path

from playwright.sync_api import Page, expect

from campaigns.models import Courtesy
from tests import make
from tests.stories.test_pages import problems_of

PICTURES = Path(__file__).resolve().parents[2] / "test-results" / "courtesy"


def test_the_courtesy_settings(signed_in: Page, site: str) -> None:
    page = signed_in
    make.topic("receipts")
    make.topic("offers")
    page.goto(f"{site}/settings/courtesy/")
    words = page.locator("#in-words")
    expect(words).to_contain_text("Nothing is held back")
    page.get_by_label("Email, a day").fill("2")
    page.get_by_label("Email, a week").fill("5")
    expect(words).to_contain_text("At most 2 emails a day and 5 a week")
    for channel in ("Email", "SMS"):
        group = page.get_by_role("group", name=channel, exact=True)
        group.get_by_label("From").fill("21:00")
        group.get_by_label("To").fill("08:00")
    expect(words).to_contain_text("Nobody is written to between 21:00 and 08:00, in their own time.")
    sms = page.get_by_role("group", name="SMS", exact=True)
    sms.get_by_role("group", name="Quiet all day").get_by_label("Su").check()
    expect(words).to_contain_text("all day on Sundays")
    page.get_by_role("spinbutton", name="Hours").fill("48")
    page.get_by_role("group", name="Topics that always go").get_by_label("Receipts").check()
    expect(words).to_contain_text("Messages about “Receipts” always go")
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_text("The courtesy settings are saved")).to_be_visible()
    assert Courtesy.current().rules["caps"] == {"email": {"day": 2, "week": 5}}
    assert Courtesy.current().rules["exempt"] == ["receipts"]
    for width, scheme in ((1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.reload()
        expect(words).to_contain_text("At most 2 emails")
        page.screenshot(path=PICTURES / f"{width}-{scheme}.png", full_page=True)
        assert problems_of(page, width) == []
