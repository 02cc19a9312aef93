"""Files as an enemy would write them: each ends in a clear sentence or goes in row by row, and never half a row."""

import gzip
import os
import random
from collections.abc import Iterator

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.imports import converting, csv_reading, importing, uploading
from contacts.imports.csv_sniffing import Unreadable
from contacts.models import Contact, ContactTag, CsvImport, Event
from tests import make
from tests.contacts.workbooks import cell, sheet, workbook

NOW = make.NOW
EXAMPLES = int(os.environ.get("WAYPOST_FUZZ", 40))
pytestmark = pytest.mark.django_db


def ended(content: bytes, size: int = 1000) -> tuple[CsvImport | None, str]:
    """What became of a file, and the sentence where it is refused whole."""
    pieces: Iterator[bytes] = (content[place : place + size] for place in range(0, max(1, len(content)), size))
    try:
        file = converting.store("x.csv", pieces)
    except Unreadable as unreadable:
        return None, str(unreadable)
    while converting.work(NOW):
        pass
    file.refresh_from_db()
    if file.state == "failed":
        return file, file.error
    mapping = file.mapping if importing.identifies(file.mapping) else ["email", *file.mapping[1:]]
    mapping = [target if target not in mapping[:place] else None for place, target in enumerate(mapping)]
    importing.confirm(file, mapping, {})
    while importing.work(NOW):
        pass
    file.refresh_from_db()
    return file, file.error


def nothing_is_half(file: CsvImport | None, sentence: str) -> None:
    """Every row of the file is counted once, as a contact or as refused, and every contact is whole."""
    assert "stumbled" not in sentence
    if file is None or file.state == "failed":
        assert sentence.endswith(".")
        assert not Contact.objects.exists()
        return
    assert file.state == "done"
    assert file.rows_read == file.created + file.updated + file.unchanged + file.refused
    assert file.refused == file.refusals.count() == file.refusals.exclude(reason="").count()
    assert Contact.objects.count() == file.created
    assert Event.objects.filter(name="contact.created").count() == file.created
    assert Event.objects.filter(name="tag.added").count() == ContactTag.objects.count()
    assert file.offset == file.size


