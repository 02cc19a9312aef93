"""Files bring the values of defined attributes as people write them; a value that does not fit refuses its row."""

import pytest
from django.urls import reverse

from config.models import User
from contacts.attributes.defining import definitions
from contacts.imports import csv_mapping, importing, uploading
from contacts.models import Contact, Installation
from tests import make
from tests.contacts.test_importing import counts, imported, reasons

NOW = make.NOW
pytestmark = pytest.mark.django_db


@pytest.fixture
def defined():
    Installation.objects.update_or_create(pk=1, defaults={"timezone": "Europe/Paris"})
    make.attribute("birthday", "date", label="Date of birth")
    make.attribute("seats", "number")
    make.attribute("vip", "boolean")
    make.attribute("seen", "datetime")
    make.attribute("plan", "choice", choices=["Basic", "Pro"])
    make.attribute("likes", "list", choices=["Red", "Blue"])


def test_columns_are_recognised_and_their_cells_kept_typed(defined):
    file = imported(
        "email,Birthday,Seats,VIP,Seen,Plan,Likes,City\n"
        'ada@example.com,31/12/1990,"1 234,5",oui,01/07/2026 09:00,PRO,red; BLUE,Paris\n'
        "bob@example.com,1/2/1991,,no,,,,\n"
    )
    assert file.mapping[1:5] == ["date_dmy:birthday", "number:seats", "boolean:vip", "datetime_dmy:seen"]
    assert reasons(file) == {}
    assert Contact.objects.get(email="ada@example.com").attributes == {
        "birthday": "1990-12-31",
        "seats": 1234.5,
        "vip": True,
        "seen": "2026-07-01T07:00:00Z",
        "plan": "Pro",
        "likes": ["Red", "Blue"],
        "city": "Paris",
    }
    assert Contact.objects.get(email="bob@example.com").attributes == {"birthday": "1991-02-01", "vip": False}


def test_a_value_that_does_not_fit_refuses_its_row_by_column(defined):
    file = imported(
        "email,birthday,seats,plan,likes\n"
        "a@example.com,1990-02-30,1,Pro,Red\n"
        "b@example.com,,many,,\n"
        "c@example.com,,,Gold,\n"
        "d@example.com,,,,Red;Green\n"
        "e@example.com,1990-02-28,1,pro,red\n"
    )
    assert reasons(file) == {
        2: "Column 2: “1990-02-30” is not a date such as 2026-03-10.",
        3: "Column 3: “many” is not a number.",
        4: "Column 4: “Gold” is not one of Basic, Pro.",
        5: "Column 5: “Green” is not one of Red, Blue.",
    }
    assert counts(file) == (1, 0, 0, 4)


def test_a_definition_counts_whatever_the_column_was_said_to_be(defined):
    file = uploading.store("people.csv", [b"email,how many\na@example.com,12\nb@example.com,x\n"])
    importing.confirm(file, ["email", "text:seats"], {})
    while importing.work(NOW):
        pass
    assert Contact.objects.get().attributes == {"seats": 12}
    assert reasons(file) == {3: "Column 2: “x” is not a number."}


def test_rows_read_one_by_one_end_as_those_read_by_column(defined):
    header = "email,seats,plan,likes,birthday,seen\n"
    row = '{}@example.com,"1,5",pro,blue,31/12/1990,31/12/2026 9:00\n'
    imported(header + row.format("plain") + f"'{row.format('guarded')}")
    plain, guarded = Contact.objects.order_by("-email").values_list("attributes", flat=True)
    assert (
        plain
        == guarded
        == {
            "seats": 1.5,
            "plan": "Pro",
            "likes": ["Blue"],
            "birthday": "1990-12-31",
            "seen": "2026-12-31T08:00:00Z",
        }
    )


@pytest.mark.parametrize(
    ("cells", "target"),
    [
        (["31/12/2026", "1/2/2026"], "date_dmy:day"),
        (["12/31/2026", "1/2/2026"], "date_mdy:day"),
        (["2026-12-31"], "date:day"),
        (["1/2/2026"], "text:day"),  # nobody knows
        (["31/12/2026", "later"], "text:day"),
        ([], "text:day"),
    ],
)
def test_the_order_of_dates_is_guessed_where_they_tell_it(cells, target):
    assert csv_mapping.guess(["Day"], [[cell] for cell in cells]) == [target]


def test_headers_may_be_labels_and_what_is_defined_comes_first(defined):
    make.attribute("mobile", "text", label="Which phone")
    headers = ["E-Mail", "Date of Birth", "Mobile", "Phone", "***"]
    assert csv_mapping.guess(headers, [["a@example.com"]], definitions()) == [
        "email",
        "date:birthday",
        "text:mobile",
        "phone",
        None,
    ]


def test_the_mapping_offers_defined_attributes_by_their_labels(defined, client):
    client.force_login(User.objects.create_superuser("mia", password="secret-of-mia"))
    file = uploading.store("people.csv", [b"email,birthday,x\nada@example.com,31/12/1990,1\n"])
    page = client.get(reverse("import_page", args=[file.pk])).content.decode()
    assert '<option value="date_dmy:birthday" selected>Date of birth (date, as in 31/12/2026)</option>' in page
    posted = {"column0": "email", "column1": "date_mdy:birthday", "column2": "choice:plan", "key1": "other"}
    client.post(reverse("import_page", args=[file.pk]), posted)
    file.refresh_from_db()
    assert file.mapping == ["email", "date_mdy:birthday", "choice:plan"]


def test_definitions_are_read_once_for_a_slice(defined):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    file = uploading.store(
        "p.csv", [b"email,seats\n" + b"".join(b"c%d@example.com,%d\n" % (n, n) for n in range(9000))]
    )
    importing.confirm(file, file.mapping, {})
    with CaptureQueriesContext(connection) as asked:
        importing.work(NOW)
    assert sum('FROM "contacts_attribute"' in query["sql"] for query in asked) == 1
    assert len(list(definitions())) == 6 and Contact.objects.filter(attributes__seats=8999).exists()
