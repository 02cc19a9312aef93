"""A marketer puts a mail together from blocks, undoes, looks at it on a phone, publishes, and it is what is sent."""

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from tests.stories.installation import Waypost


def test_a_mail_is_made_of_blocks_and_published(waypost: Waypost, marketer: Page, tmp_path: Path) -> None:
    page = marketer
    page.goto(f"{waypost.url}/templates/new/")
    page.get_by_label("Name").fill("Spring")
    page.get_by_text("A welcome").click()
    page.get_by_role("button", name="Create template").click()
    mail = page.frame_locator("[data-canvas]")
    expect(mail.get_by_text("Welcome aboard")).to_be_visible()

    # By a click on the mail, the block's fields are at the side.
    mail.get_by_text("Welcome aboard").click()
    expect(page.locator("[data-inspector] h2")).to_have_text("Heading")
    page.locator("[data-inspector]").get_by_label("Heading").fill("Good to see you")
    expect(mail.get_by_text("Good to see you")).to_be_visible()
    page.locator("[data-undo]").click()
    expect(mail.get_by_text("Welcome aboard")).to_be_visible()
    page.locator("[data-redo]").click()
    expect(mail.get_by_text("Good to see you")).to_be_visible()

    # A picture, uploaded.
    page.locator("[data-add=image]").click()
    file = tmp_path / "red.png"
    out = io.BytesIO()
    Image.new("RGB", (300, 80), "red").save(out, "PNG")
    file.write_bytes(out.getvalue())
    page.locator("[data-inspector] input[type=file]").set_input_files(file)
    expect(mail.locator("img")).to_have_count(1)

    # Dragged from the palette to above the heading.
    above = mail.get_by_text("Good to see you").bounding_box()
    grip = page.locator("[data-add=divider]").bounding_box()
    assert above and grip
    page.mouse.move(grip["x"] + 20, grip["y"] + 20)
    page.mouse.down()
    page.mouse.move(grip["x"] + 60, grip["y"] + 40, steps=4)
    page.mouse.move(above["x"] + 40, above["y"] + 2, steps=6)
    page.mouse.up()
    expect(page.locator(".outline button").nth(1)).to_contain_text("Divider")

    # What cannot be used is said where it is, and keeps the mail from being published.
    mail.get_by_text("Get started").click()
    page.locator("[data-inspector]").get_by_label("Leads to").fill("javascript:alert(1)")
    expect(page.locator("[data-field=href] .error")).to_contain_text("An address begins with")
    page.get_by_role("button", name="Publish").click()
    expect(page.locator(".toast")).to_contain_text("cannot be sent", timeout=30_000)
    page.frame_locator("[data-canvas]").get_by_text("Get started").click()
    page.locator("[data-inspector]").get_by_label("Leads to").fill("https://example.com/go")
    expect(page.locator("[data-status]")).to_have_text("Saved")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("is published and sent from now on")).to_be_visible(timeout=30_000)

    sent = waypost.must("GET", "templates/")["results"][0]
    assert sent["published"] == 1
    assert "Good to see you" in sent["body"] and "https://example.com/go" in sent["body"] and "/i/" in sent["body"]
