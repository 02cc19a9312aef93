"""Files of contacts go in, however they are written; what does not is said row by row."""

import csv
import io

import pytest

from contacts import consent
from contacts.imports import importing, uploading
from contacts.imports.csv_sniffing import Unreadable
from contacts.models import Consent, Contact, CsvChunk, CsvImport, Event
from tests import make

NOW = make.NOW
pytestmark = pytest.mark.django_db


def imported(content: bytes | str, options: dict | None = None, **reading: str) -> CsvImport:
    """A file taken in whole, with what was guessed."""
    data = content.encode() if isinstance(content, str) else content
    pieces = [data[place : place + 1000] for place in range(0, len(data), 1000)]
    file = uploading.store("people.csv", pieces, **reading)
    importing.confirm(file, file.mapping, options or {})
    while importing.work(NOW):
        pass
    file.refresh_from_db()
    assert file.state == "done", file.error
    return file


def counts(file: CsvImport) -> tuple[int, int, int, int]:
    return file.created, file.updated, file.unchanged, file.refused


def reasons(file: CsvImport) -> dict[int, str]:
    return dict(file.refusals.values_list("line", "reason"))


def test_headers_are_understood_and_rows_become_contacts():
    file = imported(
        "E-Mail,Mobile,Prénom,Nom,Tags,Newsletter,City,Orders,Zip\n"
        "ada@example.com,+33612345678,Ada,Lovelace,vip;new,yes,Paris,3,01000\n",
        {"basis": "Sign-up form"},
    )
    ada = Contact.objects.get()
    assert (ada.first_name, ada.last_name, ada.timezone) == ("Ada", "Lovelace", "Europe/Paris")
    assert ada.attributes == {"city": "Paris", "orders": 3, "zip": "01000"}
    assert sorted(ada.contact_tags.values_list("tag__name", flat=True)) == ["new", "vip"]
    assert consent.states([ada.pk])[ada.pk]["email"] == "subscribed"
    assert counts(file) == (1, 0, 0, 0)
    assert not CsvChunk.objects.exists()


def test_the_same_file_again_changes_nothing_and_records_nothing():
    content = "email,phone,tags,city,age,consent\n" + "".join(
        f"c{n}@example.com,+3361200{n:04},a|b,Paris,{n},yes\n" for n in range(300)
    )
    imported(content)
    events = Event.objects.count()
    assert counts(imported(content)) == (0, 0, 300, 0)
    assert Event.objects.count() == events


def test_good_rows_land_though_bad_ones_fail():
    file = imported(
        "email,phone,age\n"
        "ada@example.com,,1\n"
        "nobody,,2\n"
        ",,3\n"
        "\n"
        "bob@example.com,12,4\n"
        "c@example.com,,5,surplus\n"
        "d@example.com\n"
        'e@example.com,,"6\n'
        "f@example.com,,7\n"
    )
    assert reasons(file) == {
        3: "email: “nobody” is not an email address.",
        4: "A contact needs an email, a phone or an external_id.",
        6: "phone: “12” is not a phone number. Write it with its country, as in +33612345678.",
        7: "This row has 4 cells, and there are only 3 headers.",
        9: "The quotes in this row do not match, or it is longer than 2 MB.",
    }
    assert set(Contact.objects.values_list("email", flat=True)) == {
        "ada@example.com",
        "d@example.com",
        "f@example.com",
    }


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_delimiters_encodings_and_line_ends_are_found_out(delimiter, encoding, newline):
    lines = [delimiter.join(row) for row in (["email", "prénom", "ville"], ["a@example.com", "Chloé", "Besançon"])]
    imported((newline.join(lines) + newline).encode(encoding))
    chloe = Contact.objects.get()
    assert (chloe.first_name, chloe.attributes) == ("Chloé", {"ville": "Besançon"})


def test_quoted_cells_may_hold_delimiters_quotes_and_lines():
    imported('email,note\r\na@example.com,"one, ""two""\r\nthree"\r\nb@example.com,x\r\n')
    assert Contact.objects.get(email="a@example.com").attributes["note"] == 'one, "two"\r\nthree'
    assert Contact.objects.count() == 2


def test_excels_hint_names_the_delimiter():
    imported("sep=|\nemail|first name\na@example.com|A, B; C\n")
    assert Contact.objects.get().first_name == "A, B; C"


