"""Ada uploads a long file of recipients, sees how far it is read, and then whom it named."""

from typing import Any

from playwright.sync_api import Page, expect

from campaigns.mailings import audience_files
from tests import make
from tests.campaigns import mailings
from tests.make import NOW
from tests.stories.test_pages import problems_of


def test_a_long_file_is_watched_while_it_is_read(signed_in: Page, site: str, monkeypatch: Any) -> None:
    make.contacts(60)
    monkeypatch.setattr(audience_files, "AT_ONCE", 10)
    monkeypatch.setattr(audience_files, "SLICE", 25)
    campaign, page = mailings.campaign(), signed_in
    page.goto(f"{site}/campaigns/{campaign.pk}/audience/")
    page.get_by_text("Some of them").click()
    rows = "email\n" + "".join(f"c{n}@example.com\n" for n in range(70))
    page.locator("#id_file").set_input_files({"name": "guests.csv", "mimeType": "text/csv", "buffer": rows.encode()})
    part = page.locator("#file-part")
    expect(part).to_contain_text("Reading guests.csv")
    audience_files.work(NOW)
    expect(part).to_contain_text("25 rows")
    page.set_viewport_size({"width": 390, "height": 900})
    while audience_files.work(NOW):
        pass
    expect(part).to_contain_text("60 contacts of guests.csv")
    expect(part).to_contain_text("10 rows named nobody you have")
    expect(page.locator("#reach")).to_contain_text("60")
    assert problems_of(page, 390) == []
