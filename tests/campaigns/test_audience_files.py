"""Long files of recipients: read slice by slice after the upload, seen while they are, and never sent half."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import Client
from rest_framework.test import APIClient

from campaigns.mailings import audience, audience_files, commands, listing, saving
from campaigns.mailings.moves import NotReady
from campaigns.models import AudienceFile, Campaign, Listed
from contacts.imports import csv_naming
from contacts.imports.uploading import OWNED
from contacts.models import CsvChunk, CsvImport
from flows import transitions
from flows.chains import beginning, commanding, editing
from flows.chains.editing import Change
from tests import make
from tests.campaigns import mailings
from tests.make import NOW

pytestmark = pytest.mark.django_db
TEXT = "email,name\n" + "".join(f"c{n}@example.com,Nr {n}\n" for n in range(70)) + "C0@Example.com,again\nx,y\n"


@pytest.fixture(autouse=True)
def short_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience_files, "AT_ONCE", 10)
    monkeypatch.setattr(audience_files, "SLICE", 25)


def upload(campaign: Campaign, text: str = TEXT) -> AudienceFile:
    return audience_files.upload(campaign, "guests.csv", [text.encode()], NOW)


def read_on() -> int:
    """How many slices it took."""
    slices = 0
    while audience_files.work(NOW):
        slices += 1
    return slices


def told(campaign: Campaign) -> tuple[Any, ...]:
    read = AudienceFile.objects.get(campaign=campaign)
    return read.state, read.percent, read.rows_read, read.listed, read.repeated, read.unknown


def test_a_short_file_is_read_when_it_is_uploaded() -> None:
    make.contacts(10)
    campaign = mailings.campaign()
    read = upload(campaign, "email\n" + "".join(f"c{n}@example.com\n" for n in range(10)))
    assert (read.state, read.listed, read_on()) == ("done", 10, 0)
    assert not CsvImport.objects.exists()


def test_a_long_file_is_read_in_slices_with_its_progress(django_assert_num_queries: Any) -> None:
    make.contacts(60)
    campaign = mailings.campaign()
    upload(campaign)
    assert (told(campaign), campaign.audience["file"]) == (("reading", 0, 0, 0, 0, 0), True)
    with django_assert_num_queries(8):  # two savepoints, the row, durability, the piece, the list, and two positions
        audience_files.work(NOW)
    state, percent, *numbers = told(campaign)
    assert (state, numbers) == ("reading", [25, 25, 0, 0])
    assert 25 < percent < 45
    assert read_on() == 2
    assert told(campaign) == ("done", 100, 72, 60, 1, 11)
    rows = AudienceFile.objects.get(campaign=campaign).unknown_rows
    assert [row["line"] for row in rows] == [*range(62, 72), 73]
    assert audience.counted(campaign, NOW).total == 60
    assert not CsvImport.objects.exists()
    assert not CsvChunk.objects.exists()


def test_only_the_columns_of_the_file_are_looked_up() -> None:
    assert csv_naming.Named(["phone"]).find()[0].count("LATERAL") == 1


def test_a_slice_that_is_lost_comes_again_and_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    make.contacts(60)
    campaign = mailings.campaign()
    upload(campaign)
    audience_files.work(NOW)
    before = told(campaign)
    add = listing.add

    def lost(*given: Any) -> None:
        add(*given)
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(listing, "add", lost)
    with pytest.raises(OperationalError):
        audience_files.work(NOW)
    assert (told(campaign), Listed.objects.count()) == (before, 25)
    monkeypatch.setattr(listing, "add", add)
    read_on()
    assert told(campaign) == ("done", 100, 72, 60, 1, 11)


def test_a_file_whose_bytes_are_gone_fails_in_words_and_holds_nobody_up() -> None:
    make.contacts(60)
    broken, whole = mailings.campaign(), mailings.campaign()
    upload(broken)
    upload(whole)
    CsvChunk.objects.filter(csv_import__audience_file__campaign=broken).delete()
    read_on()
    assert [told(broken)[0], told(whole)[0]] == ["failed", "done"]
    with pytest.raises(NotReady, match="Upload the file again"):
        commands.send(broken, NOW)


LATER = {"when": "at", "at": "2027-03-03T09:00", "timezone": "UTC"}


@pytest.mark.parametrize("schedule", [{"when": "now"}, LATER])
def test_a_campaign_is_not_sent_while_its_file_is_read(schedule: dict[str, Any]) -> None:
    make.contacts(60)
    campaign = mailings.campaign(schedule=schedule)
    upload(campaign)
    audience_files.work(NOW)
    do = commands.send if schedule["when"] == "now" else commands.schedule
    with pytest.raises(NotReady, match="still being read") as error:
        do(campaign, NOW)
    assert error.value.problems[0].field == "audience"
    read_on()
    do(campaign, NOW)
    assert campaign.state in ("sending", "scheduled")


def test_a_chain_is_not_sent_while_its_file_is_read() -> None:
    make.contacts(60)
    chain = beginning.begin("Chain", None, NOW)
    message = {"subject": "One", "body": "Hello"}
    step = {"name": "One", "channel": "email", "message": message, "terms": None, "timing": {"kind": "at_once"}}
    editing.save(chain, Change({"n1": {**step, "objective": {}}}), None, None, NOW)
    upload(chain)
    with pytest.raises(transitions.NotReady, match="still being read"):
        commanding.send(chain, None, NOW)
    read_on()
    commanding.send(chain, None, NOW)
    assert chain.state == "sending"


def test_a_file_is_given_up_for_none_for_another_or_with_its_campaign() -> None:
    make.contacts(60)
    campaign = mailings.campaign()
    upload(campaign)
    audience_files.work(NOW)
    audience_files.remove(campaign)
    assert (campaign.audience["file"], Listed.objects.count(), read_on()) == (False, 0, 0)
    upload(campaign)
    audience_files.work(NOW)
    upload(campaign, "email\nc50@example.com\n")
    assert (read_on(), told(campaign)[0], Listed.objects.count()) == (0, "done", 1)
    upload(campaign)
    saving.delete(campaign)
    assert not (AudienceFile.objects.exists() or CsvImport.objects.exists() or CsvChunk.objects.exists())


def test_a_copy_of_half_a_list_asks_for_the_file_and_of_a_whole_one_has_it() -> None:
    make.contacts(60)
    campaign = mailings.campaign()
    upload(campaign)
    audience_files.work(NOW)
    half = commands.clone(campaign, None, NOW)
    assert "was copied while its file was being read" in audience_files.unfinished(half)
    read_on()
    whole = commands.clone(campaign, None, NOW)
    assert (audience_files.unfinished(whole), listing.listed(whole)) == ("", 60)


def test_the_page_shows_how_far_it_is_and_then_whom_it_found(marketer: Client) -> None:
    make.contacts(60)
    campaign = mailings.campaign()
    file = SimpleUploadedFile("guests.csv", TEXT.encode(), "text/csv")
    page = marketer.post(f"/campaigns/{campaign.pk}/file/", {"file": file}).content.decode()
    asks = re.search(r'hx-get="(/campaigns/\d+/file/progress/)" hx-trigger="every 1s"', page)
    assert asks
    assert "Stop and remove" in page
    audience_files.work(NOW)
    part = marketer.get(asks[1])
    assert "25 rows" in part.content.decode()
    assert "HX-Retarget" not in part.headers
    assert asks[1] in marketer.get(f"/campaigns/{campaign.pk}/audience/").content.decode()
    read_on()
    part = marketer.get(asks[1])
    assert (part.headers["HX-Retarget"], part.headers["HX-Trigger-After-Settle"]) == ("#file-part", "recount")
    assert "<strong>60 contacts</strong> of guests.csv" in part.content.decode()
    again = marketer.get(f"/campaigns/{campaign.pk}/audience/").content.decode()
    assert "11 rows named nobody you have" in again
    assert "every 1s" not in again


def test_it_is_no_import_of_contacts(marketer: Client) -> None:
    campaign = mailings.campaign()
    upload(campaign)
    file = CsvImport.objects.get(options__has_key=OWNED)
    assert "guests.csv" not in marketer.get("/contacts/imports/").content.decode()
    assert marketer.get(f"/contacts/imports/{file.pk}/").status_code == 404


def test_the_api_says_how_far_it_is(api: APIClient) -> None:
    make.contacts(60)
    campaign = mailings.campaign()
    url = f"/api/v1/campaigns/{campaign.pk}/audience-file/"
    assert api.get(url).status_code == 404
    answer = api.put(url, {"file": SimpleUploadedFile("guests.csv", TEXT.encode())}, format="multipart")
    assert (answer.status_code, answer.json()["state"], answer.json()["listed"]) == (202, "reading", 0)
    read_on()
    found = api.get(url).json()
    assert (found["state"], found["percent"], found["listed"], found["unknown"]) == ("done", 100, 60, 11)
    assert found["unknown_rows"][0]["line"] == 62
    assert api.delete(url).status_code == 204
    assert api.get(url).status_code == 404
