"""The list of campaigns, and making one: named, to whom it goes, and when."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns.models import Campaign
from campaigns.tracking import visits
from contacts.models import Consent, ContactTag, Segment, Tag
from tests import make
from tests.campaigns import mailings
from tests.campaigns.pages import again, draft, text_of
from tests.make import NOW

pytestmark = pytest.mark.django_db


# The list


def test_the_list_says_what_to_do_while_it_is_empty(marketer: Client) -> None:
    page = text_of(marketer.get("/campaigns/"))
    assert "No campaigns yet" in page
    assert "Create a campaign" in page


def test_a_campaign_is_named_and_then_asks_for_its_audience(marketer: Client) -> None:
    answer = marketer.post("/campaigns/new/", {"name": " Spring   sale ", "channel": "email"})
    made = Campaign.objects.get()
    assert (made.name, made.channel, made.state, made.created_by.username) == ("Spring sale", "email", "draft", "mia")
    assert answer.headers["Location"] == f"/campaigns/{made.pk}/audience/"
    assert "This field is required." in text_of(marketer.post("/campaigns/new/", {"name": "", "channel": "email"}))
    assert 'value="sms" checked' in marketer.get("/campaigns/new/?channel=sms").content.decode()


def test_the_list_shows_what_came_of_each_and_is_narrowed(marketer: Client) -> None:
    make.contacts(4)
    sent = mailings.campaign(name="Went out")
    mailings.commands.send(sent, NOW)
    mailings.until_still()
    visits.opened(mailings.messages(sent)[0], NOW)
    waiting = draft(name="Not yet", channel="sms")
    page = text_of(marketer.get("/campaigns/"))
    assert "Went out Email Sent 4 4 25.0 % 0.0 %" in page
    assert "Not yet" in page
    for query, names in {
        "?q=went": ["Went out"],
        "?state=draft": ["Not yet"],
        "?channel=sms": ["Not yet"],
        "?kind=chain": [],
        "?archived=only": [],
    }.items():
        shown = text_of(marketer.get(f"/campaigns/{query}"))
        assert [name for name in ("Went out", "Not yet") if name in shown] == names, query
    marketer.post(f"/campaigns/{waiting.pk}/archive/", {"from": "list"})
    assert "Not yet" not in text_of(marketer.get("/campaigns/")).replace("“Not yet” is archived", "")
    assert "Not yet" in text_of(marketer.get("/campaigns/?archived=only"))


def test_the_list_costs_the_same_however_long_it_is(marketer: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as taken:
            marketer.get("/campaigns/")
        return len(taken)

    draft()
    queries()  # what is remembered from now on
    few = queries()
    for n in range(20):
        draft(name=f"Number {n}")
    assert queries() == few


def test_long_lists_have_pages(marketer: Client) -> None:
    for n in range(55):
        draft(name=f"Number {n}.")
    first = marketer.get("/campaigns/").content.decode()
    assert "Number 54." in first
    assert "Number 4." not in first
    older = re.search(r'href="(\?before=\d+)"', first)
    assert older
    assert "Number 4." in marketer.get(f"/campaigns/{older[1]}").content.decode()


# Audience


def test_an_audience_of_segments_and_tags_is_counted_while_it_is_chosen_and_kept(marketer: Client) -> None:
    ann = make.contact("ann@example.com", attributes={"city": "Paris"})
    make.contact("bob@example.com", attributes={"city": "Paris"})
    make.contact(None, phone="+33612345678", attributes={"city": "Paris"})
    dan = make.contact("dan@example.com")
    Consent.objects.create(contact=ann, channel="email", state="unsubscribed", at=NOW, source="page")
    ContactTag.objects.create(contact=dan, tag=Tag.objects.create(name="vip"), at=NOW)
    paris = Segment.objects.create(
        name="Paris", rule={"rule": "attribute", "field": "city", "op": "equals", "value": "Paris"}
    )
    campaign = draft()
    chosen = {"whom": "chosen", "segments": [paris.pk], "tags": ["vip"], "rule": ""}
    counted = text_of(marketer.post(f"/campaigns/{campaign.pk}/count/", chosen))
    assert "2 contacts will get it" in counted
    assert "In the audience 4" in counted
    assert "No email address −1" in counted
    assert "No consent −1" in counted
    assert again(campaign).audience["segments"] == []  # counting keeps nothing

    answer = marketer.post(f"/campaigns/{campaign.pk}/audience/", {**chosen, "do": "next"})
    assert answer.headers["Location"] == f"/campaigns/{campaign.pk}/message/"
    assert again(campaign).audience == {
        "segments": [paris.pk], "tags": ["vip"], "file": False, "exclude": [], "rule": None,
    }  # fmt: skip
    page = marketer.get(f"/campaigns/{campaign.pk}/audience/").content.decode()
    assert f'value="{paris.pk}" checked' in page
    assert 'value="vip" checked' in page


def test_who_is_left_out_and_a_rule_narrow_the_audience(marketer: Client) -> None:
    make.contacts(3)
    make.contact("zoe@example.com", first_name="Zoe")
    zoes = {"rule": "attribute", "field": "first_name", "op": "equals", "value": "Zoe"}
    segment = Segment.objects.create(name="Zoes", rule=zoes)
    campaign = draft()

    def count(**fields: Any) -> str:
        return text_of(marketer.post(f"/campaigns/{campaign.pk}/count/", {"whom": "everybody", **fields}))

    assert "4 contacts will get it" in count()
    assert "3 contacts will get it" in count(exclude=[segment.pk])
    rule = '{"all": [{"rule": "attribute", "field": "first_name", "op": "equals", "value": "Zoe"}]}'
    assert "1 contact will get it" in count(rule=rule)
    broken = count(rule='{"all": [{"rule": "nonsense"}]}')
    assert "will get it" not in broken


def test_an_audience_of_some_needs_some(marketer: Client) -> None:
    campaign = draft()
    page = text_of(marketer.post(f"/campaigns/{campaign.pk}/audience/", {"whom": "chosen", "do": "next"}))
    assert "Choose a segment or a tag, or upload a file." in page
    gone = {"whom": "chosen", "segments": ["999"], "exclude": ["x"], "do": "next"}
    page = text_of(marketer.post(f"/campaigns/{campaign.pk}/audience/", gone))
    assert page.count("One of these no longer exists. Take it away.") == 2


def test_a_segment_that_was_deleted_can_be_taken_away(marketer: Client) -> None:
    segment = Segment.objects.create(name="Short-lived", rule={"all": []})
    campaign = draft(audience={"segments": [segment.pk]})
    segment.delete()
    page = text_of(marketer.get(f"/campaigns/{campaign.pk}/audience/"))
    assert "One that was deleted" in page


def test_segments_and_tags_are_found_by_a_part_of_their_names(marketer: Client) -> None:
    Segment.objects.create(name="Regulars <b>", rule={"all": []}, size=1200)
    Segment.objects.create(name="Others", rule={"all": []})
    Tag.objects.create(name="regulars")
    found = marketer.get("/campaigns/choices/segments/?q=REGU&name=exclude").content.decode()
    assert "Regulars &lt;b&gt;" in found
    assert "1,200" in found
    assert 'name="exclude"' in found
    assert "Others" not in found
    assert 'value="regulars"' in marketer.get("/campaigns/choices/tags/?q=gul&name=tags").content.decode()
    assert "Nothing is called that." in marketer.get("/campaigns/choices/tags/?q=xyz&name=tags").content.decode()


def test_a_file_says_who_was_found_and_gives_the_others_back(marketer: Client) -> None:
    make.contact("ann@example.com")
    make.contact("bob@example.com")
    campaign = draft()
    rows = b"email\nANN@example.com\nbob@example.com\nbob@example.com\nnobody@example.com\n=2+3\n"
    upload = SimpleUploadedFile("guests.csv", rows, "text/csv")
    answer = marketer.post(f"/campaigns/{campaign.pk}/file/", {"file": upload})
    page = text_of(answer)
    assert "2 contacts of guests.csv" in page
    assert "2 rows named nobody you have" in page
    assert "1 repeated somebody." in page
    assert answer.headers["HX-Trigger-After-Settle"] == "recount"
    assert again(campaign).audience["file"] is True
    link = re.search(r'href="([^"]+unknown\.csv)"', answer.content.decode())
    assert link
    file = marketer.get(link[1])
    assert file.headers["Content-Disposition"] == f'attachment; filename="not-found-{campaign.pk}.csv"'
    lines = file.content.decode("utf-8-sig").splitlines()
    assert lines[0] == "Line,Row,Reason"
    assert lines[1].startswith("5,nobody@example.com,")
    assert lines[2].startswith("6,'=2+3,")  # nothing that a spreadsheet would run
    counted = text_of(marketer.post(f"/campaigns/{campaign.pk}/count/", {"whom": "chosen"}))
    assert "2 contacts will get it" in counted
    page = text_of(marketer.post(f"/campaigns/{campaign.pk}/file/remove/"))
    assert "of the uploaded file" not in page
    assert again(campaign).audience["file"] is False


def test_a_file_of_nothing_is_refused_in_words(marketer: Client) -> None:
    campaign = draft()
    for content, sentence in ((b"", "empty"), (b"colour\nred\n", "No column holds emails")):
        upload = SimpleUploadedFile("x.csv", content, "text/csv")
        page = text_of(marketer.post(f"/campaigns/{campaign.pk}/file/", {"file": upload}))
        assert sentence in page, content
    assert again(campaign).audience["file"] is False


# When


def test_the_moment_and_the_pace_are_kept(marketer: Client) -> None:
    campaign = draft()
    url = f"/campaigns/{campaign.pk}/when/"
    at = {"when": "at", "at": "2199-12-24T09:00", "timezone": "contact", "spread": "on", "spread_hours": "4"}
    assert marketer.post(url, {**at, "do": "next"}).headers["Location"] == f"/campaigns/{campaign.pk}/review/"
    assert again(campaign).schedule == {
        "when": "at", "at": "2199-12-24T09:00", "timezone": "contact", "spread_hours": 4,
    }  # fmt: skip
    page = text_of(marketer.get(f"/campaigns/{campaign.pk}/review/"))
    assert "On Tuesday 24 December 2199 at 09:00, in each contact’s own time zone, spread over 4 hours." in page
    marketer.post(url, {"when": "now", "at": "", "timezone": "", "spread_hours": ""})
    assert again(campaign).schedule == {"when": "now"}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"at": ""}, "Say when it is sent."),
        ({"at": "tomorrow"}, "Give a date and a time."),
        ({"at": "2020-01-01T09:00"}, "This moment has passed."),
        ({"at": "2020-01-01T09:00", "timezone": "contact"}, "This moment has passed everywhere on earth."),
        ({"timezone": "Mars/Base"}, "is not a time zone"),
        ({"spread": "on"}, "Say over how many hours."),
        ({"spread": "on", "spread_hours": "100000"}, "less than or equal to"),
    ],
)
def test_a_senseless_moment_is_refused_at_its_field(marketer: Client, given: dict[str, str], sentence: str) -> None:
    campaign = draft()
    usual = {"when": "at", "at": "2199-12-24T09:00", "timezone": "Europe/Paris"}
    page = text_of(marketer.post(f"/campaigns/{campaign.pk}/when/", {**usual, **given}))
    assert sentence in page
    assert again(campaign).schedule == {"when": "now"}
