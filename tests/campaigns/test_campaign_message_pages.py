"""Writing what a campaign says: its variants, how it looks to somebody, and a test that goes out before the rest."""

import re

import pytest
from django.test import Client

from campaigns.models import InboxMessage, Message
from templates_app.models import Template, TemplateVersion
from tests import make
from tests.campaigns.pages import HTMX, again, draft, text_of

pytestmark = pytest.mark.django_db
WORDS = {"a-source": "written", "a-subject": "Sale", "a-preheader": "", "a-markup": "html", "a-body": "<p>Hi</p>"}
SENDER = {"topic": "", "provider": ""}
TRIED = {"share_percent": "20", "wait_hours": "4", "measure": "opened"}


def test_a_message_is_written_and_kept(marketer: Client) -> None:
    campaign = draft()
    make.topic("offers")
    posted = {"keys": ["a"], "variant": "a", **WORDS, **SENDER, "topic": "offers", "do": "next"}
    answer = marketer.post(f"/campaigns/{campaign.pk}/message/", posted)
    assert answer.headers["Location"] == f"/campaigns/{campaign.pk}/when/"
    kept = again(campaign)
    words = {"key": "a", "template": None, "subject": "Sale", "preheader": "", "body": "<p>Hi</p>", "markup": "html"}
    assert (kept.variants, kept.topic, kept.test) == ([words], "offers", {})


def test_a_message_is_a_template(marketer: Client) -> None:
    template = Template.objects.create(name="Spring", channel="email")
    version = TemplateVersion.objects.create(template=template, number=1, subject="From a template", body="<p>T</p>")
    Template.objects.filter(pk=template.pk).update(published=version)
    campaign = draft()
    posted = {"keys": ["a"], "a-source": "template", "a-template": template.pk, **SENDER}
    assert "From a template" in marketer.post(f"/campaigns/{campaign.pk}/preview/", posted).content.decode()
    marketer.post(f"/campaigns/{campaign.pk}/message/", posted)
    assert again(campaign).variants[0]["template"] == template.pk
    page = text_of(marketer.get(f"/campaigns/{campaign.pk}/review/"))
    assert "From a template" in page
    assert "From the template Spring" in page


def test_what_is_wrong_with_a_message_stands_at_its_field(marketer: Client) -> None:
    campaign = draft()
    posted = {"keys": ["a", "b"], **WORDS, "b-source": "written", "b-subject": "{{ contact.", "b-body": "", **SENDER}
    posted |= {"b-markup": "html", **TRIED, "wait_hours": "0"}
    page = marketer.post(f"/campaigns/{campaign.pk}/message/", posted).content.decode()
    assert 'id="id_b-subject_error"' in page
    assert 'id="id_b-body_error"' in page
    assert 'id="id_wait_hours_error"' in page
    assert 'id="id_a-subject_error"' not in page
    assert re.search(r'data-show="b" aria-selected="true"', page)  # the one with the problem is in front
    assert again(campaign).variants == []
    posted = {"keys": ["a"], "a-source": "template", "a-template": "", **SENDER}
    page = text_of(marketer.post(f"/campaigns/{campaign.pk}/message/", posted))
    assert "Choose a template, or write the message here." in page
    assert "Write this" not in page


def test_variants_are_added_copied_and_removed_before_anything_is_saved(marketer: Client) -> None:
    campaign = draft()
    url = f"/campaigns/{campaign.pk}/variants"
    posted = {"keys": ["a"], "variant": "a", **WORDS, **SENDER}
    copied = marketer.post(f"{url}/duplicate/", posted).content.decode()
    assert re.search(r'name="b-subject" value="Sale"', copied)
    assert "A/B test" in copied
    second = {"b-source": "written", "b-subject": "Other", "b-body": "<p>B</p>", "b-markup": "html"}
    posted |= {"keys": ["a", "b"], "variant": "a", **second, **TRIED, "share_percent": "35"}
    added = marketer.post(f"{url}/add/", posted).content.decode()
    assert 'name="c-subject"' in added
    assert re.search(r'name="share_percent" value="35"', added)  # what was typed stays
    assert "error" not in added  # nothing is complained of while it is written
    left = marketer.post(f"{url}/remove/", posted).content.decode()
    assert re.search(r'name="a-subject" value="Other"', left)
    assert 'name="b-subject"' not in left
    full = posted | {"keys": list("abcd")}
    assert 'name="e-subject"' not in marketer.post(f"{url}/add/", full).content.decode()
    assert again(campaign).variants == []


