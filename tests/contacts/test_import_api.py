"""Programs upload files of contacts, say what the columns are, follow them, and take them back."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from drf_spectacular.generators import SchemaGenerator

from contacts.imports import converting, importing, undoing
from contacts.models import Contact, CsvImport, Installation, TopicConsent
from tests import make, programs
from tests.contacts.workbooks import sheet, workbook

NOW = make.NOW
LATER = make.NOW.replace(year=NOW.year + 1)
IMPORTS = "/api/v1/contacts/imports/"
pytestmark = pytest.mark.django_db
PEOPLE = "Who;Town;News\nada@example.com;Köln;yes\nnobody;Bonn;no\n"


def uploaded(api, content: bytes, name: str = "people.csv", **given: str) -> dict:
    answer = api.post(IMPORTS, {"file": SimpleUploadedFile(name, content), **given}, format="multipart")
    assert answer.status_code == 201, answer.json()
    return answer.json()


def test_a_file_goes_in_and_is_taken_back(api):
    make.topic()
    draft = uploaded(api, PEOPLE.encode("cp1252"))
    assert (draft["state"], draft["encoding"], draft["delimiter"]) == ("draft", "cp1252", ";")
    assert draft["mapping"] == ["text:who", "text:town", "topic.news.email"]
    assert draft["preview"][0] == ["ada@example.com", "Köln", "yes"]
    url = f"{IMPORTS}{draft['id']}/"
    started = api.post(f"{url}start/", {"mapping": {"Who": "email"}, "basis": "Fair"}, format="json")
    assert (started.status_code, started.json()["state"]) == (202, "queued")
    assert api.post(f"{url}start/", {}, format="json").status_code == 400
    while importing.work(NOW):
        pass
    done = api.get(url).json()
    assert (done["state"], done["percent"], done["created"], done["refused"]) == ("done", 100, 1, 1)
    said = TopicConsent.objects.get()
    assert (said.state, said.by.split(" (")[0], said.proof["basis"]) == ("subscribed", "API key test", "Fair")
    refused = b"".join(api.get(f"{url}refused.csv/").streaming_content).decode()
    assert "“nobody” is not an email address" in refused
    assert api.get(f"{url}undo/").json() == {"free": 1, "touched": 0}
    assert api.post(f"{url}undo/").json()["state"] == "undoing"
    assert api.delete(url).status_code == 400
    while undoing.work(LATER):
        pass
    assert api.get(url).json()["undone"] == 1
    assert api.post(f"{url}undo/").status_code == 400
    assert api.get(IMPORTS).json()["results"][0]["id"] == draft["id"]
    assert api.delete(url).status_code == 204
    assert not Contact.objects.exists()


@pytest.mark.parametrize(
    ("given", "name", "sentence"),
    [
        ({}, "mapping", "without one, nobody is recognised"),
        ({"mapping": ["email", "email", None]}, "mapping", "Two columns are both Email."),
        ({"mapping": ["email", "text:a", "number:a"]}, "mapping", "Two columns are both the attribute “a”."),
        ({"mapping": ["email"]}, "mapping", "each of the 3 columns"),
        ({"mapping": "email"}, "mapping", "each of the 3 columns"),
        ({"mapping": ["email", 7, None]}, "mapping", "“7” is nothing that a column can be."),
        ({"mapping": ["email", "text:1 x", None]}, "mapping", "“1 x” cannot name an attribute"),
        ({"mapping": ["email", "topic.gone.email", None]}, "mapping", "There is no topic “gone”"),
        ({"mapping": ["email", "first_name", "full_name"]}, "mapping", "One column is the full name"),
        ({"mapping": {"Whom": "email"}}, "mapping", "There is no column “Whom”."),
        ({"mapping": {"Who": ["email"]}}, "mapping", "nothing that a column can be"),
        ({"mapping": {"Who": "email"}, "country": "XX"}, "country", "not a country’s code"),
        ({"mapping": {"Who": "email"}, "country": "FRA"}, "country", "at most 2"),
        ({"mapping": {"Who": "email"}, "resubscribe": True}, "resubscribe", "needs the box above"),
        ({"mapping": {"Who": "email"}, "basis": "x" * 501}, "basis", "no more than 500"),
    ],
)
def test_what_is_wrong_is_said_next_to_its_field_and_nothing_begins(api, given, name, sentence):
    draft = uploaded(api, PEOPLE.encode())
    answer = api.post(f"{IMPORTS}{draft['id']}/start/", given, format="json")
    assert answer.status_code == 400
    assert sentence in str(answer.json()[name])
    assert CsvImport.objects.get().state == "draft"


def test_programs_subscribe_nobody_who_has_to_confirm(api):
    make.topic("offers", double_opt_in=True)
    content = b"email,consent,offers,sms offers\nada@example.com,yes,yes,yes\n"
    url = f"{IMPORTS}{uploaded(api, content)['id']}/start/"
    refused = api.post(url, {"basis": "Fair"}, format="json")
    assert "double opt-in" in str(refused.json()["basis"])
    Installation.objects.update_or_create(pk=1, defaults={"double_opt_in": True})
    mapping = {"offers": None}
    assert "email here" in str(api.post(url, {"basis": "Fair", "mapping": mapping}, format="json").json())
    mapping["consent"] = None
    assert api.post(url, {"basis": "Fair", "mapping": mapping}, format="json").status_code == 202
    while importing.work(NOW):
        pass
    assert [(each.channel, each.state) for each in TopicConsent.objects.all()] == [("sms", "subscribed")]


def test_a_file_is_read_another_way_and_a_workbook_from_another_sheet(api):
    draft = uploaded(api, PEOPLE.encode("cp1252"), encoding="cp1250", delimiter=",")
    assert (draft["encoding"], draft["headers"]) == ("cp1250", ["Who;Town;News"])
    url = f"{IMPORTS}{draft['id']}/"
    again = api.patch(url, {"delimiter": ";"}, format="json").json()
    assert (again["encoding"], again["headers"]) == ("cp1250", ["Who", "Town", "News"])
    assert api.patch(url, {"encoding": "ebcdic"}, format="json").status_code == 400
    assert "no such sheet" in str(api.patch(url, {"sheet": 1}, format="json").json())
    book = workbook({"One": sheet([["Email"], ["a@example.com"]]), "Two": sheet([["Email"], ["b@example.com"]])})
    draft = uploaded(api, book, "people.xlsx")
    assert (draft["state"], draft["sheets"]) == ("converting", ["One", "Two"])
    url = f"{IMPORTS}{draft['id']}/"
    assert api.post(f"{url}start/", {}, format="json").status_code == 400
    while converting.work(NOW):
        pass
    assert api.patch(url, {"delimiter": ";"}, format="json").status_code == 400
    assert api.patch(url, {"sheet": 1}, format="json").json()["state"] == "converting"
    while converting.work(NOW):
        pass
    assert api.get(url).json()["preview"] == [["b@example.com"]]
    assert api.post(f"{url}cancel/").status_code == 400


def test_targets_are_told_and_files_that_are_none_refused(api):
    make.topic()
    make.attribute("seats", "number")
    told = {each["target"] for each in api.get(f"{IMPORTS}targets/").json()}
    assert {"email", "consent.sms", "topic.news.sms", "number:seats", "text:NAME"} <= told
    assert "multipart" in str(api.post(IMPORTS, {"file": "x"}, format="multipart").json())
    empty = api.post(IMPORTS, {"file": SimpleUploadedFile("x.csv", b"%PDF-1.7")}, format="multipart")
    assert empty.json()["file"] == ["This is a PDF file. A CSV file is needed."]
    assert "multipart" in str(api.post(IMPORTS, {"file": "x"}, format="json").json())
    assert "multipart" in str(api.post(IMPORTS, [1], format="json").json())


def test_the_schema_tells_how_files_are_sent():
    shown = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    assert "multipart/form-data" in shown[IMPORTS]["post"]["requestBody"]["content"]
    assert "application/json" in shown[f"{IMPORTS}{{id}}/start/"]["post"]["requestBody"]["content"]


def test_a_key_needs_the_scope_and_files_of_others_are_not_shown(api):
    assert programs.client("contacts:read").post(IMPORTS, {}, format="multipart").status_code == 403
    assert programs.client("segments:write").get(IMPORTS).status_code == 403
    draft = uploaded(api, PEOPLE.encode())
    CsvImport.objects.update(options={"owned_by": "segment 1"})
    assert api.get(f"{IMPORTS}{draft['id']}/").status_code == 404
