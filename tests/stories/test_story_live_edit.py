"""A running scenario is changed on the canvas: contacts follow what is live until the draft is published, then they go
on where the marketer sends them; and an earlier version comes back."""

from playwright.sync_api import Page, expect

from tests import make
from tests.outside import MailServer
from tests.stories.canvas_driver import Canvas
from tests.stories.installation import Waypost
from tests.stories.mailbox import subjects
from tests.stories.waiting import until_equal

ANN, BEN, LATE = "ann@example.com", "ben@example.com", "late@example.com"
GRAPH = make.graph(
    ("on", "on_event", {"event": "contact.created"}),
    ("one", "email", {"subject": "One", "body": "<p>Hello.</p>"}),
    ("rest", "wait", {"amount": 7, "unit": "days"}),
    ("two", "email", {"subject": "Two", "body": "<p>Hello again.</p>"}),
    edges="on>one one>rest rest>two",
)


def test_a_running_scenario_is_redrawn_and_those_inside_are_sent_on(
    waypost: Waypost, marketer: Page, smtp_server: MailServer
) -> None:
    waypost.mail_through(smtp_server)
    scenario = waypost.running_scenario("Series", GRAPH)
    waypost.create_contacts(ANN, BEN)
    until_equal(lambda: got(smtp_server), {ANN: {"One"}, BEN: {"One"}})

    canvas = Canvas(marketer, waypost.url, scenario).open()
    expect(canvas.node("rest").locator(".node-count")).to_have_text("2")
    canvas.card("on").click()
    canvas.press("Delete")
    expect(canvas.say).to_contain_text("cannot be removed")
    canvas.card("rest").click()
    canvas.press("Delete")
    tag = canvas.drop("tag", canvas.blank())
    canvas.configure(tag, add="sent on")
    canvas.connect("one", tag)
    canvas.connect(tag, "two")

    bar = marketer.locator("[data-draft-bar]")
    expect(bar).not_to_be_visible()
    canvas.press("Control+s")
    expect(canvas.say).to_contain_text("Contacts follow version 1 until you publish it")
    expect(bar).to_contain_text("You are editing a draft; version 1 is live.")
    waypost.create_contacts(LATE)
    until_equal(lambda: places(waypost, scenario), [("waiting", "rest")] * 3)

    # The draft is there again for whoever comes later.
    canvas.open()
    assert set(canvas.ids()) == {"on", "one", "two", tag}
    bar.get_by_role("link", name="See live version").click()
    expect(marketer.locator(".draft-bar")).to_contain_text("version 1, which is live")
    expect(canvas.node("rest").locator(".node-count")).to_have_text("3")
    marketer.get_by_role("link", name="Back to editing").click()

    marketer.get_by_role("button", name="Publish…").click()
    dialog = marketer.locator("#save-dialog")
    expect(dialog).to_contain_text("Tag: Add “sent on”")
    expect(dialog.locator(".asked label")).to_contain_text("3 contacts")
    dialog.locator("[data-confirm]").click()
    expect(dialog).to_be_visible()  # nobody is sent anywhere by default
    dialog.get_by_label("Wait: 7 days").select_option(label="Tag: Add “sent on”")
    dialog.locator("[data-confirm]").click()
    expect(dialog).not_to_be_visible()
    expect(canvas.say).to_have_text("Published: version 2 is live.")
    expect(bar).not_to_be_visible()
    until_equal(lambda: got(smtp_server), {who: {"One", "Two"} for who in (ANN, BEN, LATE)})
    until_equal(lambda: places(waypost, scenario), [("completed", "two")] * 3)
    sent_on = waypost.rows("SELECT count(*), count(DISTINCT execution_id) FROM flows_step WHERE outcome = 'redirected'")
    assert sent_on == [(3, 3)]

    marketer.get_by_role("link", name="Versions").click()
    rows = marketer.locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("Live")
    expect(rows.nth(0)).to_contain_text("by admin")
    expect(rows.nth(0)).to_contain_text("Removed Wait: 7 days")
    rows.nth(1).get_by_role("button", name="Restore as draft").click()
    marketer.locator("dialog[open]").get_by_role("button", name="Restore as draft").click()
    marketer.locator("#editor.ready").wait_for()
    expect(bar).to_contain_text("version 2 is live")
    assert set(canvas.ids()) == {"on", "one", "rest", "two"}
    bar.get_by_role("button", name="Discard draft").click()
    marketer.locator("dialog[open]").get_by_role("button", name="Discard draft").click()
    marketer.locator("#editor.ready").wait_for()
    assert set(canvas.ids()) == {"on", "one", "two", tag}