ENTITY = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'
BINARY = '<Relationships><Relationship Id="r" Type="x/officeDocument" Target="xl/workbook.bin"/></Relationships>'
HIDDEN = '<workbook xmlns:r="r"><sheets><sheet name="A" state="veryHidden" r:id="s0"/></sheets></workbook>'
CELL = "<c><v>1</v></c>"
GOOD = b"email,first_name,note\na@example.com,Ada,x\n"
WHOLE_FILES = {
    "nothing": (b"", "empty"),
    "a mark alone": (b"\xff\xfe", "empty"),
    "blank lines": (b"\r\n \r\n\r\n", "empty"),
    "separators alone": (b",,,,\n,,,\n", "empty"),
    "headers alone": (b"email,name", "no rows"),
    "NULs": (b"\0" * 5000, "not a text file"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, None),
    "a PDF": (b"%PDF-1.7\n", "PDF"),
    "gzip under another name": (gzip.compress(GOOD), "compressed"),
    "a ZIP that is no workbook": (workbook({}, parts={"xl/workbook.xml": "<a/>", "_rels/.rels": "<a/>"}), "no sheet"),
    "a picture of another kind": (b"\xff\xd8\xff\xe0JFIF", "a picture"),
    "7z": (b"7z\xbc\xaf\x27\x1c", "compressed"),
    "a web page": (b"\n <HTML><table><tr><td>email</td></tr>\n</table>", "a web page"),
    "XML of Excel 2003": (b'\xef\xbb\xbf<?xml version="1.0"?>\n<Workbook/>\n', "or XML"),
    "JSON": (b'[\n {"email": "a@example.com"},\n {"email": "b@example.com"}]\n', "JSON"),
    "vCards": (b"BEGIN:VCARD\r\nEMAIL:a@example.com\r\nEND:VCARD\r\n", "vCards"),
    "a CSV file in a ZIP": (
        workbook({}, parts={"_rels/.rels": "<a/>", "xl/workbook.xml": None, "a.csv": "x"}),
        "Unpack",
    ),
    "an OpenDocument sheet": (workbook({}, parts={"xl/workbook.xml": None, "content.xml": "<a/>"}), "OpenDocument"),
    "a binary workbook": (workbook({}, parts={"_rels/.rels": BINARY, "xl/workbook.bin": "\x83\x01"}), "xlsb"),
    "a workbook of hidden sheets": (workbook({"A": ""}, parts={"xl/workbook.xml": HIDDEN}), "no sheet"),
    "an old workbook": (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "old Excel"),
    "a million columns": (b"%s\n%s\n" % (b",".join([b"email"] * 10**6), b",".join([b"x"] * 10**6)), "longer than 2 MB"),
    "a million separators": (b"email" + b"," * 1_000_000 + b"\na@example.com\n", "500 columns"),
    "a header of four megabytes": (b"email" * 900_000 + b"\nx\n", "headers in line 1"),
    "headers with an open quote": (b'"email,name\na@example.com,Ada\n', "headers in line 1"),
    "a workbook of a bomb": (workbook({"A": "<s><row><c><v>" + "9" * 30_000_000 + "</v></c></row></s>"}), "unpacks"),
    "a workbook with entities": (workbook({"A": ENTITY}), "document type"),
    "a workbook with a million columns": (workbook({"A": f"<s><row>{CELL * 20_000}</row></s>"}), "more columns"),
    "a workbook far below": (workbook({"A": '<s><row r="1048577"><c><v>1</v></c></row></s>'}), "more rows"),
}


@pytest.mark.parametrize("name", WHOLE_FILES)
def test_what_is_no_file_of_contacts_is_refused_with_a_sentence(name):
    content, sentence = WHOLE_FILES[name]
    file, said = ended(content, 65_536)
    nothing_is_half(file, said)
    if sentence is not None:
        assert sentence in said


