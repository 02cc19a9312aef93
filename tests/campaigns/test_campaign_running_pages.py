"""Sending a campaign from its pages, leading it and seeing what comes of it; who may do what; prices."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from campaigns import objectives
from campaigns.models import Campaign
from campaigns.tracking import visits
from config.models import User
from config.roles import Role, give
from tests import make
from tests.campaigns import mailings
from tests.campaigns.pages import HTMX, again, draft, text_of
from tests.make import NOW

pytestmark = pytest.mark.django_db

# Review and sending


def test_what_is_missing_keeps_it_from_being_sent_and_leads_there(marketer: Client) -> None:
    campaign = draft()
    page = marketer.get(f"/campaigns/{campaign.pk}/review/").content.decode()
    assert "It cannot be sent yet" in page
    assert f'<a href="/campaigns/{campaign.pk}/message/">Write the message, or choose a template.</a>' in page
    answer = marketer.post(f"/campaigns/{campaign.pk}/send/", follow=True)
    assert "Write the message, or choose a template." in text_of(answer)
    assert again(campaign).state == "draft"


def test_sending_asks_with_the_count_and_then_sends(marketer: Client) -> None:
    make.contacts(3)
    make.contact(None, phone="+33612345678")
    campaign = mailings.campaign()
    estimate = text_of(marketer.get(f"/campaigns/{campaign.pk}/estimate/"))
    assert "3 contacts will get it" in estimate
    shell = text_of(marketer.get(f"/campaigns/{campaign.pk}/send/", **HTMX))
    assert "Counting who gets it" in shell  # the dialog is there before anything is counted
    asked = text_of(marketer.get(f"/campaigns/{campaign.pk}/send/?counted", **HTMX))
    assert "Send to 3 contacts" in asked
    assert "Send to 3 contacts" in text_of(marketer.get(f"/campaigns/{campaign.pk}/send/"))
    page = text_of(marketer.post(f"/campaigns/{campaign.pk}/send/", follow=True))
    assert "“Spring sale” is being sent." in page
    assert again(campaign).state == "sending"
    mailings.until_still()
    page = text_of(marketer.get(f"/campaigns/{campaign.pk}/"))
    assert "4 of 4 done" in page
    assert "3 sent" in page
    assert "No address 1" in page


def test_a_campaign_is_scheduled_changed_and_sent_at_once(marketer: Client) -> None:
    make.contacts(2)
    later = {"when": "at", "at": "2199-12-24T09:00", "timezone": "Europe/Paris"}
    campaign = mailings.campaign(schedule=later)
    asked = text_of(marketer.get(f"/campaigns/{campaign.pk}/send/?counted", **HTMX))
    assert "2 contacts would get it if it left now" in asked
    marketer.post(f"/campaigns/{campaign.pk}/send/")
    assert again(campaign).state == "scheduled"
    assert "It begins by itself." in text_of(marketer.get(f"/campaigns/{campaign.pk}/"))
    for step in ("audience", "message", "when", "review"):
        assert marketer.get(f"/campaigns/{campaign.pk}/{step}/").headers["Location"] == f"/campaigns/{campaign.pk}/"
    marketer.post(f"/campaigns/{campaign.pk}/unschedule/")
    assert again(campaign).state == "draft"
    marketer.post(f"/campaigns/{campaign.pk}/send/")
    assert "Send to 2 contacts" in text_of(marketer.get(f"/campaigns/{campaign.pk}/send/?now&counted", **HTMX))
    marketer.post(f"/campaigns/{campaign.pk}/send/?now")
    assert again(campaign).state == "sending"


def test_pausing_resuming_and_cancelling_say_exact_numbers(marketer: Client) -> None:
    make.contacts(5)
    campaign = mailings.campaign()
    mailings.commands.send(campaign, NOW)
    mailings.queue_all()
    asked = text_of(marketer.get(f"/campaigns/{campaign.pk}/pause/", **HTMX))
    assert "0 contacts got it already." in asked
    assert "5 contacts will wait until you resume it." in asked
    marketer.post(f"/campaigns/{campaign.pk}/pause/")
    assert again(campaign).state == "paused"
    mailings.hand_over()
    assert mailings.states(campaign) == {"queued": 5}
    asked = text_of(marketer.get(f"/campaigns/{campaign.pk}/resume/", **HTMX))
    assert "5 contacts will get it." in asked
    marketer.post(f"/campaigns/{campaign.pk}/resume/")
    assert again(campaign).state == "sending"
    asked = text_of(marketer.get(f"/campaigns/{campaign.pk}/cancel/", **HTMX))
    assert "5 contacts of its audience will not get it." in asked
    marketer.post(f"/campaigns/{campaign.pk}/cancel/")
    mailings.until_still()
    assert again(campaign).state == "cancelled"
    assert "sent" not in mailings.states(campaign)
    answer = marketer.post(f"/campaigns/{campaign.pk}/resume/", follow=True)
    assert "This campaign cannot be resumed: it is cancelled." in text_of(answer)


def test_the_progress_is_followed_until_something_else_begins(marketer: Client) -> None:
    make.contacts(2)
    campaign = mailings.campaign()
    mailings.commands.send(campaign, NOW)
    page = marketer.get(f"/campaigns/{campaign.pk}/").content.decode()
    poll = re.search(r'hx-get="(/campaigns/\d+/progress/\?seen=[^"]*)" hx-trigger="every 2s"', page)
    assert poll
    assert "HX-Refresh" not in marketer.get(poll[1]).headers
    mailings.until_still()
    last = marketer.get(poll[1])
    assert last.headers["HX-Refresh"] == "true"
    assert "every" not in last.content.decode()  # it has come to rest


def test_variants_show_their_numbers_and_the_winner_its_sentence(marketer: Client) -> None:
    make.contacts(50)
    campaign = mailings.tested()
    mailings.commands.send(campaign, NOW)
    mailings.until_still()
    page = text_of(marketer.get(f"/campaigns/{campaign.pk}/"))
    assert "The variants are out." in page
    later = NOW + timedelta(hours=5)
    mailings.until_still(later)
    decided = again(campaign)
    assert decided.winner
    page = text_of(marketer.get(f"/campaigns/{campaign.pk}/"))
    assert decided.winner_reason in page
    assert "50 of 50 done" in page


def test_those_who_did_not_open_get_another_draft(marketer: Client) -> None:
    make.contacts(3)
    campaign = mailings.campaign()
    mailings.commands.send(campaign, NOW)
    mailings.until_still()
    asked = text_of(marketer.get(f"/campaigns/{campaign.pk}/resend/", **HTMX))
    assert "3 contacts got it and did not open it." in asked
    answer = marketer.post(f"/campaigns/{campaign.pk}/resend/")
    made = Campaign.objects.get(resends=campaign)
    assert answer.headers["Location"] == f"/campaigns/{made.pk}/message/"
    assert made.name in text_of(marketer.get(f"/campaigns/{campaign.pk}/"))


def test_a_campaign_is_cloned_renamed_and_a_draft_deleted(marketer: Client) -> None:
    campaign = mailings.campaign()
    marketer.post(f"/campaigns/{campaign.pk}/clone/")
    copy = Campaign.objects.latest("pk")
    marketer.post(f"/campaigns/{copy.pk}/rename/", {"name": "Summer sale"})
    assert again(copy).name == "Summer sale"
    assert "This field is required." in text_of(marketer.post(f"/campaigns/{copy.pk}/rename/", {"name": " "}))
    assert "deleted for good" in text_of(marketer.get(f"/campaigns/{copy.pk}/delete/", **HTMX))
    marketer.post(f"/campaigns/{copy.pk}/delete/")
    assert not Campaign.objects.filter(pk=copy.pk).exists()


def test_an_objective_is_set_and_its_conversions_are_counted_from_then_on(marketer: Client) -> None:
    campaign = mailings.campaign()
    url = f"/campaigns/{campaign.pk}/objective/"
    wrong = text_of(marketer.post(url, {"kind": "event", "event": "", "currency_property": "currency"}))
    assert "This field is required." in wrong
    wrong = text_of(marketer.post(url, {"kind": "event", "event": "order.placed", "currency_property": "currency"}))
    assert "A currency needs a value: name the property that holds it." in wrong
    assert "This field is required." in text_of(marketer.post(url, {"kind": "segment"}))
    assert objectives.objective_of(campaign.origin) == {}
    given = {
        "kind": "event",
        "event": "order.placed",
        "value_property": "total",
        "within_days": "7",
        "touch": "clicked",
    }
    assert marketer.post(url, given, **HTMX).headers["HX-Refresh"] == "true"
    assert objectives.objective_of(campaign.origin) == {
        "kind": "event", "event": "order.placed", "value_property": "total", "within_days": 7, "touch": "clicked",
    }  # fmt: skip
    page = text_of(marketer.get(f"/campaigns/{campaign.pk}/review/"))
    assert "“order.placed” happened within 7 days." in page
    assert 'value="order.placed"' in marketer.get(url, **HTMX).content.decode()
    marketer.post(url, {"kind": ""})
    assert objectives.objective_of(campaign.origin) == {}


def test_a_test_says_how_sure_it_is(marketer: Client) -> None:
    make.contacts(500)
    campaign = mailings.tested(test={"share_percent": 100, "wait_hours": 4, "measure": "opened"})
    mailings.commands.send(campaign, NOW)
    mailings.until_still()
    page = text_of(marketer.get(f"/campaigns/{campaign.pk}/"))
    assert "Too early: together they need 25 conversions, and have 0." in page
    for message in mailings.messages(campaign, "b")[:60]:
        visits.opened(message, NOW)
    page = text_of(marketer.get(f"/campaigns/{campaign.pk}/"))
    assert "B is better with more than 99 % probability." in page
    assert "Is the best" in page


# Who may do what


def test_a_viewer_looks_at_everything_and_changes_nothing() -> None:
    victor = User.objects.create_user("victor")
    give(victor, Role.VIEWER)
    viewer = Client()
    viewer.force_login(victor)
    campaign = mailings.campaign()
    for path in (
        "",
        f"{campaign.pk}/audience/",
        f"{campaign.pk}/message/",
        f"{campaign.pk}/when/",
        f"{campaign.pk}/review/",
    ):
        page = viewer.get(f"/campaigns/{path}")
        assert page.status_code == 200, path
        assert "Save and continue" not in page.content.decode()
        assert "Create campaign" not in page.content.decode()
    for path in (
        "audience", "message", "when", "send", "pause", "resume", "cancel", "resend", "clone", "archive", "unarchive",
        "delete", "rename", "unschedule", "objective", "test", "file", "file/remove", "variants/add",
    ):  # fmt: skip
        assert viewer.post(f"/campaigns/{campaign.pk}/{path}/", {"name": "x"}).status_code == 403, path
    assert viewer.get("/campaigns/new/").status_code == 403
    assert again(campaign).state == "draft"
    assert Client().get("/campaigns/").headers["Location"] == "/login/?next=/campaigns/"


def test_who_may_write_campaigns_may_not_thereby_send_them() -> None:
    writer = User.objects.create_user("wilma")
    writer.user_permissions.set(
        Permission.objects.filter(codename__in=["view_campaign", "add_campaign", "change_campaign"])
    )
    client = Client()
    client.force_login(writer)
    campaign = mailings.campaign()
    page = text_of(client.get(f"/campaigns/{campaign.pk}/review/"))
    assert "Somebody who may send campaigns has to send it." in page
    assert client.post(f"/campaigns/{campaign.pk}/send/").status_code == 403
    assert client.post(f"/campaigns/{campaign.pk}/test/", {"recipient": "a@example.com"}).status_code == 403


def test_names_are_words_and_never_markup(marketer: Client) -> None:
    campaign = mailings.campaign(name="<img src=x onerror=alert(1)>")
    for path in ("", f"{campaign.pk}/audience/", f"{campaign.pk}/review/", f"{campaign.pk}/send/"):
        assert "<img src=x" not in marketer.get(f"/campaigns/{path}").content.decode(), path


# Prices


def test_prices_are_set_replaced_and_removed_by_administrators_only(marketer: Client) -> None:
    boss = User.objects.create_superuser("boss")
    client = Client()
    client.force_login(boss)
    client.post("/settings/prices/save/", {"channel": "sms", "country": "FR", "amount": "0.07"})
    client.post("/settings/prices/save/", {"channel": "sms", "country": "FR", "amount": "0.0650"})
    client.post("/settings/prices/save/", {"channel": "email", "country": "", "amount": "0.001"})
    page = text_of(client.get("/settings/prices/"))
    assert "France 0.065 EUR" in page
    assert "All other countries 0.001 EUR" in page
    refused = text_of(client.post("/settings/prices/save/", {"channel": "sms", "country": "XX", "amount": "-1"}))
    assert "Select a valid choice" in refused
    assert "greater than or equal to 0" in refused

    make.contacts(2000)
    assert "2.00 EUR" in text_of(marketer.get(f"/campaigns/{mailings.campaign().pk}/estimate/"))
    assert "Prices" in text_of(marketer.get("/settings/prices/"))
    assert marketer.post("/settings/prices/save/", {"channel": "sms", "amount": "1"}).status_code == 403
    price = re.search(r'action="(/settings/prices/\d+/remove/)"', client.get("/settings/prices/").content.decode())
    assert price
    assert marketer.post(price[1]).status_code == 403
    client.post(price[1])
    assert text_of(client.get("/settings/prices/")).count("EUR") == 2
