"""An email campaign to the people of a file: two subjects are tried, the better one goes to everybody else."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.outside import MailServer
from tests.stories.installation import Waypost
from tests.stories.mailbox import link, mail_to, subjects, visit
from tests.stories.waiting import until, until_equal

GUESTS = [f"guest{number}@example.com" for number in range(40)]
STRANGER, BOSS = "stranger@example.com", "boss@example.com"
CALM, LOUD, AGAIN = "Our spring collection", "Half price, only today", "Did you miss this?"
BODY = '<p>Hello, see <a href="https://shop.example.com/spring">the sale</a>.</p><p>{{ unsubscribe_url }}</p>'
SLOWLY = 30_000


def test_the_better_of_two_subjects_goes_to_everybody_else(
    waypost: Waypost, marketer: Page, smtp_server: MailServer, tmp_path: Path
) -> None:
    page = marketer
    waypost.mail_through(smtp_server)
    waypost.create_contacts(*GUESTS, "elsewhere@example.com")
    begin(page)
    choose_the_guests(page, tmp_path)
    write_two_subjects(page)
    try_it(page, smtp_server)
    page.get_by_role("button", name="Save and continue").click()
    expect(page.get_by_role("heading", name="When does it begin?")).to_be_visible()
    page.get_by_role("button", name="Save and continue").click()
    send(page)

    # Half of them get one of the two, and the others wait.
    expect(page.get_by_text("The variants are out.")).to_be_visible(timeout=SLOWLY)
    first = {who: got for who, got in subjects(smtp_server).items() if who in GUESTS}
    assert 10 < len(first) < 30
    assert {subject for got in first.values() for subject in got} == {CALM, LOUD}
    loud = [who for who, got in first.items() if got == [LOUD]]
    for who in loud:
        assert visit(link(mail_to(smtp_server, who), "the sale"))[:2] == (302, "https://shop.example.com/spring")
    row = page.get_by_role("row").filter(has_text=LOUD)
    expect(row).to_contain_text("100.0 %", timeout=SLOWLY)  # the page that is still open has heard of it by itself

    waypost.pass_days(1)
    everybody = {who: first.get(who, [LOUD]) for who in GUESTS}
    until_equal(lambda: {who: got for who, got in subjects(smtp_server).items() if who in GUESTS}, everybody)
    expect(page.locator(".page-header .badge")).to_have_text("Sent", timeout=SLOWLY)
    expect(row).to_contain_text("Winner")
    expect(page.locator(".notice.success")).to_contain_text("B was best")
    expect(page.locator("[data-done]")).to_have_text("40")
    calm = len(first) - len(loud)
    expect(page.get_by_role("row").filter(has_text=CALM).get_by_role("cell").nth(1)).to_have_text(str(calm))
    expect(row.get_by_role("cell").nth(1)).to_have_text(str(40 - calm))

    resend(page, unopened=40 - len(loud))
    until(lambda: [got for got in subjects(smtp_server).values() if AGAIN in got])
    expect(page.locator(".page-header .badge")).to_have_text("Sent", timeout=SLOWLY)
    got_again = {who for who, got in subjects(smtp_server).items() if AGAIN in got}
    assert got_again == set(GUESTS) - set(loud)


def begin(page: Page) -> None:
    page.get_by_role("link", name="Campaigns").click()
    page.locator("summary", has_text="Create campaign").click()
    page.get_by_role("link", name="Email", exact=True).click()
    page.get_by_label("Name", exact=True).fill("Spring sale")
    page.get_by_role("button", name="Choose the audience").click()


def choose_the_guests(page: Page, folder: Path) -> None:
    expect(page.locator("[data-reach]")).to_have_text("41")
    page.get_by_text("Some of them").click()
    expect(page.locator("#reach")).to_contain_text("Nobody yet")
    file = folder / "guests.csv"
    file.write_text("email\n" + "\n".join([*GUESTS, STRANGER]), encoding="utf-8")
    page.locator("#id_file").set_input_files(file)
    expect(page.locator("#file-part")).to_contain_text("40 contacts of guests.csv")
    expect(page.locator("#file-part")).to_contain_text("1 row named nobody you have")
    expect(page.locator("[data-reach]")).to_have_text("40")
    with page.expect_download() as download:
        page.get_by_role("link", name="download it").click()
    assert STRANGER in Path(download.value.path()).read_text(encoding="utf-8-sig")
    page.get_by_role("button", name="Save and continue").click()


def write_two_subjects(page: Page) -> None:
    page.get_by_label("Subject").fill(CALM)
    page.get_by_label("Body").fill(BODY)
    expect(page.locator("#preview .preview-head")).to_contain_text(CALM)
    page.locator("summary", has_text="Variant").click()
    page.get_by_role("button", name="Copy of this one").click()
    second = page.get_by_role("tabpanel", name="Variant B")
    second.get_by_label("Subject").fill(LOUD)
    expect(page.locator("#preview .preview-head")).to_contain_text(LOUD)
    page.get_by_role("tab", name="Variant A").click()
    expect(page.locator("#preview .preview-head")).to_contain_text(CALM)
    page.get_by_label("Try it on").fill("50")
    page.get_by_label("The winner is").select_option("clicked")


def try_it(page: Page, server: MailServer) -> None:
    """A test of both variants, before anything was saved."""
    page.get_by_role("button", name="Send a test").click()
    dialog = page.locator("dialog[open]")
    dialog.get_by_label("Email address").fill(BOSS)
    dialog.get_by_label("Variant").select_option("")
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(dialog.get_by_text("the provider took it")).to_have_count(2)
    assert sorted(subjects(server)[BOSS]) == sorted([CALM, LOUD])
    dialog.get_by_role("button", name="Close").last.click()


def send(page: Page) -> None:
    expect(page.locator("[data-reach]")).to_have_text("40")
    page.get_by_role("button", name="Send…").click()
    page.get_by_role("button", name="Send to 40 contacts").click()


def resend(page: Page, unopened: int) -> None:
    page.get_by_label("More for").click()
    page.get_by_role("button", name="Resend to who did not open").click()
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text(f"{unopened} contacts got it and did not open it.")
    dialog.get_by_role("button", name="Create the draft").click()
    page.get_by_label("Subject").fill(AGAIN)
    page.get_by_role("button", name="Save and continue").click()
    page.get_by_role("button", name="Save and continue").click()
    expect(page.locator("[data-reach]")).to_have_text(str(unopened))
    page.get_by_role("button", name="Send…").click()
    page.get_by_role("button", name=f"Send to {unopened} contacts").click()
