"""An installation that writes only to those who subscribed: the others' messages are skipped, and say why."""

from playwright.sync_api import Page, expect

from tests import make
from tests.outside import MailServer
from tests.stories.installation import Waypost
from tests.stories.mailbox import subjects
from tests.stories.waiting import until_equal

ASKED, SILENT = "asta@example.com", "silas@example.com"


def test_who_never_subscribed_is_skipped_once_the_policy_is_opt_in(
    waypost: Waypost, marketer: Page, smtp_server: MailServer
) -> None:
    waypost.mail_through(smtp_server)
    marketer.goto(f"{waypost.url}/settings/")
    marketer.get_by_label("Opt-in").check()
    marketer.get_by_role("button", name="Save settings").click()
    expect(marketer.locator(".toast")).to_contain_text("saved")
    expect(marketer.get_by_label("Opt-in")).to_be_checked()

    waypost.running_scenario(
        "Letters",
        make.graph(
            ("on", "on_event", {"event": "contact.created"}),
            ("one", "email", {"subject": "One", "body": "<p>Hello.</p>"}),
            edges="on>one",
        ),
    )
    contacts = [{"email": ASKED, "consent": {"email": "subscribed"}}, {"email": SILENT}]
    waypost.must("POST", "contacts/bulk/", {"contacts": contacts})
    until_equal(lambda: outcomes(waypost), {ASKED: ("sent", ""), SILENT: ("skipped", "no consent")})
    assert subjects(smtp_server) == {ASKED: ["One"]}

    marketer.goto(f"{waypost.url}/messages/?state=skipped")
    row = marketer.locator("tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text(SILENT)
    expect(row).to_contain_text("no consent")


def outcomes(waypost: Waypost) -> dict[str, tuple[str, str]]:
    rows = waypost.must("GET", "messages/")["results"]
    return {row["recipient"]: (row["status"], row["reason"]) for row in rows}