def test_a_test_of_two_is_kept_with_how_its_winner_is_found(marketer: Client) -> None:
    campaign = draft()
    second = {"b-source": "written", "b-subject": "Other", "b-body": "<p>B</p>", "b-markup": "html"}
    posted = {"keys": ["a", "b"], **WORDS, **second, **SENDER, **TRIED, "share_percent": "30", "measure": "clicked"}
    marketer.post(f"/campaigns/{campaign.pk}/message/", posted)
    kept = again(campaign)
    assert [one["subject"] for one in kept.variants] == ["Sale", "Other"]
    assert kept.test == {"share_percent": 30, "wait_hours": 4, "measure": "clicked"}
    page = text_of(marketer.get(f"/campaigns/{campaign.pk}/review/"))
    assert (
        "30 % of the audience get the variants; 4 hours later everybody else gets the one that was clicked most."
        in page
    )


def test_an_sms_is_not_judged_by_its_openings(marketer: Client) -> None:
    campaign = draft(channel="sms")
    posted = {"keys": ["a", "b"], "a-source": "written", "a-body": "A", "b-source": "written", "b-body": "B", **SENDER}
    page = text_of(marketer.post(f"/campaigns/{campaign.pk}/message/", {**posted, **TRIED}))
    assert "Select a valid choice" in page
    assert again(campaign).variants == []


def test_a_preview_shows_the_words_as_they_stand_to_whom_it_is_asked_for(marketer: Client) -> None:
    make.contact("ann@example.com", first_name="Ann")
    make.contact("bob@example.com", first_name="Bob")
    campaign = draft()
    posted = {"keys": ["a"], "variant": "a", **WORDS, "a-subject": "Hello {{ contact.first_name }}", **SENDER}
    url = f"/campaigns/{campaign.pk}/preview/"
    assert "Hello Ann" in text_of(marketer.post(url, {**posted, "as": "ANN@example.com"}))
    assert "Hello Bob" in text_of(marketer.post(url, {**posted, "as": "bob"}))
    shown = marketer.post(url, {**posted, "as": "zoe", "width": "phone"}).content.decode()
    assert "Nobody is called “zoe”" in shown
    assert 'class="mail phone"' in shown
    broken = marketer.post(url, {**posted, "a-body": "{{ oh"}).content.decode()
    assert 'data-field="id_a-body"' in broken


def test_a_test_goes_out_with_the_words_that_stand_in_the_page(marketer: Client) -> None:
    make.contact("ann@example.com", first_name="Ann")
    campaign = draft()
    url = f"/campaigns/{campaign.pk}/test/"
    assert "mia@example.com" in marketer.get(f"{url}?keys=a&variant=a", **HTMX).content.decode()
    posted = {"keys": ["a"], **WORDS, "a-subject": "Hi {{ contact.first_name }}", **SENDER}
    answer = text_of(marketer.post(url, {**posted, "recipient": "ann@example.com"}))
    assert "ann@example.com: the provider took it." in answer
    assert InboxMessage.objects.get().subject == "Hi Ann"
    assert not Message.objects.exists()
    assert again(campaign).variants == []
    for recipient, sentence in (("", "Say to whom."), ("nonsense", "nonsense")):
        assert sentence in text_of(marketer.post(url, {**posted, "recipient": recipient})), recipient
    assert "has errors" in text_of(marketer.post(url, {**posted, "a-body": "", "recipient": "ann@example.com"}))
