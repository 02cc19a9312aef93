"""A marketer makes a report, narrows it down, saves it, finds it again, exports it and throws it away."""

import csv
from pathlib import Path

from playwright.sync_api import Page, expect

from campaigns import counting
from campaigns.counting import of
from campaigns.models import Message
from campaigns.tracking import visits
from tests import make
from tests.campaigns import letters
from tests.make import NOW

PERIOD = "since=2026-03-01&until=2026-03-31"


def mailed(name: str, people: list[int], opened: int) -> str:
    """A scenario that has sent its mail to these people, of whom so many opened it; its id."""
    graph = make.graph(
        ("in", "on_event", {"event": "contact.created"}),
        ("mail", "email", {"subject": name, "body": "<p>Hi</p>", "name": "First mail"}),
        edges="in>mail",
    )
    made = make.scenario(graph, name=name)
    messages = letters.queue(people, letters.content(subject=name), origin=f"scenario:{made.pk}:mail")
    Message.objects.filter(pk__in=[message.pk for message in messages]).update(state="sent", sent_at=NOW, country="FR")
    for message in Message.objects.filter(pk__in=[message.pk for message in messages]).select_related("origin"):
        counting.count([(of(message), "sent", 1)], NOW)
        if opened:
            visits.opened(message, NOW, "mobile")
            opened -= 1
    return str(made.pk)


def test_a_report_is_made_narrowed_down_saved_and_exported(signed_in: Page, site: str, tmp_path: Path) -> None:
    people = make.contacts(12)
    welcome = mailed("Welcome series", people, opened=6)
    mailed("Birthday", people[:5], opened=1)
    page = signed_in

    page.goto(site)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Reports").click()
    expect(page.get_by_role("heading", name="Nothing was sent in this period")).to_be_visible()
    page.goto(f"{site}/reports/?{PERIOD}")
    page.get_by_label("Group by").select_option("scenario")
    table = page.get_by_role("region", name="Report")
    expect(table.get_by_role("row", name="Welcome series")).to_contain_text("50.0 %")
    expect(table.get_by_role("row", name="Total")).to_contain_text("17")
    expect(page.get_by_role("figure", name="Sent by scenario")).to_contain_text("Birthday")

    # The chart and the order of rows follow what is chosen.
    page.get_by_label("Chart").select_option("open_rate")
    expect(page.get_by_role("figure", name="Open rate by scenario")).to_contain_text("20.0 %")
    table.get_by_role("link", name="Sent").click()
    expect(table.get_by_role("columnheader", name="Sent")).to_have_attribute("aria-sort", "ascending")
    expect(table.locator("tbody tr").first).to_contain_text("Birthday")

    page.get_by_text("Filters").click()
    page.get_by_label("Scenario", exact=True).select_option(welcome)
    expect(table.locator("tbody tr")).to_have_count(1)
    expect(table.get_by_role("row", name="Total")).to_contain_text("12")
    page.get_by_label("and by").select_option("device")
    expect(table.get_by_role("row", name="Phone")).to_contain_text("6")

    page.get_by_role("link", name="Save report…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Welcome by device")
    dialog.get_by_label("Everybody sees it").check()
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Welcome by device", level=1)).to_be_visible()
    expect(table.get_by_role("row", name="Phone")).to_contain_text("6")

    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert file.name == "messages-by-scenario-and-device-2026-03-01-2026-03-31.csv"
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert {(row["Device"], row["sent"], row["opened"]) for row in rows} == {
        ("Not known", "12", "0"),
        ("Phone", "0", "6"),
    }

    page.get_by_role("link", name="Saved reports").click()
    expect(page.get_by_role("row", name="Welcome by device")).to_contain_text("Everybody")
    page.get_by_label("Actions for Welcome by device").click()
    page.get_by_role("link", name="Rename or share").click()
    dialog.get_by_label("Name").fill("Phones")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Phones", level=1)).to_be_visible()
    page.goto(f"{site}/reports/saved/")
    page.get_by_label("Actions for Phones").click()
    page.get_by_role("link", name="Delete").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="No saved reports yet")).to_be_visible()
