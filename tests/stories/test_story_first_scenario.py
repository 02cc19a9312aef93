"""A marketer's first scenario: those who click the first email get no second one."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.outside import MailServer
from tests.stories.canvas_driver import Canvas
from tests.stories.installation import Waypost
from tests.stories.mailbox import link, mail_to, subjects, visit
from tests.stories.waiting import until_equal

PEOPLE = {"ada": "Ada", "bob": "Bob", "cleo": "Cléo", "dan": "Dan", "eva": "Eva"}
CLICKERS = ["ada", "cleo"]
SHOP = "https://shop.example.com/spring?from=mail&who=you"


def test_who_clicks_gets_one_mail_and_the_others_two(
    waypost: Waypost, marketer: Page, smtp_server: MailServer, tmp_path: Path
) -> None:
    page = marketer
    make_provider(page, smtp_server.port)
    canvas = begin(page, waypost)
    trigger, first, wait, condition, second = draw(canvas)
    save_with_objective(canvas)
    start(canvas)

    import_people(page, waypost, tmp_path)
    greeted = {address(name): [f"Welcome, {shown}"] for name, shown in PEOPLE.items()}
    until_equal(lambda: subjects(smtp_server), greeted)

    canvas.open()
    expect(canvas.node(wait).locator(".node-count")).to_have_text("5")
    for name in CLICKERS:
        tracked = link(mail_to(smtp_server, address(name)), "the spring sale")
        assert tracked.startswith(f"{waypost.public_url}/c/")
        assert visit(tracked)[:2] == (302, SHOP)
        assert visit(tracked)[:2] == (302, SHOP)  # twice is one person

    waypost.pass_days(7)
    reminded = {
        address(name): [f"Welcome, {shown}"] + ([] if name in CLICKERS else [f"Still there, {shown}?"])
        for name, shown in PEOPLE.items()
    }
    until_equal(lambda: subjects(smtp_server), reminded)
    # The canvas that is still open has heard of it by itself.
    expect(canvas.node(wait).locator(".node-count")).to_be_hidden()

    def counted() -> dict[str, object]:
        _, stats = waypost.api("GET", f"scenarios/{canvas.scenario_id}/stats/")
        nodes = stats["nodes"]
        return {
            "entered": stats["entered"],
            "inside": stats["inside"],
            "sent": stats["sent"],
            "first": (nodes[first]["sent"], nodes[first]["clicked"]),
            "condition": nodes[condition]["left"],
            "second": (nodes[second]["entered"], nodes[second]["sent"], nodes[second]["clicked"]),
            "left": nodes[trigger]["left"],
        }

    until_equal(
        counted,
        {
            "entered": 5,
            "inside": 0,
            "sent": 8,
            "first": (5, 2),
            "condition": {"yes": 2, "no": 3},
            "second": (3, 3, 0),
            "left": {"next": 5},
        },
    )
    page.goto(f"{waypost.url}/scenarios/")
    row = page.get_by_role("row").filter(has_text="First steps")
    for column, number in (("Inside now", "0"), ("Entered", "5"), ("Sent", "8")):
        place = page.get_by_role("columnheader").all_inner_texts().index(column)
        expect(row.get_by_role("cell").nth(place)).to_have_text(number)


def address(name: str) -> str:
    return f"{name}@example.com"


def make_provider(page: Page, port: int) -> None:
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="Providers").first.click()
    page.get_by_role("link", name="New provider").first.click()
    page.get_by_role("link", name="SMTP server").click()
    page.get_by_label("Name", exact=True).fill("Our mail server")
    page.get_by_label("Server", exact=True).fill("127.0.0.1")
    page.get_by_label("Port").fill(str(port))
    page.get_by_label("Security").select_option("none")
    page.get_by_label("Sender’s name").fill("The shop")
    page.get_by_label("Sender’s address").fill("shop@example.com")
    page.get_by_role("button", name="Create provider").click()
    row = page.get_by_role("row").filter(has_text="Our mail server")
    # It has taken over from the built-in outbox; pressing “Make default” elsewhere and back changes who delivers.
    expect(row).to_contain_text("Default")
    outbox = page.get_by_role("region", name="Email providers").get_by_role("row").filter(has_text="Local outbox")
    outbox.get_by_label("More for").click()
    outbox.get_by_role("button", name="Make default").click()
    expect(row).not_to_contain_text("Default")
    row.get_by_label("More for").click()
    row.get_by_role("button", name="Make default").click()
    expect(row).to_contain_text("Default")


def begin(page: Page, waypost: Waypost) -> Canvas:
    page.get_by_role("link", name="Scenarios").click()
    page.get_by_role("link", name="Create").first.click()
    page.get_by_label("From scratch").check()
    page.get_by_label("Name", exact=True).fill("First steps")
    page.get_by_role("button", name="Create and open the canvas").click()
    page.locator("#editor.ready").wait_for()
    return Canvas(page, waypost.url, int(page.url.rstrip("/").rsplit("/", 1)[1]))


def draw(canvas: Canvas) -> list[str]:
    """The five shapes, dragged from the palette, configured and connected with the mouse."""
    box = canvas.page.locator(".canvas").bounding_box()
    assert box is not None

    def at(x: int, y: int) -> tuple[float, float]:
        return box["x"] + x, box["y"] + y

    trigger = canvas.drop("on_event", at(160, 140))
    first = canvas.drop("email", at(470, 140))
    wait = canvas.drop("wait", at(780, 140))
    condition = canvas.drop("condition", at(310, 420))
    second = canvas.drop("email", at(640, 460))
    canvas.configure(trigger, event="contact.created")
    body = f'<p>Hello {{{{ contact.first_name }}}}, see <a href="{SHOP.replace("&", "&amp;")}">the spring sale</a>.</p>'
    canvas.configure(first, name="Greeting", subject="Welcome, {{ contact.first_name }}", body=body)
    canvas.configure(wait, amount="7", unit="days")
    canvas.configure(second, name="Reminder", subject="Still there, ?", body="<p>It ends soon.</p>")
    insert_the_name(canvas, second)
    canvas.connect_by_clicks(trigger, first)
    canvas.connect(first, wait)
    canvas.connect_by_clicks(wait, condition)
    canvas.connect(condition, second, "no")
    assert canvas.edges() == sorted([f"{trigger} next", f"{first} next", f"{wait} next", f"{condition} no"])

    rule = canvas.dialog(condition)
    rule.get_by_role("button", name="Add a rule").click()
    rule.get_by_label("What the rule is about").select_option("message")
    rule.get_by_label("Contact", exact=True).select_option("clicked")
    rule.get_by_label("Message of").select_option(first)
    expect(rule.locator(".rule-sentence")).to_contain_text("Greeting")
    canvas.confirm()
    expect(canvas.node(condition).locator(".node-summary")).to_contain_text("Greeting")
    return [trigger, first, wait, condition, second]


def insert_the_name(canvas: Canvas, mail: str) -> None:
    """Before the question mark of its subject, by keys alone; the menu lets go of the keys as it should."""
    page, dialog = canvas.page, canvas.dialog(mail)
    subject, menu = dialog.get_by_label("Subject"), page.locator("[data-inserter]:popover-open")
    subject.focus()
    canvas.press("End")
    canvas.press("ArrowLeft")
    canvas.press("Tab")
    canvas.press("Enter")
    expect(menu.get_by_text("Unsubscribe link")).to_be_visible()
    expect(menu.get_by_text("The event")).to_have_count(0)  # nothing is known of somebody who is new
    canvas.press("Escape")
    expect(menu).to_have_count(0)
    expect(subject.locator("xpath=../button")).to_be_focused()
    canvas.press("Enter")
    page.keyboard.type("first name, or")
    canvas.press("Enter")
    expect(subject).to_have_value('Still there, {{ contact.first_name | default: "there" }}?')
    expect(subject).to_be_focused()
    canvas.press("Control+z")
    expect(subject).to_have_value("Still there, ?")
    canvas.press("Control+y")
    canvas.confirm()


def save_with_objective(canvas: Canvas) -> None:
    page = canvas.page
    expect(page.locator("[data-start]")).to_be_disabled()
    page.get_by_role("button", name="Save").click()
    dialog = page.locator("#save-dialog")
    dialog.get_by_label("Clicked a link").check()
    dialog.get_by_label("Within days").fill("7")
    dialog.get_by_role("button", name="Save").click()
    expect(canvas.say).to_have_text("Saved as version 1.")


def start(canvas: Canvas) -> None:
    page = canvas.page
    page.locator("[data-start]").click()
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text("Contacts enter one by one, whenever contact.created happens")
    dialog.get_by_role("button", name="Start").click()
    expect(page.locator(".editor-bar .badge")).to_have_text("Running")


def import_people(page: Page, waypost: Waypost, folder: Path) -> None:
    file = folder / "people.csv"
    rows = "".join(f"{address(name)},{shown}\n" for name, shown in PEOPLE.items())
    file.write_text(f"email,first name\n{rows}", encoding="utf-8")
    page.goto(f"{waypost.url}/contacts/")
    page.get_by_role("link", name="Imports").click()
    page.get_by_role("link", name="Import a file").first.click()
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("button", name="Start import").click()
    expect(page.locator(".page-header .badge")).to_have_text("Done", timeout=30_000)
    expect(page.locator(".stats")).to_contain_text("5created")
