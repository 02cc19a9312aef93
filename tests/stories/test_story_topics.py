"""A contact leaves one topic on the preference page, and then gets what is about others only."""

from playwright.sync_api import Page, expect

from tests import make
from tests.outside import MailServer
from tests.stories.installation import Waypost
from tests.stories.mailbox import link, mail_to, subjects, visit
from tests.stories.waiting import until_equal

ADA, BOB = "ada@example.com", "bob@example.com"
BODY = '<p>Hello.</p><p><a href="{{ preferences_url }}">Preferences</a></p>'


def mail(subject: str, topic: str) -> dict[str, str]:
    return {"subject": subject, "body": BODY, "topic": topic}


def test_who_leaves_a_topic_still_gets_the_others(waypost: Waypost, marketer: Page, smtp_server: MailServer) -> None:
    waypost.mail_through(smtp_server)
    marketer.goto(f"{waypost.url}/topics/new/")
    marketer.get_by_label("Name").fill("Product news")
    marketer.get_by_role("button", name="Create topic").click()
    expect(marketer.get_by_role("row", name="Product news")).to_contain_text("product-news")
    waypost.must("POST", "topics/", {"name": "Offers"})
    scenario = waypost.running_scenario(
        "Letters",
        make.graph(
            ("on", "on_event", {"event": "contact.created"}),
            ("one", "email", mail("News 1", "product-news")),
            ("rest", "wait", {"amount": 1, "unit": "days"}),
            ("two", "email", mail("News 2", "product-news")),
            ("three", "email", mail("Offer", "offers")),
            edges="on>one one>rest rest>two two>three",
        ),
    )
    waypost.create_contacts(ADA, BOB)
    until_equal(lambda: subjects(smtp_server), {who: ["News 1"] for who in (ADA, BOB)})

    address = link(mail_to(smtp_server, ADA), "Preferences")
    assert visit(address)[0] == 200
    marketer.context.clear_cookies()
    marketer.set_viewport_size({"width": 390, "height": 844})
    marketer.goto(address)
    box = marketer.get_by_role("checkbox", name="Product news")
    expect(box).to_be_checked()
    box.uncheck()
    marketer.get_by_role("button", name="Save").click()
    expect(marketer.get_by_role("status")).to_contain_text("Saved")
    expect(box).not_to_be_checked()
    expect(marketer.get_by_role("checkbox", name="Offers")).to_be_checked()

    # A city is looked for by any of its names; the page then speaks the language that was chosen.
    marketer.get_by_role("searchbox", name="Search for a city").fill("sao paulo")
    zones = marketer.get_by_label("Time zone")
    expect(zones.locator("option")).to_have_count(2)
    zones.select_option("America/Sao_Paulo")
    marketer.get_by_label("Language").select_option("Deutsch")
    marketer.get_by_role("button", name="Save").click()
    expect(marketer.get_by_role("status")).to_contain_text("Gespeichert")
    expect(marketer.locator("html")).to_have_attribute("lang", "de")
    expect(marketer.get_by_label("Zeitzone").locator("option:checked")).to_contain_text("São Paulo (UTC−3)")

    waypost.pass_days(1)
    until_equal(
        lambda: outcomes(waypost, scenario, "two"), {ADA: ("skipped", "not subscribed to the topic"), BOB: ("sent", "")}
    )
    until_equal(lambda: outcomes(waypost, scenario, "three"), dict.fromkeys((ADA, BOB), ("sent", "")))
    assert {who: sorted(mails) for who, mails in subjects(smtp_server).items()} == {
        ADA: ["News 1", "Offer"],
        BOB: ["News 1", "News 2", "Offer"],
    }
    person = next(one for one in waypost.api("GET", "contacts/")[1]["results"] if one["email"] == ADA)
    assert (person["language"], person["timezone"]) == ("de", "America/Sao_Paulo")
    assert (person["consent"]["email"], person["topics"]) == ("unknown", {"product-news": {"email": "unsubscribed"}})
    told = waypost.api("GET", f"contacts/{person['id']}/consent-history/")[1]["results"][-1]
    assert (told["source"], told["by"], told["was"]) == ("preference page", "the contact", "unknown")


def outcomes(waypost: Waypost, scenario: int, node: str) -> dict[str, tuple[str, str]]:
    rows = waypost.api("GET", f"messages/?scenario={scenario}&node={node}")[1]["results"]
    return {row["recipient"]: (row["status"], row["reason"]) for row in rows}
