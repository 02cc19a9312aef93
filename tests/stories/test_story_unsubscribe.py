"""Contacts leave by the link in a mail or by their mail program's button, and then get no more."""

import re

from playwright.sync_api import Page, expect

from tests import make
from tests.outside import MailServer
from tests.stories.installation import Waypost
from tests.stories.mailbox import link, mail_to, subjects, visit
from tests.stories.waiting import until_equal

EVERYBODY = LEAVER, ONE_CLICKER, STAYER = "leah@example.com", "oleg@example.com", "stan@example.com"
BODY = '<p>Hello.</p><p><a href="{{ unsubscribe_url }}">Unsubscribe</a></p>'


def test_who_unsubscribes_gets_no_more_mail(waypost: Waypost, marketer: Page, smtp_server: MailServer) -> None:
    waypost.mail_through(smtp_server)
    scenario = waypost.running_scenario(
        "Letters",
        make.graph(
            ("on", "on_event", {"event": "contact.created"}),
            ("one", "email", {"subject": "One", "body": BODY}),
            ("rest", "wait", {"amount": 1, "unit": "days"}),
            ("two", "email", {"subject": "Two", "body": BODY}),
            edges="on>one one>rest rest>two",
        ),
    )
    waypost.create_contacts(*EVERYBODY)
    until_equal(lambda: subjects(smtp_server), {who: ["One"] for who in EVERYBODY})

    # Looking changes nothing: scanners follow every link.
    address = link(mail_to(smtp_server, LEAVER), "Unsubscribe")
    assert visit(address)[0] == 200
    marketer.context.clear_cookies()
    marketer.goto(address)
    expect(marketer.get_by_role("heading", level=1)).to_have_text(re.compile("^Unsubscribe from"))
    expect(marketer.locator("main")).to_contain_text(LEAVER)
    assert consents(waypost) == dict.fromkeys(EVERYBODY, "unknown")
    # The button does.
    marketer.get_by_role("button", name="Unsubscribe").click()
    expect(marketer.get_by_role("heading", level=1)).to_have_text("You are unsubscribed")
    assert consents(waypost)[LEAVER] == "unsubscribed"

    mail = mail_to(smtp_server, ONE_CLICKER)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    one_click = re.search(r"<(http[^>]+)>", mail["List-Unsubscribe"])
    assert one_click
    assert visit(one_click[1])[0] == 200
    assert consents(waypost)[ONE_CLICKER] == "unknown"
    assert visit(one_click[1], {"List-Unsubscribe": "One-Click"})[0] == 200
    assert consents(waypost) == {LEAVER: "unsubscribed", ONE_CLICKER: "unsubscribed", STAYER: "unknown"}

    waypost.pass_days(1)
    until_equal(
        lambda: outcomes(waypost, scenario),
        {LEAVER: ("skipped", "no consent"), ONE_CLICKER: ("skipped", "no consent"), STAYER: ("sent", "")},
    )
    assert subjects(smtp_server) == {LEAVER: ["One"], ONE_CLICKER: ["One"], STAYER: ["One", "Two"]}

    waypost.sign_in(marketer)
    marketer.goto(f"{waypost.url}/contacts/")
    marketer.get_by_role("link", name=LEAVER).first.click()
    email = marketer.locator("#consent")
    expect(email.locator(".badge").first).to_have_text("Unsubscribed")
    expect(email).to_contain_text("unsubscribe page")
    expect(marketer.locator(".timeline").last).to_contain_text("Unsubscribed from email")
    _, report = waypost.api("GET", f"scenarios/{scenario}/stats/")
    assert (report["nodes"]["two"]["sent"], report["nodes"]["two"]["skipped"]) == (1, 2)


def consents(waypost: Waypost) -> dict[str, str]:
    people = waypost.api("GET", "contacts/")[1]["results"]
    return {person["email"]: person["consent"]["email"] for person in people}


def outcomes(waypost: Waypost, scenario: int) -> dict[str, tuple[str, str]]:
    """What became of the second message, for each contact."""
    rows = waypost.api("GET", f"messages/?scenario={scenario}&node=two")[1]["results"]
    return {row["recipient"]: (row["status"], row["reason"]) for row in rows}
