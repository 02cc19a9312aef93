"""A selection of contacts becomes a file that can be opened safely and imported again; a person's data one document."""

import csv
import io
import json
import tracemalloc

import pytest

from contacts import consent, contact_columns, csv_writing, saving, timeline
from contacts.contact_columns import FILE, cleaned
from contacts.imports import importing, uploading
from contacts.models import Contact, CsvImport, Membership, Segment
from contacts.people import exporting, personal_data
from contacts.people.selecting import Selection, of_ids
from contacts.timeline import NewEvent
from tests import make

NOW = make.NOW
pytestmark = pytest.mark.django_db


EVERYBODY = Selection()


def rows(selection: Selection = EVERYBODY, *keys: str) -> list[list[str]]:
    text = "".join(exporting.lines(selection, cleaned(keys, FILE), NOW))
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:])))


def test_a_file_has_the_columns_that_were_chosen():
    fields = {"email": "ada@example.com", "first_name": "Ada", "tags": ["b", "A"], "consent": {"sms": "subscribed"}}
    ada = saving.create({**fields, "attributes": {"vip": True, "n": 1.5, "list": [1], "city": "Zürich"}}, NOW)
    keys = (
        "id",
        "name",
        "email",
        "tags",
        "consent",
        "attributes.vip",
        "attributes.n",
        "attributes.list",
        "attributes.x",
    )
    head, line = rows(Selection(), *keys)
    assert head == ["id", "name", "email", "tags", "consent_email", "consent_sms", "vip", "n", "list", "x"]
    assert line == [str(ada.pk), "Ada", "ada@example.com", "A, b", "unknown", "subscribed", "yes", "1.5", "[1]", ""]
    assert rows()[0][:3] == ["email", "phone", "external_id"]


def test_no_cell_runs_as_a_formula():
    saving.create({"external_id": "=1+1", "first_name": "@SUM(A1)", "phone": "+33612345678", "tags": ["-x"]}, NOW)
    line = rows(Selection(), "external_id", "first_name", "phone", "tags")[1]
    assert line == ["'=1+1", "'@SUM(A1)", "'+33612345678", "'-x"]


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1", "'=1"), ("+1", "'+1"), ("-1", "'-1"), ("@x", "'@x"), ("\t=1", "'\t'=1"), ("\r=1", "'\r'=1"),
        ("\n", "'\n"), ("＝1", "'＝1"), ("＠x", "'＠x"),
        # Where the semicolon separates cells, or quotes in the midst of a line are letters, these begin a cell.
        ("a;=1", "a;'=1"), ("a,=1", "a,'=1"), ('a"=1', "a\"'=1"), ("a\n=1", "a\n'=1"), ("a\t@x", "a\t'@x"),
        ("a|+1;-2", "a|'+1;'-2"),
        ("a = b; 2-1, it's @home", "a = b; 2-1, it's @home"),
    ],
)  # fmt: skip
def test_nothing_in_a_cell_runs_wherever_a_spreadsheet_cuts_the_line(cell, written):
    (row,) = csv.reader(io.StringIO(csv_writing.line([cell]), newline=""))
    assert row == [written]
    assert csv_writing.unguarded(written) == cell.lstrip() or csv_writing.unguarded(written).endswith(cell)


def test_what_was_guarded_comes_back_as_it_was():
    saving.create({"email": "ada@example.com", "first_name": "a;=1", "attributes": {"note": "-x;+y"}}, NOW)
    text = "".join(exporting.lines(Selection(), cleaned(["email", "first_name", "attributes.note"], FILE), NOW))
    Contact.objects.update(first_name="", attributes={})
    file = uploading.store("back.csv", [text.encode()])
    importing.confirm(file, ["email", "first_name", "text:note"], {})
    while importing.work(NOW):
        pass
    ada = Contact.objects.get()
    assert (ada.first_name, ada.attributes) == ("a;=1", {"note": "-x;+y"})


def test_an_attribute_called_like_a_field_says_that_it_is_one():
    make.contact("ada@example.com", attributes={"tags": "x"})
    assert rows(EVERYBODY, "tags", "attributes.tags")[0] == ["tags", "attributes.tags"]


def test_only_the_selection_is_in_it():
    ids = make.contacts(5)
    assert len(rows(of_ids(ids[:2]), "id")) == 3
    assert [line[0] for line in rows(Selection({"q": "c3"}), "email")] == ["email", "c3@example.com"]


def test_statements_do_not_grow_with_rows_inside_a_chunk(django_assert_max_num_queries):
    make.contacts(40)
    with django_assert_max_num_queries(6):  # the transaction's two, the cursor's, tags, consent
        rows()


@pytest.mark.django_db(transaction=True)
def test_a_long_file_is_read_by_one_cursor_and_never_held_in_memory(monkeypatch):
    monkeypatch.setattr(exporting, "CHUNK", 100)
    make.contacts(2_500, attributes={"note": "x" * 1_000})
    pieces = exporting.lines(Selection(), cleaned(["email", "attributes.note"], FILE), NOW)
    next(pieces)
    tracemalloc.start()
    length = sum(len(piece) for piece in pieces)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert length > 2_500 * 1_000
    assert peak < length / 2


def test_unknown_columns_are_named():
    assert contact_columns.unknown(["email", "attributes.city", "password", "attributes.1"]) == [
        "password",
        "attributes.1",
    ]


def test_everything_about_a_person_is_one_document():
    ada = saving.create({"email": "ada@example.com", "tags": ["vip"], "consent": {"email": "subscribed"}}, NOW)
    timeline.record([NewEvent(ada.pk, f"e{n}", {"n": n, "say": '"}\n'}) for n in range(3)], NOW)
    file = CsvImport.objects.create(name="fair.csv", created_at=NOW)
    timeline.record([NewEvent(ada.pk, "contact.updated", {"source": "import", "import": file.pk})], NOW)
    segment = Segment.objects.create(name="Regulars", rule={"all": []})
    Membership.objects.create(contact=ada, segment=segment)
    consent.suppress("email", ["Ada@example.com", "@example.com", "bob@example.com"], "asked", NOW)
    personal_data.record(ada, NOW, "by mia")
    told = json.loads("".join(personal_data.pieces(Contact.objects.get(), NOW)))
    assert [row["segment__name"] for row in told["segments"]] == ["Regulars"]
    assert [row["name"] for row in told["imports"]] == ["fair.csv"]
    assert [row["address"] for row in told["suppressed"]] == ["@example.com", "Ada@example.com"]
    assert (told["events"][-1]["name"], told["events"][-1]["properties"]) == ("contact.exported", {"source": "by mia"})
    assert told["contact"]["email"] == "ada@example.com"
    assert told["tags"][0]["name"] == "vip"
    assert told["consent"][0]["state"] == "subscribed"
    assert [event["name"] for event in told["events"]][-5:-2] == ["e0", "e1", "e2"]
    assert {"messages", "visits", "conversions", "scenarios", "campaign_lists"} <= told.keys()