ROWS = {
    "a field of a megabyte": (b"b@example.com,%s,x" % (b"x" * 1_000_000), "longer than 200"),
    "a quoted field of a megabyte": (b'b@example.com,Bob,"%s"' % (b"x\n" * 500_000), "longer than 10,000"),
    "a field of three megabytes": (b"b@example.com,Bob,%s" % (b"x" * 3_000_000), "longer than 2 MB"),
    "a NUL": (b"b@example.com,B\0b,x", "NUL"),
    "a NUL in the address": (b"b\0@example.com,Bob,x", "NUL"),
    "another encoding": ("b@example.com,Zoë,x".encode("cp1252"), "cannot be read as utf-8"),
    "half a letter": (b"b@example.com,Bob,\xe2\x82", "cannot be read as utf-8"),
    "half a pair": (b"b@example.com,Bob,\xed\xa0\x80", "cannot be read as utf-8"),
    "a long way of writing a slash": (b"b@example.com,Bob,\xc0\xaf", "cannot be read as utf-8"),
    "an open quote": (b'b@example.com,"Bob,x', "quotes"),
    "a quote in the middle": (b'b@example.com,"Bob"by,x', "quotes"),
    "too many cells": (b"b@example.com,Bob,x,y", "only 3 headers"),
    "a million cells": (b"b@example.com" + b",x" * 1_000_000, "only 3 headers"),
    "a lone carriage return": (b"b@example.com,Bo\rb,x", "carriage return"),
    "a mark of no width": ("b@exa\u200bmple.com,Bob,x".encode(), "nobody sees"),
    "no address": (b",Bob,x", "needs an email"),
    "blanks": (b" ,\t,\xc2\xa0x", "needs an email"),
    "a formula as address": (b'"=HYPERLINK(""http://evil"")",Bob,x', "not an email"),
    "a right-to-left mark in the address": ("b\u202e@example.com,Bob,x".encode(), "not an email"),
    "two addresses": (b"b@example.com;c@example.com,Bob,x", "not an email"),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_hostile_row_is_refused_with_its_reason_and_the_others_go_in(name):
    row, sentence = ROWS[name]
    content = GOOD + row + b"\nc@example.com,Cid,x\n"
    with transaction.atomic():
        file = converting.store("x.csv", [content[place : place + 65_536] for place in range(0, len(content), 65_536)])
        if file.encoding != "utf-8":
            uploading.read_as(file, "utf-8")
    importing.confirm(file, ["email", "first_name", "text:note"], {})
    while importing.work(NOW):
        pass
    file.refresh_from_db()
    nothing_is_half(file, file.error)
    assert set(Contact.objects.values_list("email", flat=True)) == {"a@example.com", "c@example.com"}
    assert all(sentence in reason for reason in file.refusals.values_list("reason", flat=True)[:1])
    assert file.refused >= 1


@pytest.mark.parametrize(
    "value", ["=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "-2+3", "\u202eevil", "\ufeffx", "%s {{ x }} <b>", "İstanbul"]
)
def test_odd_cells_are_kept_as_they_are(value):
    file, said = ended(b"email,note\na@example.com," + value.encode() + b"\n")
    nothing_is_half(file, said)
    assert Contact.objects.get().attributes == {"note": value}


HINTS = [b"sep=\t", b"sep=#", b'"sep=#"', b"sep=\0", b"sep=\xff", b'sep="', b"sep=a", b"sep=\r", b"sep="]


@pytest.mark.parametrize("hint", HINTS)
def test_a_hint_about_the_delimiter_is_believed_where_it_can_be_one(hint):
    delimiter = hint.strip(b'"')[4:] if hint in HINTS[:3] else b";"
    file, said = ended(hint + b"\nemail%sfirst name\na@example.com%sAda\n" % (delimiter, delimiter))
    nothing_is_half(file, said)
    if hint in HINTS[:3]:
        assert (file.headers, file.delimiter) == (["email", "first name"], delimiter.decode())


def test_one_spoilt_row_does_not_spoil_the_others():
    """Where most of the lines are UTF-8, the file is, and where few are, it is not."""
    rows = [f"c{n}@example.com,Zoë" for n in range(20)]
    file, _ = ended("\n".join(["email,first name", *rows, ""]).encode() + "d@example.com,Zoë\n".encode("cp1252"))
    assert (file.encoding, file.created, file.refused) == ("utf-8", 20, 1)
    assert set(Contact.objects.values_list("first_name", flat=True)) == {"Zoë"}
    other = "\n".join(["email,first name", *rows, ""]).encode("cp1252") + "d@example.com,Zoë\n".encode()
    assert ended(other)[0].encoding == "cp1252"


def test_marks_that_came_along_with_an_address_are_left_out():
    ended("email\n\u200bada@example.com\u200b\n\ufeffbob@example.com\n".encode())
    assert set(Contact.objects.values_list("email", flat=True)) == {"ada@example.com", "bob@example.com"}


def test_utf_32_is_read_whichever_end_comes_first():
    for encoding, mark in (("utf-32-be", b"\0\0\xfe\xff"), ("utf-32-le", b"\xff\xfe\0\0")):
        file, _ = ended(mark + f"email,first_name\n{encoding}@example.com,Zoë\n".encode(encoding), 7)
        assert (file.created, Contact.objects.filter(first_name="Zoë").count()) == (1, 1)
        Contact.objects.all().delete()


def test_numbers_of_formats_beyond_all_measure_are_no_formats():
    nines = "9" * 5000
    styles = f'<a><numFmt numFmtId="{nines}" formatCode="x"/><cellXfs><xf numFmtId="{nines}"/></cellXfs></a>'
    content = workbook({"A": sheet([["Email"], ["a@example.com"]])}, parts={"xl/styles.xml": styles})
    assert ended(content)[0].created == 1


def test_nobody_comes_of_a_file_without_identifiers_whoever_starts_it():
    file = uploading.store("x.csv", [b"town\nBonn\n"])
    importing.confirm(file, ["text:town"], {})
    while importing.work(NOW):
        pass
    file.refresh_from_db()
    assert (file.created, file.refused) == (0, 1)


NAMES = "email first_name phone tags a@x.fr b@x.fr A@X.FR é 日本 \u2028 \u202e +33612345678 =1+1 a|b;c"
POOL = [
    *(name.encode() for name in NAMES.split(" ")),
    *(b",", b";", b"\t", b"|", b"\n", b"\r\n", b"\r", b'"', b'""', b"'", b"\0", b"\\", b" ", b"\\N", b"\\.", b"{}"),
    *("é".encode("cp1252"), "日本".encode("shift_jis"), b"\xff", b"\xed\xb2\x80", b"\xef\xbb\xbf"),
    *(b"\x1a", b"\x0b", b"\x85", b"x" * 300),
]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(POOL) | st.binary(max_size=6), max_size=40),
    st.sampled_from([b"email,first_name,tags\n", b"email;phone\r\n", b"\xef\xbb\xbfemail\ttags\n", b""]),
    st.integers(1, 50),
)
def test_whatever_is_in_a_file_nothing_is_half(parts, headers, size):
    with transaction.atomic():
        file, said = ended(headers + b"".join(parts), size)
        nothing_is_half(file, said)
        transaction.set_rollback(True)


