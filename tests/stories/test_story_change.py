"""A running scenario is paused, changed and resumed: nobody moves meanwhile, and then they get the new words."""

from playwright.sync_api import Page, expect

from tests import make
from tests.outside import MailServer
from tests.stories.canvas_driver import Canvas
from tests.stories.installation import Waypost
from tests.stories.mailbox import subjects
from tests.stories.waiting import until, until_equal

ANN, BEN, LATE = "ann@example.com", "ben@example.com", "late@example.com"


def two_mails(name: str) -> dict:
    return make.graph(
        ("on", "on_event", {"event": "contact.created"}),
        ("one", "email", {"subject": f"{name} one", "body": "<p>Hello.</p>"}),
        ("rest", "wait", {"amount": 7, "unit": "days"}),
        ("two", "email", {"subject": f"{name} two", "body": "<p>Hello again.</p>"}),
        edges="on>one one>rest rest>two",
    )


def test_contacts_wait_while_a_scenario_is_changed_and_then_get_the_new_words(
    waypost: Waypost, marketer: Page, smtp_server: MailServer
) -> None:
    waypost.mail_through(smtp_server)
    changed = waypost.running_scenario("Changed", two_mails("Old"))
    # Another scenario with the same people shows that the workers did their work while this one was paused.
    waypost.running_scenario("Witness", two_mails("Witness"))
    waypost.create_contacts(ANN, BEN)
    until_equal(lambda: got(smtp_server), both({"Old one", "Witness one"}))

    canvas = Canvas(marketer, waypost.url, changed).open()
    expect(canvas.node("rest").locator(".node-count")).to_have_text("2")
    marketer.get_by_role("button", name="Pause").click()
    expect(marketer.locator(".editor-bar .badge")).to_have_text("Paused")
    marketer.locator("#editor.ready").wait_for()

    canvas.card("on").click()
    canvas.press("Delete")
    expect(canvas.say).to_contain_text("cannot be removed")
    graph = waypost.api("GET", f"scenarios/{changed}/flow/")[1]
    graph["nodes"][0] = {**graph["nodes"][0], "id": "other"}
    graph["edges"][0] = {**graph["edges"][0], "from": "other"}
    status, refusal = waypost.api("PUT", f"scenarios/{changed}/flow/", graph)
    assert (status, refusal["problems"]) == (
        400,
        [{"node": "on", "message": "The trigger cannot be removed once the scenario was started."}],
    )

    canvas.configure("two", subject="New two, {{ contact.first_name | default: 'friend' }}")
    tag = canvas.drop("tag", canvas.blank())
    canvas.configure(tag, add="reminded")
    canvas.connect("two", tag)
    expect(marketer.get_by_role("button", name="Resume")).to_be_disabled()
    canvas.save()

    waypost.pass_days(8)
    waypost.create_contacts(LATE)
    until_equal(
        lambda: got(smtp_server),
        {
            **both({"Old one", "Witness one", "Witness two"}),
            LATE: {"Witness one"},
        },
    )
    assert places(waypost, changed) == [("waiting", "rest"), ("waiting", "rest")]

    marketer.get_by_role("button", name="Resume").click()
    expect(marketer.locator("dialog[open]")).to_contain_text("2 contacts should have gone on by now")
    marketer.locator("dialog[open] .button.primary").click()
    expect(marketer.locator(".editor-bar .badge")).to_have_text("Running")
    new = {"Old one", "Witness one", "Witness two", "New two, friend"}
    until_equal(lambda: {who: got(smtp_server)[who] for who in (ANN, BEN)}, both(new))
    until_equal(lambda: places(waypost, changed), [("completed", tag), ("completed", tag)])
    tagged = until(lambda: waypost.api("GET", "contacts/?tag=reminded")[1]["results"])
    assert {contact["email"] for contact in tagged} == {ANN, BEN}
    marketer.goto(f"{waypost.url}/contacts/{tagged[0]['id']}/")
    expect(marketer.locator("#tags")).to_contain_text("reminded")


def both(subjects: set[str]) -> dict[str, set[str]]:
    return {ANN: subjects, BEN: subjects}


def got(server: MailServer) -> dict[str, set[str]]:
    """Everybody's subjects; two of the same would not go unnoticed."""
    assert all(len(set(them)) == len(them) for them in subjects(server).values())
    return {who: set(them) for who, them in subjects(server).items()}


def places(waypost: Waypost, scenario: int) -> list[tuple[str, str]]:
    _, page = waypost.api("GET", f"scenarios/{scenario}/executions/")
    return [(execution["state"], execution["node"]) for execution in page["results"]]
