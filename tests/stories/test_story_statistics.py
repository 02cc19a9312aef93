"""A scenario runs while its marketer looks: statistics count on by themselves, the number on a shape opens who waits
there, and one of them is taken out."""

import json
import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests import make
from tests.outside import MailServer
from tests.stories.canvas_driver import Canvas
from tests.stories.installation import Waypost

ANN, BEN, CLEO = "ann@example.com", "ben@example.com", "cleo@example.com"
GRAPH = make.graph(
    ("on", "on_event", {"event": "api.call"}),
    ("mail", "email", {"subject": "Hello", "body": "<p>Hello.</p>"}),
    ("rest", "wait", {"amount": 7, "unit": "days"}),
    edges="on>mail mail>rest",
)
LIVE = 10_000  # ms: workers have to do their part first; the panel itself looks every 1.5 s


def test_the_statistics_are_followed_live_and_a_contact_is_taken_out(
    waypost: Waypost, marketer: Page, smtp_server: MailServer, tmp_path: Path
) -> None:
    waypost.mail_through(smtp_server)
    scenario = waypost.running_scenario("Series", GRAPH)
    waypost.create_contacts(ANN, BEN, CLEO)
    canvas = Canvas(marketer, waypost.url, scenario).open()
    panel = marketer.locator("[data-statistics]")
    panel.get_by_role("button", name="Statistics").click()
    expect(total(panel, "entered")).to_have_text("0")
    expect(panel).to_contain_text("In the last 7 days")

    # It is counted on while one looks, without anything being pressed.
    let_in(waypost, scenario, ANN, order="A-1")
    expect(total(panel, "entered")).to_have_text("1", timeout=LIVE)
    expect(total(panel, "sent")).to_have_text("1", timeout=LIVE)
    expect(now(panel, "inside")).to_have_text("1", timeout=LIVE)
    let_in(waypost, scenario, BEN, order="B-2")
    let_in(waypost, scenario, CLEO, order="C-3")
    expect(total(panel, "sent")).to_have_text("3", timeout=LIVE)
    expect(now(panel, "waiting")).to_have_text("3", timeout=LIVE)
    today = panel.locator('[data-bars="sent"] .bar[data-before]')
    expect(today).to_have_attribute("data-n", "3")
    assert float(today.get_attribute("height") or 0) == 40  # nothing on other days is higher
    panel.get_by_text("As a table").click()
    expect(panel.locator('[data-cell="entered"]')).to_have_text("3")

    # Another period; a reload finds the panel open.
    panel.get_by_role("button", name="Yesterday").click()
    expect(panel).to_contain_text("In yesterday")
    expect(total(panel, "entered")).to_have_text("0")
    canvas.open()
    expect(total(panel, "entered")).to_have_text("3")
    panel.get_by_label("To").fill("2020-01-01")
    panel.get_by_role("button", name="Show").click()
    expect(panel.get_by_role("alert")).to_have_text("The first day is after the last one.")
    panel.get_by_role("button", name="Statistics").click()
    expect(panel.locator("[data-body]")).to_be_hidden()

    # The number on the shape, by the keyboard.
    canvas.node("rest").locator(".node-count").press("Enter")
    dialog = marketer.locator("dialog[open]")
    expect(dialog.get_by_role("heading", name="Wait: 7 days")).to_be_visible()
    expect(dialog.locator("tbody tr")).to_have_count(3)
    dialog.get_by_role("searchbox").fill("ben")
    dialog.get_by_role("button", name="Search").click()
    expect(dialog.locator("tbody tr")).to_have_count(1)
    expect(dialog.get_by_role("link", name=BEN, exact=True)).to_have_attribute("href", re.compile(r"^/contacts/\d+/$"))
    expect(dialog.locator("tbody time").last).to_have_text(re.compile(r"\w{3} \d+ \w{3} \d{4}, \d\d:\d\d:\d\d UTC"))

    with marketer.expect_download() as download:
        dialog.get_by_label(f"Download the context of {BEN}").click()
    download.value.save_as(tmp_path / "context.json")
    assert download.value.suggested_filename.endswith(".json")
    assert json.loads((tmp_path / "context.json").read_text())["event"] == {"order": "B-2"}

    dialog.get_by_label(f"Take {BEN} out").click()
    asked = dialog.get_by_role("group", name=f"Take {BEN} out of “Series”?")
    asked.get_by_role("link", name="Cancel").click()
    expect(asked).to_have_count(0)
    dialog.get_by_label(f"Take {BEN} out").click()
    asked.get_by_role("button", name="Take out").click()
    expect(dialog.get_by_role("status")).to_have_text(f"{BEN} has left “Series”.")
    expect(dialog.get_by_text("No contact here matches")).to_be_visible()
    dialog.get_by_role("link", name="Clear").click()
    expect(dialog.locator("tbody tr")).to_have_count(2)

    dialog.get_by_role("link", name="Numbers").click()
    expect(line(dialog, "Reached")).to_contain_text("3")
    expect(line(dialog, "Left the scenario")).to_contain_text("1")
    dialog.get_by_role("button", name="Yesterday").click()
    expect(line(dialog, "Reached")).to_contain_text("0")
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)
    expect(canvas.node("rest").locator(".node-count")).to_be_focused()
    expect(canvas.node("rest").locator(".node-count")).to_have_text("2", timeout=LIVE)

    # What the message came to, from the number of who has passed.
    canvas.node("mail").locator(".node-reached").click()
    expect(line(dialog, "Sent")).to_contain_text("3")
    marketer.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert waypost.rows("SELECT count(*) FROM flows_execution WHERE state = 'exited'") == [(1,)]


def test_the_panel_and_the_dialog_fit_a_telephone(waypost: Waypost, marketer: Page, smtp_server: MailServer) -> None:
    waypost.mail_through(smtp_server)
    scenario = waypost.running_scenario("On the way", GRAPH)
    waypost.create_contacts("dora@example.com")
    let_in(waypost, scenario, "dora@example.com")
    marketer.set_viewport_size({"width": 390, "height": 844})
    canvas = Canvas(marketer, waypost.url, scenario).open()
    panel = marketer.locator("[data-statistics]")
    panel.get_by_role("button", name="Statistics").click()
    expect(now(panel, "inside")).to_have_text("1", timeout=LIVE)
    assert marketer.evaluate("document.documentElement.scrollWidth") == 390
    panel.get_by_role("button", name="30 days").click()
    expect(panel).to_contain_text("In the last 30 days")
    panel.get_by_role("button", name="Statistics").click()
    canvas.node("rest").locator(".node-count").press("Enter")
    table = marketer.locator("dialog[open] .table-scroll")
    expect(table.get_by_label("Take dora@example.com out")).to_be_visible()
    assert table.evaluate("table => table.scrollWidth <= table.clientWidth")


def total(panel: Locator, metric: str) -> Locator:
    return panel.locator(f'[data-total="{metric}"]')


def now(panel: Locator, what: str) -> Locator:
    return panel.locator(f'[data-now="{what}"]')


def line(dialog: Locator, words: str) -> Locator:
    return dialog.locator(".numbers > div", has_text=words)


def let_in(waypost: Waypost, scenario: int, email: str, **context: str) -> None:
    body = {"contacts": [{"email": email}], "context": context}
    assert waypost.must("POST", f"scenarios/{scenario}/trigger/", body)["entered"] == 1
