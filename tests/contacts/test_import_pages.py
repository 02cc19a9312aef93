"""Somebody takes a file in, on the pages or with the command, and every mistake is said where it belongs."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from config.models import User
from contacts.imports import importing, uploading
from contacts.models import Contact, CsvImport
from tests import make

NOW = make.NOW
pytestmark = pytest.mark.django_db


def test_the_command_prints_what_became_of_the_rows(tmp_path, capsys):
    path = tmp_path / "people.csv"
    path.write_text("Wer;Ort\na@example.com;Bonn\nx;Köln\n", encoding="utf-8")
    with pytest.raises(CommandError, match="without one, nobody is recognised"):
        call_command("importcontacts", str(path))
    call_command("importcontacts", str(path), "--map", "Wer=email", "--map", "Ort=text:town")
    out = capsys.readouterr()
    assert out.out == "2 rows: 1 created, 0 updated, 0 unchanged, 1 refused.\n"
    assert "Line 3" in out.err
    assert Contact.objects.get().attributes == {"town": "Bonn"}
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("importcontacts", str(tmp_path / "none.csv"))


def test_a_marketer_uploads_maps_and_watches(client):
    client.force_login(User.objects.create_superuser("mia", password="secret-of-mia"))
    upload = SimpleUploadedFile("a.csv", b"Who,City\nada@example.com,Paris\nnobody,Lyon\n")
    page = client.post(reverse("import_create"), {"file": upload})
    file = CsvImport.objects.get()
    url = reverse("import_page", args=[file.pk])
    assert page.url == url
    assert "Paris" in client.get(url).content.decode()
    assert "Say which column" in client.post(url, {"column0": "", "column1": "text"}).content.decode()
    assert "both" in client.post(url, {"column0": "email", "column1": "email"}).content.decode()
    assert client.post(url, {"read_again": "1", "encoding": "cp1252", "delimiter": ";"}).url == url
    assert client.post(url, {"read_again": "1", "encoding": "utf-8", "delimiter": ","}).url == url
    assert client.post(url, {"column0": "email", "column1": "text", "key1": "town"}).url == url
    progress = reverse("import_progress", args=[file.pk])
    assert "every 1s" in client.get(progress).content.decode()
    assert importing.work(NOW)
    done = client.get(progress)
    assert done["HX-Refresh"] == "true"
    assert "nobody" in client.get(url).content.decode()
    refused = b"".join(client.get(reverse("import_refused", args=[file.pk])).streaming_content).decode()
    assert "nobody,Lyon" in refused
    assert Contact.objects.get().attributes == {"town": "Paris"}
    assert "a.csv" in client.get(reverse("import_list")).content.decode()
    client.post(reverse("import_delete", args=[file.pk]))
    assert not CsvImport.objects.exists()


def test_a_file_that_is_no_csv_is_explained_on_the_page(client):
    client.force_login(User.objects.create_superuser("mia", password="secret-of-mia"))
    page = client.post(reverse("import_create"), {"file": SimpleUploadedFile("a.xlsx", b"PK\x03\x04zip")})
    assert "workbook is damaged" in page.content.decode()


def test_headers_that_look_like_a_contact_are_doubted_everywhere(client, tmp_path, capsys):
    client.force_login(User.objects.create_superuser("mia", password="secret-of-mia"))
    file = uploading.store("x.csv", [b"ada@example.com,Ada\nbob@example.com,Bob\n"])
    assert (
        "looks like a contact (“ada@example.com”)"
        in client.get(reverse("import_page", args=[file.pk])).content.decode()
    )
    path = tmp_path / "people.csv"
    path.write_text("ada@example.com,Ada\nbob@example.com,Bob\n")
    call_command("importcontacts", str(path), "--map", "ada@example.com=email")
    assert "looks like a contact" in capsys.readouterr().err
    assert not uploading.doubt(uploading.store("x.csv", [b"email,Phone 2,2026\nada@example.com,,\n"]))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--encoding", "idna"], "not an encoding"),
        (["--encoding", "rot13"], "not an encoding"),
        (["--encoding", "utf-7"], "not an encoding"),
        (["--encoding", "no-such"], "not an encoding"),
        (["--encoding", "cp037"], "not an encoding"),
        (["--delimiter", "ab"], "one character"),
        (["--delimiter", "a"], "one character"),
        (["--delimiter", '"'], "one character"),
        (["--map", "Nobody=email"], "no such column"),
        (["--map", "email=mail"], "“mail” is nothing that a column can be. Take email, phone"),
        (["--map", "email=text:1 a"], "“1 a” cannot name an attribute"),
        (["--map", "town=topic.gone.email"], "no topic “gone”"),
        (["--map", "email="], "without one, nobody is recognised"),
    ],
)
def test_the_command_says_what_is_wrong_with_what_it_was_told(tmp_path, options, sentence):
    path = tmp_path / "people.csv"
    path.write_text("email,town\na@example.com,Bonn\n")
    with pytest.raises(CommandError, match=sentence):
        call_command("importcontacts", str(path), *options)
    assert not Contact.objects.exists()


def test_what_was_chosen_stays_chosen_where_something_is_wrong(client):
    client.force_login(User.objects.create_superuser("mia", password="secret-of-mia"))
    file = uploading.store("x.csv", [b"a,b,c\nx@example.com,1,2\n"])
    url = reverse("import_page", args=[file.pk])
    given = {"column0": "text", "key0": "1 wrong", "column1": "email", "column2": "number", "key2": "seats"}
    page = client.post(url, given).content.decode()
    assert "“1 wrong” cannot name an attribute" in page
    assert page.count('value="seats"') == page.count('value="1 wrong"') == 1
    assert page.count('<option value="email" selected>') == 1
    given = {"column0": "email", "column1": "text", "key1": "seats", "column2": "number", "key2": "seats"}
    assert "Two columns are both the attribute “seats”." in client.post(url, given).content.decode()
    file.refresh_from_db()
    assert file.state == "draft"


def test_a_draft_that_was_started_meanwhile_is_not_read_again():
    file = uploading.store("x.csv", [b"email;town\na@example.com;Bonn\n"])
    stale = CsvImport.objects.get()
    importing.confirm(file, file.mapping, {})
    assert not uploading.read_again(stale, "utf-8", ",")
    file.refresh_from_db()
    assert (file.state, file.delimiter) == ("queued", ";")


def test_a_file_at_work_is_not_forgotten(client):
    client.force_login(User.objects.create_superuser("mia", password="secret-of-mia"))
    file = uploading.store("x.csv", [b"email\na@example.com\n"])
    importing.confirm(file, file.mapping, {})
    url = reverse("import_delete", args=[file.pk])
    assert "Cancel it first" in client.post(url, follow=True).content.decode()
    importing.work(NOW)
    client.post(url)
    assert not CsvImport.objects.exists()