def test_waits_are_timed_anew_and_those_who_had_finished_go_through_the_new_part(
    waypost: Waypost, marketer: Page
) -> None:
    call = ("on", "on_event", {"event": "api.call"})
    wait, tag = ("rest", "wait", {"amount": 7, "unit": "days"}), ("tag", "tag", {"add": ["first"]})
    scenario = waypost.running_scenario("Calls", make.graph(call, tag, wait, edges="on>tag tag>rest"))
    waypost.create_contacts("eve@example.com", "flo@example.com")
    let_in(waypost, scenario, "eve@example.com")
    until_equal(lambda: places(waypost, scenario), [("waiting", "rest")])
    waypost.pass_days(8)
    until_equal(lambda: places(waypost, scenario), [("completed", "rest")])
    let_in(waypost, scenario, "flo@example.com")
    until_equal(lambda: places(waypost, scenario), [("waiting", "rest"), ("completed", "rest")])
    waypost.pass_days(3)

    canvas = Canvas(marketer, waypost.url, scenario).open()
    canvas.configure("rest", amount="2")
    last = canvas.drop("tag", canvas.blank())
    canvas.configure(last, add="last")
    canvas.connect("rest", last)
    canvas.press("Control+s")
    marketer.get_by_role("button", name="Publish…").click()
    dialog = marketer.locator("#save-dialog")
    expect(dialog).to_contain_text("Wait: 7 days → Wait: 2 days: 1 contact")
    dialog.get_by_label("The new time counts for them too").check()
    dialog.get_by_label("Also send the 1 contact").check()
    dialog.locator("[data-confirm]").click()
    expect(dialog).not_to_be_visible()
    until_equal(lambda: places(waypost, scenario), [("completed", last), ("completed", last)])


def test_the_second_of_two_who_draft_is_told_and_nothing_is_overwritten(waypost: Waypost, marketer: Page) -> None:
    scenario = waypost.running_scenario("Shared", GRAPH)
    canvas = Canvas(marketer, waypost.url, scenario).open()
    theirs = make.graph(*[(node["id"], node["type"], node["config"]) for node in GRAPH["nodes"][:2]], edges="on>one")
    waypost.must("PUT", f"scenarios/{scenario}/draft/", theirs)
    canvas.node("rest").focus()
    canvas.press("ArrowDown")
    canvas.press("Control+s")
    conflict = marketer.locator("#conflict-dialog")
    expect(conflict).to_contain_text("Somebody else saved a draft")
    conflict.get_by_role("button", name="Load theirs").click()
    marketer.locator("[data-draft-bar]").wait_for()
    marketer.locator("#editor.ready").wait_for()
    assert set(canvas.ids()) == {"on", "one"}
    assert waypost.must("GET", f"scenarios/{scenario}/draft/")["edges"] == theirs["edges"]


def let_in(waypost: Waypost, scenario: int, email: str) -> None:
    assert waypost.must("POST", f"scenarios/{scenario}/trigger/", {"contacts": [{"email": email}]})["entered"] == 1


def got(server: MailServer) -> dict[str, set[str]]:
    """Everybody's subjects; two of the same would not go unnoticed."""
    assert all(len(set(them)) == len(them) for them in subjects(server).values())
    return {who: set(them) for who, them in subjects(server).items()}


def places(waypost: Waypost, scenario: int) -> list[tuple[str, str]]:
    _, page = waypost.api("GET", f"scenarios/{scenario}/executions/")
    return [(execution["state"], execution["node"]) for execution in page["results"]]
