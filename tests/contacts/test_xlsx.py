"""An Excel workbook is read row by row and becomes a file of contacts like any other."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from config.models import User
from contacts.imports import converting, importing, xlsx_reading
from contacts.imports.csv_sniffing import Unreadable
from contacts.imports.xlsx_reading import Workbook
from contacts.models import Contact, CsvChunk, CsvImport
from tests import make
from tests.contacts.test_importing import counts
from tests.contacts.workbooks import cell, sheet, workbook

NOW = make.NOW
State = CsvImport.State


def rows(content: bytes, number: int = 0) -> list[list[str]]:
    return [cells for _, cells in Workbook(io.BytesIO(content)).rows(number) if cells is not None]


def stored(content: bytes) -> CsvImport:
    file = converting.store("people.xlsx", [content])
    while converting.work(NOW):
        pass
    file.refresh_from_db()
    return file


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (cell("Ada & Bob"), "Ada & Bob"),
        (cell("1", "s"), "Łódź"),
        (cell("9", "s"), ""),
        (cell("33612345678", ""), "33612345678"),
        (cell("3.3612345678E10", "n"), "33612345678"),
        (cell("0.30000000000000004", ""), "0.3"),
        (cell("-1.5E-3", ""), "-0.0015"),
        (cell("1", "b"), "yes"),
        (cell("0", "b"), "no"),
        (cell("#N/A", "e"), ""),
        (cell("46091", "", "1"), "2026-03-10"),
        (cell("46091.375", "", "2"), "2026-03-10T09:00:00"),
        (cell("46091.375", "", "3"), "46091.375"),
        (cell("0.375", "", "4"), "09:00:00"),
        (cell("1.5", "", "5"), "36:00:00"),
        (cell("59", "", "1"), "1900-02-28"),
        (cell("61", "", "1"), "1900-03-01"),
        (cell("1e300", "", "1"), "1e300"),
        (cell("46091", "", "99"), "46091"),
        (cell("46091", "", "x"), "46091"),
        (cell("2026-03-10", "d"), "2026-03-10"),
        ('<c t="str"><f>A1&amp;"@x"</f><v>a@x</v></c>', "a@x"),
        ("<c><f>1+1</f><v>2</v></c>", "2"),
        ("<c><f>1+1</f></c>", ""),
        (cell("a_x000D_b"), "a\rb"),
        ('<c t="inlineStr"><is><r><t>Zo</t></r><r><t>ë</t></r><rPh><t>no</t></rPh></is></c>', "Zoë"),
    ],
)
def test_a_cell_is_read_as_excel_shows_it(written, read):
    assert rows(workbook({"A": sheet([[written, "x"]])}, ["Paris", "Łódź"])) == [[read, "x"]]


def test_dates_of_old_macintosh_workbooks_count_from_1904():
    book = workbook({"A": sheet([[cell("0", "", "1")]])})
    parts = {
        "xl/workbook.xml": '<workbook xmlns:r="r"><workbookPr date1904="1"/><sheet name="A" r:id="s0"/></workbook>'
    }
    assert rows(workbook({"A": sheet([[cell("44629", "", "1")]])}, parts=parts)) == [["2026-03-10"]]
    assert rows(book) == [["1899-12-31"]]


def test_gaps_are_gaps_and_prefixes_do_not_matter():
    body = (
        '<x:worksheet xmlns:x="s"><x:sheetData><x:row r="2"><x:c r="C2"><x:v>3</x:v></x:c></x:row>'
        '<x:row><x:c r="A3"><x:v>1</x:v></x:c><x:c><x:v>2</x:v></x:c></x:row></x:sheetData></x:worksheet>'
    )
    assert rows(workbook({"A": body})) == [[], ["", "", "3"], ["1", "2"]]


@pytest.mark.django_db
def test_a_workbook_becomes_contacts():
    people = [[f"c{n}@example.com", cell(str(n), ""), cell("46091", "", "1")] for n in range(50)]
    file = stored(workbook({"People": sheet([["Email", "Orders", "Since"], *people])}))
    assert (file.state, file.mapping) == (State.DRAFT, ["email", "number:orders", "date:since"])
    importing.confirm(file, file.mapping, {})
    assert not CsvChunk.objects.filter(place__lt=0).exists()
    while importing.work(NOW):
        pass
    file.refresh_from_db()
    assert (file.state, counts(file)) == (State.DONE, (50, 0, 0, 0))
    assert Contact.objects.get(email="c7@example.com").attributes == {"orders": 7, "since": "2026-03-10"}


@pytest.mark.django_db
def test_the_first_sheet_with_rows_is_read_and_another_can_be_chosen(client):
    client.force_login(User.objects.create_superuser("mia", password="secret-of-mia"))
    content = workbook(
        {
            "Notes": sheet([["Read me"]]),
            "One": sheet([["Email"], ["a@example.com"]]),
            "Two": sheet([["Mail", "City"], ["b@example.com", "Lyon"]]),
        }
    )
    page = client.post(reverse("import_create"), {"file": SimpleUploadedFile("a.xlsx", content)})
    assert "Reading the workbook" in client.get(page.url).content.decode()
    while converting.work(NOW):
        pass
    assert "a@example.com" in client.get(page.url).content.decode()
    assert client.post(page.url, {"sheet": "7"}).url == page.url
    client.post(page.url, {"sheet": "2"})
    while converting.work(NOW):
        pass
    shown = client.get(page.url).content.decode()
    assert "Lyon" in shown
    assert "a@example.com" not in shown


@pytest.mark.django_db
def test_a_conversion_goes_on_slice_by_slice_and_begins_anew_in_another_process(monkeypatch):
    monkeypatch.setattr(converting, "SLICE_SECONDS", 0.0)
    file = converting.store("a.xlsx", [workbook({"A": sheet([["Email"], *([f"c{n}@x.fr"] for n in range(9))])})])
    for _ in range(5):  # the first one reads the texts
        assert converting.work(NOW)
    file.refresh_from_db()
    assert (file.state, file.rows_read) == (State.CONVERTING, 4)
    monkeypatch.setattr(converting, "_ME", "another")
    monkeypatch.setattr(converting, "_open", {})
    assert not converting.work(NOW)
    later = NOW.replace(year=NOW.year + 1)
    assert converting.work(later)
    assert converting.work(later)
    file.refresh_from_db()
    assert file.rows_read == 1
    while converting.work(NOW):
        pass
    file.refresh_from_db()
    assert file.state == State.DRAFT
    assert b"".join(bytes(chunk.content) for chunk in file.chunks.filter(place__gte=0)).count(b"\n") == 10


@pytest.mark.django_db
def test_a_workbook_that_is_cancelled_while_it_is_read_says_that_nothing_went_in(client):
    client.force_login(User.objects.create_superuser("mia", password="secret-of-mia"))
    file = converting.store("a.xlsx", [workbook({"A": sheet([["Email"], ["a@example.com"]])})])
    assert importing.cancel(file, NOW)
    assert "Nothing of it went in" in client.get(reverse("import_page", args=[file.pk])).content.decode()


@pytest.mark.django_db
def test_the_command_takes_workbooks_too(tmp_path, capsys):
    path = tmp_path / "people.xlsx"
    path.write_bytes(workbook({"A": sheet([["Email"], ["a@example.com"], ["x"]])}))
    call_command("importcontacts", str(path))
    assert capsys.readouterr().out == "2 rows: 1 created, 0 updated, 0 unchanged, 1 refused.\n"


ENTITY = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet><sheetData/></worksheet>'


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"PK\x03\x04" + b"x" * 100, "damaged"),
        (workbook({"A": sheet([["Email"], ["x"]])})[:-200], "damaged"),
        (workbook({"A": ENTITY}), "document type"),
        (workbook({}), "no sheet"),
        (workbook({"A": "<worksheet><sheetData><row><c>"}), "damaged"),
        (workbook({"A": "<a>" * 200 + "</a>" * 200}), "nested"),
        (workbook({"A": '<s><row r="99999999"/></s>'}), "more rows"),
        (workbook({"A": '<s><row><c r="ZZZZ1"><v>1</v></c></row></s>'}), "more columns"),
        (workbook({"A": "<s><row><c><v>" + "0" * 40_000_000 + "</v></c></row></s>"}), "unpacks"),
        (workbook({"A": sheet([["x"]])}, parts={"_rels/.rels": "<a/>", "xl/workbook.xml": "no"}), "damaged"),
    ],
)
def test_what_is_no_workbook_or_a_trap_is_refused_with_a_sentence(content, sentence):
    with pytest.raises(Unreadable, match=sentence):
        rows(content)


@pytest.mark.django_db
def test_a_trap_found_while_converting_ends_the_import_with_its_sentence():
    file = stored(workbook({"A": "<s><row><c><v>" + "0" * 40_000_000 + "</v></c></row></s>"}))
    assert (file.state, file.chunks.count()) == (State.FAILED, 0)
    assert "unpacks to far more" in file.error
    assert stored(workbook({"A": sheet([["Email"]])})).error == "There are no rows below the headers."


def test_memory_does_not_grow_with_the_workbook(monkeypatch):
    import tracemalloc

    peaks = []
    for count in (5_000, 20_000):
        texts = [f"person{n}@example.com" for n in range(count)]
        content = workbook({"A": sheet([cell(str(n), "s"), cell("x" * 30)] for n in range(count))}, texts)
        book = Workbook(io.BytesIO(content))
        tracemalloc.start()
        assert sum(cells is not None for _, cells in book.rows(0)) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]
    assert xlsx_reading.MOST_ROWS == 2**20
