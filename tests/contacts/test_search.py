"""Contacts are found by pieces of what identifies them."""

import json

import pytest
from django.db import connection

from contacts.imports import importing, uploading
from contacts.models import Contact
from contacts.search import search, sort_in
from tests import make

NOW = make.NOW
pytestmark = pytest.mark.django_db


def found(text: str) -> list[str]:
    return list(search(Contact.objects.order_by("email"), text).values_list("email", flat=True))


@pytest.mark.parametrize(
    ("text", "finds"),
    [
        ("zoe", False),
        ("ZOË", True),
        ("o'br", True),
        ("brien", True),
        ("rien", True),
        ("rie", True),
        ("ri", False),
        ("zo", True),
        ("z", True),
        ("sh", True),
        ("o", True),
        ("x", False),
        ("Łódź", True),
        ("zoe.m", False),
        ("zmarie+news@mail.ex", True),
        ("marie", True),
        ("ie+news@ma", True),
        ("e+n s@m", True),
        ("ews@", True),
        ("news mail nowhere", False),
        ("newsmail", False),
        ("zmarie+news@mail.example-shop.com", True),
        ("<zmarie+news@mail.example-shop.com>,", True),
        ("zmarie+news@mail.example-shop.comm", False),
        ("Zoë O’Brien", True),
        ("news example", True),
        ("com", True),
        ("q&a", True),
        ("shop 17", True),
        ("A/17", True),
        ("[ann]", True),
        ("“zoë”", True),
        ("zoë nobody", False),
    ],
)
def test_every_piece_must_be_in_there_somewhere(text, finds):
    make.contact(
        "zmarie+news@mail.example-shop.com",
        first_name="Zoë “[Ann]”",
        last_name="O'Brien-Łódź\\q&a",
        external_id="Shop:A/17",
    )
    assert found(text) == (["zmarie+news@mail.example-shop.com"] if finds else [])


@pytest.mark.parametrize(
    ("phone", "ways"),
    [
        ("+33612345678", ["+33 6 12 34", "06 12 34 56 78", "0612", "612345678", "0033612345678", "+33 (0)6 12"]),
        ("+12125551234", ["(212) 555-1234", "+1 212 555", "1-212-555-1234", "212555"]),
        ("+79161234567", ["916 123", "+7 916"]),
        ("+447911123456", ["07911 123456", "7911", "+44 7911"]),
        ("+4915123456789", ["0151 23456789", "+49 151", "0049151"]),
        ("+390612345678", ["06 1234", "+39 06 1234"]),
        ("+3531234567", ["01 234 567", "+353 1"]),
        ("+85291234567", ["9123 4567"]),
    ],
)
def test_a_phone_is_found_as_it_is_written_at_home_and_abroad(phone, ways):
    make.contact("ada@example.com", phone=phone)
    make.contact("bob@example.com", phone="+3225551234")
    assert [way for way in ways if found(way) != ["ada@example.com"]] == []


def test_marks_alone_find_nobody():
    make.contact("ada@example.com")
    assert [text for text in ("+---", "(0)(", "()()", "' & !", "_", "\\\\") if found(text)] == []


def waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT gin_clean_pending_list('contact_search')")
        return cursor.fetchone()[0]


def test_new_words_are_sorted_in_after_an_import():
    file = uploading.store("x.csv", [b"email\n", b"".join(b"c%d@example.com\n" % n for n in range(1000))])
    importing.confirm(file, file.mapping, {})
    sort_in(NOW)
    assert importing.work(NOW)
    assert len(found("c9")) == 111
    assert not sort_in(NOW)
    assert waiting() == 0
    assert len(found("c9")) == 111


def test_nothing_is_sorted_in_while_an_import_adds_more():
    make.contacts(1000)
    file = uploading.store("x.csv", [b"email\na@example.com\n"])
    importing.confirm(file, file.mapping, {})
    sort_in(NOW)
    assert waiting() > 0


def test_the_planner_expects_as_many_as_there_are_of_a_common_piece(monkeypatch):
    """It multiplies how common parts are; then it would sort every seventh contact for the fifty newest."""
    monkeypatch.setattr("contacts.search.MANY", 500)
    make.contacts(700, "outlook.com")
    make.contacts(1400, "example.org")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE contacts_contact")
    plan = json.loads(search(Contact.objects.all(), "@outlook.com").explain(format="json"))[0]["Plan"]
    assert 500 < plan["Plan Rows"] < 1000
    assert search(Contact.objects.all(), "@outlook.com").count() == 700
    assert search(Contact.objects.all(), "c123@outlook").count() == 1