XML = [
    *("<row>", "</row>", "<c>", "</c>", "<c t='s'>", "<c t='inlineStr'>", "<is><t>", "</t></is>", "<v>", "</v>"),
    *("1", "0", "-1", "é", "a@example.com", "&#10;", "&lt;", "&#0;", "&x;", "1e999", "nan"),
    *("<c r='C3' s='1'>", "<c r='?'>", "<row r='-1'>", "<rPh>"),
]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(XML), max_size=30), st.booleans(), st.randoms(use_true_random=False))
def test_whatever_is_in_a_workbook_nothing_is_half(parts, spoilt, chance: random.Random):
    body = sheet([["Email", "Note"], ["b@example.com", cell("1", "", "1")]])
    place = body.index("</sheetData>")
    content = bytearray(workbook({"A": body[:place] + "".join(parts) + body[place:]}, ["one", "two"]))
    if spoilt:
        for _ in range(3):
            content[chance.randrange(4, len(content))] = chance.randrange(256)
    with transaction.atomic():
        file, said = ended(bytes(content))
        nothing_is_half(file, said)
        transaction.set_rollback(True)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.lists(
        st.sampled_from([b"a", b",", b"\n", b"\r\n", b'"', b'""', b'"b"', b"\n\n", b"\xe9", b" ", b"\r", b"x" * 30]),
        max_size=60,
    ),
    st.integers(1, 20),
    st.integers(1, 200),
)
def test_blocks_hold_what_rows_one_by_one_do(parts, most, size):
    """Where a block is read at once, and where it is not, come to the same, and to the same places in the file."""
    content = b"".join(parts)
    single = csv_reading.Reader([content], "utf-8", ",")
    expected = [(row.line, row.cells, bool(row.problem)) for row in single]
    blocks = csv_reading.Reader([content[place : place + 7] for place in range(0, len(content), 7)], "utf-8", ",")
    found = []
    while blocks.offset < len(content):
        begun = blocks.offset
        block = blocks.block(most, size)
        assert blocks.offset > begun
        found += [(line, cells, False) for line, cells in zip(block.lines, block.rows, strict=True)]
        found += [(row.line, row.cells, True) for row in block.broken]
    assert sorted(found) == sorted(expected)
    assert (blocks.offset, blocks.lines) == (single.offset, single.lines)
