"""A marketer imports a file as they come out of spreadsheets, and sees what became of each of its rows."""

import csv
import io
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.stories.installation import Waypost

# From Excel in France: semicolons, Windows-1252, cells with line breaks in quotes.
ROWS = [
    "E-mail;Prénom;Nom;Téléphone;Notes",
    'chloe@example.com;Chloé;Lefèvre;+33612345678;"Écrit ""souvent"";\r\npréfère le soir"',
    "bjorn@example.com;Björn;Åkesson;;",
    "not an email;Zoé;Perdue;;",  # line 5 of the file: the cell above has two
    "chloe@example.com;Chloé;Lefèvre;+33612345678;",  # again, saying nothing new
    "BJORN@example.com;Bjørn;Åkesson;;",  # again, saying something new
    ";Sans;Adresse;;",
    "ines@example.com;Inès;Muñoz;12;",
    "emile@example.com;Émile;Noël;;too;many;cells",
    "pia@example.com;Pia;Weiß;;€ 5",
]
REFUSED = {
    "not an email": "email: “not an email” is not an email address.",
    "Sans": "A contact needs an email, a phone or an external_id.",
    "ines@example.com": "phone: “12” is not a phone number. Write it with its country, as in +33612345678.",
    "emile@example.com": "This row has 7 cells, and there are only 5 headers.",
}


def test_a_dirty_file_goes_in_as_far_as_it_is_good_and_again_changes_nothing(
    waypost: Waypost, marketer: Page, tmp_path: Path
) -> None:
    file = tmp_path / "clients.csv"
    file.write_bytes("\r\n".join(ROWS).encode("cp1252") + b"\r\n")

    bring_in(marketer, waypost, file)
    expect(marketer.locator(".stat strong")).to_have_text(["3", "1", "1", "4"])
    shown = marketer.get_by_role("region", name="Refused rows").get_by_role("row")
    expect(shown).to_have_count(1 + len(REFUSED))
    for sentence in REFUSED.values():
        expect(shown.filter(has_text=sentence)).to_have_count(1)
    refused = download(marketer)
    assert len(refused) == len(REFUSED)
    for word, sentence in REFUSED.items():
        (row,) = [cells for cells in refused if any(word in (cell or "") for cell in cells)]
        assert any(sentence in cell for cell in row), row

    people = everybody(waypost)
    assert {(person["email"], person["first_name"], person["last_name"], person["phone"]) for person in people} == {
        ("chloe@example.com", "Chloé", "Lefèvre", "+33612345678"),
        ("BJORN@example.com", "Bjørn", "Åkesson", None),
        ("pia@example.com", "Pia", "Weiß", None),
    }
    notes = {person["first_name"]: person["attributes"].get("notes") for person in people}
    assert notes == {"Chloé": 'Écrit "souvent";\r\npréfère le soir', "Bjørn": None, "Pia": "€ 5"}

    # The same once more: nothing is new, and nothing happens to anybody, though two rows contradict each other.
    events = waypost.rows("SELECT count(*) FROM contacts_event")
    bring_in(marketer, waypost, file)
    expect(marketer.locator(".stat strong")).to_have_text(["0", "0", "5", "4"])
    assert everybody(waypost) == people
    assert waypost.rows("SELECT count(*) FROM contacts_event") == events

    marketer.goto(f"{waypost.url}/contacts/?q=Lefèvre")
    marketer.get_by_role("link", name="Chloé Lefèvre").click()
    expect(marketer.get_by_text("préfère le soir")).to_be_visible()
    expect(marketer.get_by_text("Europe/Paris")).to_be_visible()


def bring_in(page: Page, waypost: Waypost, file: Path) -> None:
    page.goto(f"{waypost.url}/contacts/imports/new/")
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_label("Columns are separated by")).to_have_value(";")
    expect(page.get_by_label("Encoding")).to_have_value("cp1252")
    for column, target in {"E-mail": "email", "Prénom": "first_name", "Nom": "last_name", "Téléphone": "phone"}.items():
        expect(page.get_by_label(f"What “{column}” is")).to_have_value(target)
    expect(page.get_by_label("Attribute name of “Notes”")).to_have_value("notes")
    page.get_by_role("button", name="Start import").click()
    expect(page.locator(".page-header .badge")).to_have_text("Done", timeout=30_000)


def download(page: Page) -> list[list[str]]:
    """The rows of the file of refused rows, without its headers."""
    with page.expect_download() as started:
        page.get_by_role("link", name="Refused rows").click()
    text = started.value.path().read_bytes().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))[1:]


def everybody(waypost: Waypost) -> list[dict]:
    return waypost.api("GET", "contacts/")[1]["results"]