def test_a_header_twice_is_only_taken_once():
    file = imported("email,city,city\na@example.com,Paris,Lyon\n")
    assert file.mapping == ["email", "text:city", None]
    assert Contact.objects.get().attributes == {"city": "Paris"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\n\n", "empty"),
        (b"email,phone\n", "no rows"),
        (b"PK\x03\x04" + b"\0" * 50, "Excel"),
        (bytes(range(256)) * 10 + b"\0" * 9000, "not a text file"),
        (b"\x1f\x8b\x08", "compressed"),
        (b",".join([b"x"] * 600) + b"\na\n", "500 columns"),
    ],
)
def test_what_is_no_file_of_contacts_is_refused_with_a_sentence(content, sentence):
    with pytest.raises(Unreadable, match=sentence):
        uploading.store("x.csv", [content])
    assert not CsvImport.objects.exists()


def test_hostile_rows_are_refused_and_the_rest_goes_in():
    big = "x" * 1_000_000
    content = (
        b"email,first_name,note\n"
        b"a@example.com,A\0B,x\n"
        + f"b@example.com,{big},x\n".encode()
        + b"c@example.com,\xff\xfe,x\n"
        + f"d@example.com,D,{big}\n".encode()
        + b'"'
        + b"q" * 3_000_000
        + b"\n"
        + b"e@example.com,E,x\n"
    )
    file = imported(content, encoding="utf-8")
    assert list(Contact.objects.values_list("email", flat=True)) == ["e@example.com"]
    found = reasons(file)
    assert found[2] == "first_name: This holds a NUL character."
    assert found[3] == "first_name: This is longer than 200 characters."
    assert found[4] == "This row cannot be read as utf-8."
    assert found[5] == "attributes: This is longer than 10,000 characters."
    assert "quotes" in found[6]


def test_a_file_never_subscribes_again_unless_told_to():
    ada = make.contact("ada@example.com")
    consent.set_state([ada.pk], "email", "unsubscribed", "page", NOW)
    content = "email,consent\nada@example.com,subscribed\nbob@example.com,perhaps\n"
    file = imported(content)
    assert consent.states([ada.pk])[ada.pk]["email"] == "unsubscribed"
    assert "no answer about consent" in reasons(file)[3]
    imported(content, {"basis": "They called"})
    assert consent.states([ada.pk])[ada.pk]["email"] == "unsubscribed"
    imported(content, {"resubscribe": True})
    assert consent.states([ada.pk])[ada.pk]["email"] == "unsubscribed"
    imported(content, {"basis": "They called", "resubscribe": True})
    assert consent.states([ada.pk])[ada.pk]["email"] == "subscribed"


def test_a_file_subscribes_nobody_unless_it_says_on_what_basis():
    ada = make.contact("ada@example.com")
    content = "email,consent\nada@example.com,subscribed\nnew@example.com,subscribed\nno@example.com,unsubscribed\n"
    imported(content)
    states = dict(Consent.objects.values_list("contact__email", "state"))
    assert states == {"no@example.com": "unsubscribed"}
    file = imported(content, {"basis": "Fair in Lyon, March 2026"})
    states = dict(Consent.objects.values_list("contact__email", "state"))
    assert states == dict.fromkeys(("ada@example.com", "new@example.com"), "subscribed") | {
        "no@example.com": "unsubscribed"
    }
    facts = {"import": file.pk, "file": "people.csv", "basis": "Fair in Lyon, March 2026"}
    assert ada.consents.get().proof == facts


def test_numbers_without_a_country_are_read_as_the_one_named():
    imported("phone\n06 12 34 56 78\n", {"country": "FR"})
    assert Contact.objects.get().phone == "+33612345678"


def test_refused_rows_can_be_opened_mended_and_sent_again():
    file = imported('email,first_name\n=cmd|calc,"=1+1"\n@x,+y\n')
    text = "".join(importing.refused_rows(file))
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert rows[0] == ["Line", "Reason", "email", "first_name"]
    assert rows[1][2:] == ["'=cmd|calc", "'=1+1"]
    assert rows[2][2:] == ["'@x", "'+y"]
    imported("email,first_name\na@example.com,'=1+1\n")
    assert Contact.objects.get().first_name == "=1+1"


def test_a_confirmed_file_is_not_confirmed_twice():
    file = uploading.store("x.csv", [b"email\na@example.com\n"])
    assert importing.confirm(file, file.mapping, {})
    assert not importing.confirm(file, file.mapping, {})
