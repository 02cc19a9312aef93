"""The list of addresses that are never written to: by hand, from lists and files, and out again as a file."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from config.models import User
from config.roles import Role, give
from contacts import suppressing
from contacts.models import Lifting, Suppression
from tests.make import NOW

pytestmark = pytest.mark.django_db

URL = "/contacts/suppressed/"


@pytest.fixture
def marketer(db: None) -> Client:
    mia = User.objects.create_user("mia", email="mia@example.com")
    give(mia, Role.MARKETER)
    client = Client()
    client.force_login(mia)
    return client


def take_in(text: str, channel: str = "email") -> suppressing.Listed:
    return suppressing.take_in(channel, suppressing.rows_of(text), "list", NOW)


@pytest.mark.parametrize(
    ("text", "kept", "counts"),
    [
        ("ada@x.com\nADA@X.COM\n\n@y.com", {"ada@x.com", "@y.com"}, (2, 1, 0)),
        ("Email;Why\nada@x.com;called us\n", {"ada@x.com"}, (1, 0, 0)),
        ("\ufeffaddress\r\n'@y.com\r\n'+33\r\n", {"@y.com"}, (1, 0, 1)),
        ("=HYPERLINK(1)@x.com\nnot an address\n", set(), (0, 0, 2)),
        ('"unclosed\nada@x.com', set(), (0, 0, 1)),
        ("a\0da@x.com", {"ada@x.com"}, (1, 0, 0)),
        ("@-.com\n@x\n@\n@@x.com", set(), (0, 0, 4)),
        ("", set(), (0, 0, 0)),
    ],
)
def test_lists_are_taken_in_line_by_line(text, kept, counts):
    result = take_in(text)
    assert {address.lower() for address in Suppression.objects.values_list("address", flat=True)} == kept
    assert (result.added, result.known, result.refused) == counts


def test_a_reason_of_its_own_comes_before_that_of_the_list_and_phones_are_read():
    take_in("+33 6 12 34 56 78,asked by phone\n+33612345679", "sms")
    assert dict(Suppression.objects.values_list("address", "reason")) == {
        "+33612345678": "asked by phone",
        "+33612345679": "list",
    }


def test_a_long_list_costs_a_statement_for_thousands(django_assert_num_queries):
    with django_assert_num_queries(3):
        result = take_in("\n".join(f"c{n}@x.com" for n in range(12_000)))
    assert result.added == 12_000


def test_what_comes_out_is_safe_to_open_and_can_be_taken_in_again():
    Suppression.objects.create(channel="email", address="@x.com", reason="=cmd()", at=NOW)
    Suppression.objects.create(channel="sms", address="+33612345678", reason="", at=NOW)
    text = "".join(suppressing.exported(suppressing.found()))
    assert "\r\n'@x.com,'=cmd()," in text
    assert "\r\n'+33612345678," in text
    Suppression.objects.all().delete()
    assert take_in(text).added == 1  # the phone is no email
    assert Suppression.objects.get().address == "@x.com"


def test_the_pages_add_search_import_export_and_remove(marketer):
    assert marketer.post(URL, {"channel": "email", "address": "@Example.com", "reason": ""}).status_code == 302
    assert "error" in marketer.post(URL, {"channel": "email", "address": "nobody"}).text
    page = marketer.post(f"{URL}import/", {"channel": "email", "addresses": "a@x.com\n<b>\n@example.com"})
    assert "1 added" in page.text
    assert "&lt;b&gt;" in page.text
    assert "<b>" not in page.text
    file = SimpleUploadedFile("list.csv", "Email;Why\nzoe@x.com;déjà vu\n".encode("cp1252"))
    assert "1 added" in marketer.post(f"{URL}import/", {"channel": "email", "addresses": "", "file": file}).text
    assert Suppression.objects.get(address="zoe@x.com").reason == "déjà vu"
    assert "Paste addresses" in marketer.post(f"{URL}import/", {"channel": "email", "addresses": ""}).text
    listed = marketer.get(URL, {"q": "x.com", "channel": "email"}).text
    assert "a@x.com" in listed
    assert "@example.com" not in listed.split("<tbody>")[1]
    exported = b"".join(marketer.get(f"{URL}export.csv?q=a@x").streaming_content).decode()
    assert "a@x.com" in exported
    assert "example.com" not in exported
    row = Suppression.objects.get(address="@example.com")
    assert "Take off the list" in marketer.get(f"{URL}{row.pk}/delete/").text
    assert "This field is required" in marketer.post(f"{URL}{row.pk}/delete/").text
    answer = marketer.post(f"{URL}{row.pk}/delete/", {"why": "They <b>called</b>"}, follow=True)
    assert not Suppression.objects.filter(pk=row.pk).exists()
    (kept,) = Lifting.objects.all()
    assert (kept.address, kept.reason, kept.why, kept.by) == ("@example.com", row.reason, "They <b>called</b>", "mia")
    assert "They &lt;b&gt;called&lt;/b&gt; · by mia" in answer.text


def test_who_may_only_look_changes_nothing():
    vera = User.objects.create_user("vera", email="vera@example.com")
    give(vera, Role.VIEWER)
    viewer = Client()
    viewer.force_login(vera)
    row = Suppression.objects.create(channel="email", address="a@x.com", at=NOW)
    assert viewer.get(URL).status_code == 200
    assert viewer.post(f"{URL}import/", {"channel": "email", "addresses": "b@x.com"}).status_code == 403
    assert viewer.post(f"{URL}{row.pk}/delete/").status_code == 403
    viewer.post(URL, {"channel": "email", "address": "b@x.com"})
    assert viewer.post("/topics/new/", {"name": "X"}).status_code == 403
    assert Suppression.objects.count() == 1
