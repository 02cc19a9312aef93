"""The whole way of a mail and an SMS: designed, tried, published, used, received, clicked, unsubscribed."""

import re

from playwright.sync_api import FrameLocator, Page, expect

from tests import make
from tests.outside import MailServer
from tests.stories.canvas_driver import Canvas
from tests.stories.installation import Waypost
from tests.stories.mailbox import html_of, link, mail_to, subjects, visit
from tests.stories.waiting import until, until_equal

ADA = "ada@example.com"


def test_a_designed_mail_and_an_sms_reach_who_signs_up(
    waypost: Waypost, marketer: Page, smtp_server: MailServer
) -> None:
    page = marketer
    waypost.mail_through(smtp_server)
    waypost.must("POST", "contacts/", {"email": "zoe@example.com", "first_name": "Zoé", "phone": "+33612345678"})

    # The mail: designed, previewed as a contact, tried for real, published.
    page.goto(f"{waypost.url}/templates/new/")
    page.get_by_label("Name").fill("Greeting")
    page.get_by_text("A welcome").click()
    page.get_by_role("button", name="Create template").click()
    mail = page.frame_locator("[data-canvas]")
    mail.get_by_text("Get started").click()
    page.locator("[data-inspector]").get_by_label("Leads to").fill("www.example.com/start")
    expect(page.locator("[data-field=href] .error")).to_contain_text("An address begins with")
    page.locator("[data-inspector]").get_by_label("Leads to").fill("https://example.com/start")
    page.locator("#id_subject").fill("WINNER!!! {{ contact.first_name }}, act now")
    expect(page.locator("[data-findings]")).to_contain_text("exclamation")
    page.locator("#id_subject").fill("Welcome, {{ contact.first_name }}")
    expect(page.locator("[data-shown-subject]")).to_have_text("Welcome, Zoé")
    page.get_by_role("button", name="Send a test").click()
    dialog = page.locator("dialog[open]")
    dialog.get_by_label("Email address").fill("boss@example.com")
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(dialog.locator("#test-answer")).to_contain_text("the provider took it")
    assert subjects(smtp_server)["boss@example.com"] == ["Welcome, Zoé"]
    dialog.get_by_role("button", name="Close").last.click()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("is published and sent from now on")).to_be_visible(timeout=30_000)

    # The SMS: its parts for real contacts are counted while it is written.
    page.goto(f"{waypost.url}/templates/new/?channel=sms")
    page.get_by_label("Name").fill("Short greeting")
    page.get_by_role("button", name="Create template").click()
    page.get_by_label("Text").fill(
        "Hello {{ contact.first_name }}, see https://example.com/a/very/long/address?of=yours"
    )
    expect(page.locator("#preview .bubble")).to_contain_text("/s/")
    expect(page.locator("#preview")).to_contain_text("100 % take 1 part")
    page.get_by_label("Text").fill("Hello {{ contact.first_name }}: " + "“words” " * 12)
    expect(page.locator("#preview")).to_contain_text("100 % take 2 parts")
    page.get_by_label("Text").fill("Hello {{ contact.first_name }}, see https://example.com/sms")
    expect(page.locator("#preview")).to_contain_text("1 part")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("is published and sent from now on")).to_be_visible(timeout=30_000)

    # A scenario sends both, and a mail that only it has, designed on its canvas.
    templates = {one["name"]: one["id"] for one in waypost.must("GET", "templates/")["results"]}
    scenario = waypost.must("POST", "scenarios/", {"name": "Sign-up"})["id"]
    graph = make.graph(
        ("on", "on_event", {"event": "contact.created"}),
        ("mail", "email", {"template": templates["Greeting"]}),
        ("text", "sms", {"template": templates["Short greeting"]}),
        ("own", "email", {"subject": "Second", "body": "<p>Plain.</p>"}),
        edges="on>mail mail>text text>own",
    )
    waypost.must("PUT", f"scenarios/{scenario}/flow/", graph)
    canvas = Canvas(page, waypost.url, scenario).open()
    design(canvas)
    canvas.save()
    waypost.must("POST", f"scenarios/{scenario}/start/")

    waypost.must("POST", "contacts/", {"email": ADA, "first_name": "Ada", "phone": "+33612345679"})
    # Both are queued at once, and go in any order.
    until_equal(lambda: sorted(subjects(smtp_server).get(ADA, [])), ["Only here", "Welcome, Ada"], 60)
    mail_to(smtp_server, ADA)  # has been read
    first, own = sorted(
        (mail for mail in smtp_server.mails if mail["To"] == ADA), key=lambda mail: -len(mail["Subject"])
    )
    assert first.get_body(("plain",)) is not None
    assert "Made of blocks" in html_of(own)
    assert visit(link(first, "Get started"))[:2] == (302, "https://example.com/start")

    texts = until(lambda: waypost.rows("SELECT text FROM campaigns_inboxmessage WHERE recipient = '+33612345679'"))
    short = re.search(r"http\S+/s/\S+", texts[0][0])
    assert short
    assert visit(short[0])[:2] == (302, "https://example.com/sms")

    until_equal(lambda: clicked(waypost, scenario), {"mail": 1, "text": 1})
    assert visit(link(first, "Unsubscribe"), {"List-Unsubscribe": "One-Click"})[0] == 200
    person = waypost.must("GET", f"contacts/?email={ADA}")["results"][0]
    assert person["consent"]["email"] == "unsubscribed"


def design(canvas: Canvas) -> None:
    """Opens the block editor over the canvas, changes its mind once, and takes over what it made."""
    page = canvas.page
    dialog = canvas.dialog("own")
    dialog.get_by_role("button", name="Design with blocks").click()
    frame: FrameLocator = page.frame_locator("iframe[name=design-frame]")
    expect(frame.get_by_text("is replaced once you press Done")).to_be_visible()
    frame.get_by_role("button", name="Cancel").click()
    expect(page.locator(".design-dialog")).to_have_count(0)
    dialog.get_by_role("button", name="Design with blocks").click()
    frame.get_by_text("A plain letter").click()
    frame.get_by_role("button", name="Go on").click()
    frame.locator("#id_subject").fill("Only here")
    frame.locator("[data-add=heading]").click()
    frame.locator("[data-inspector]").get_by_label("Heading").fill("Made of blocks")
    expect(frame.frame_locator("[data-canvas]").get_by_text("Made of blocks")).to_be_visible()
    frame.get_by_role("button", name="Done").click()
    expect(page.locator(".design-dialog")).to_have_count(0)
    expect(dialog.get_by_role("button", name="Edit the design")).to_be_visible()
    expect(dialog.locator("[name=body]")).to_be_hidden()
    canvas.confirm()
    expect(canvas.node("own").locator(".node-summary")).to_contain_text("Only here")


def clicked(waypost: Waypost, scenario: int) -> dict[str, int]:
    nodes = waypost.must("GET", f"scenarios/{scenario}/stats/")["nodes"]
    return {name: nodes[name]["clicked"] for name in ("mail", "text")}
