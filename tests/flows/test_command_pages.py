"""The dialogs of the operators' commands: what they count, what they say, and what they do."""

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.models import Message
from config.models import User
from flows import pausing, starting, stopping
from flows.models import Execution, Scenario
from flows.overdue import overdue
from tests import make
from tests.flows import drive
from tests.flows.test_scenario_pages import TAGGING, in_state, mara, said, state
from tests.flows.test_stopping import WAITING

__all__ = ["mara"]
pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
HTMX = {"HX-Request": "true"}


def inside(contacts: int = 3, **fields: Any) -> Scenario:
    """Contacts wait in it, and their first message is queued."""
    make.contacts(contacts)
    scenario = make.scenario(WAITING, name="Welcome", **fields)
    starting.start(scenario, timezone.now())
    drive.until_still(timezone.now())
    return scenario


def overdue_in_a_pause() -> Scenario:
    """One contact is late by an hour, one by three; their three messages are late by two."""
    scenario = inside()
    pausing.pause(scenario, timezone.now())
    Message.objects.update(due_at=timezone.now() - 2 * HOUR)
    for execution, hours in zip(Execution.objects.order_by("pk"), (1, 3), strict=False):
        Execution.objects.filter(pk=execution.pk).update(due_at=timezone.now() - hours * HOUR)
    return scenario


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_resuming_asks_with_what_is_overdue(mara: Client) -> None:
    scenario = overdue_in_a_pause()
    dialog = words(mara.get(f"/scenarios/{scenario.pk}/resume/", headers=HTMX).text)
    assert "2 contacts should have gone on by now, and 3 messages should have been sent, " in dialog
    assert "the oldest 3 hours ago" in dialog
    assert "Now that is nothing: nobody is so late." in dialog
    assert state(scenario) == "paused"
    page = mara.get(f"/scenarios/{scenario.pk}/resume/").text
    assert "<html" in page and "2</strong> contacts" in page


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("2.5", "Now that is whatever 1 contact would get before it waits again."),
        ("0.5", "Now that is 3 queued messages, and whatever 2 contacts would get before they wait again."),
        ("24", "Now that is nothing: nobody is so late."),
        ("-1", "Ensure this value is greater than or equal to 0."),
        ("", "Say how many hours."),
        ("x", "Enter a number."),
        ("nan", "Enter a number."),
    ],
)
def test_what_would_be_skipped_is_counted_while_one_types(mara: Client, typed: str, told: str) -> None:
    scenario = overdue_in_a_pause()
    assert words(mara.get(f"/scenarios/{scenario.pk}/late/", {"older_than": typed}).text) == told


@pytest.mark.parametrize(
    ("choice", "queued", "contacts"),
    [
        ({"overdue": "send", "older_than": "24", "spread": "4"}, 3, 2),
        ({"overdue": "skip", "older_than": "1.5", "spread": "x"}, 0, 2),
        ({"overdue": "spread", "older_than": "", "spread": "2"}, 3, 0),
    ],
)
def test_the_choice_is_done(mara: Client, choice: dict[str, str], queued: int, contacts: int) -> None:
    scenario = overdue_in_a_pause()
    answer = mara.post(f"/scenarios/{scenario.pk}/resume/", choice, follow=True)
    assert said(answer)[-1] == "Resumed: everybody goes on."
    assert Message.objects.filter(state="queued").count() == queued
    scenario.refresh_from_db()
    # With “spread” only the first one is due at once.
    found = overdue(scenario, timezone.now() - HOUR / 4)
    assert found.contacts == contacts


def test_a_choice_without_its_hours_is_refused_with_a_sentence(mara: Client) -> None:
    scenario = overdue_in_a_pause()
    answer = mara.post(f"/scenarios/{scenario.pk}/resume/", {"overdue": "skip", "older_than": ""}, follow=True)
    assert said(answer)[-1] == "Say how many hours."
    assert state(scenario) == "paused"


def test_a_start_is_scheduled_in_the_readers_time_zone(mara: Client) -> None:
    User.objects.filter(username="mara").update(timezone="Asia/Tokyo")
    scenario = make.scenario(TAGGING, name="Calls")
    assert "In your time zone, Asia/Tokyo" in mara.get(f"/scenarios/{scenario.pk}/start/", headers=HTMX).text
    at = datetime.now(ZoneInfo("Asia/Tokyo")).replace(hour=9, minute=30, second=0, microsecond=0) + timedelta(days=3)
    chosen = {"when": "at", "at": at.strftime("%Y-%m-%dT%H:%M")}
    answer = mara.post(f"/scenarios/{scenario.pk}/start/", chosen, follow=True)
    assert said(answer)[-1] == f"“Calls” starts by itself on {at.day} {at:%B %Y at 09:30}."
    scenario.refresh_from_db()
    assert (scenario.state, scenario.starts_at) == ("scheduled", at)
    again = mara.get(f"/scenarios/{scenario.pk}/start/", headers=HTMX).text
    assert f'value="{at:%Y-%m-%dT%H:%M}"' in again
    assert 'value="at" checked' in again
    mara.post(f"/scenarios/{scenario.pk}/unschedule/")
    assert state(scenario) == "draft"


@pytest.mark.parametrize(
    ("at", "told"),
    [("", "Say when it starts."), ("x", "Enter a valid date/time."), ("2020-01-01T10:00", "That moment is over.")],
)
def test_a_moment_that_cannot_be_is_refused_with_a_sentence(mara: Client, at: str, told: str) -> None:
    scenario = make.scenario(TAGGING)
    answer = mara.post(f"/scenarios/{scenario.pk}/start/", {"when": "at", "at": at}, follow=True)
    assert said(answer)[-1] == told
    assert state(scenario) == "draft"


def test_why_a_scenario_stands_still_is_said_in_the_list_on_the_canvas_and_in_the_dialog(mara: Client) -> None:
    scenario = inside()
    pausing.suspend([scenario.pk], "paused_error", "Mail <Example> does not answer.", timezone.now())
    for page in ("/scenarios/", f"/scenarios/{scenario.pk}/", f"/scenarios/{scenario.pk}/resume/"):
        assert "Mail &lt;Example&gt; does not answer." in mara.get(page).text, page


@pytest.mark.parametrize(
    ("keeps", "told"),
    [
        (False, ["3 contacts are inside and leave.", "3 messages are queued and will not be sent."]),
        (True, ["3 contacts are inside and stay.", "3 messages are queued and wait."]),
    ],
)
def test_a_stop_asks_with_its_counts(mara: Client, keeps: bool, told: list[str]) -> None:
    scenario = inside(keeps_when_stopped=keeps)
    dialog = mara.get(f"/scenarios/{scenario.pk}/stop/", headers=HTMX).text
    assert re.findall(r"<li>(.*?)</li>", dialog) == told
    answer = mara.post(f"/scenarios/{scenario.pk}/stop/?from=list", follow=True)
    assert answer.request["PATH_INFO"] == "/scenarios/"
    assert state(scenario) == "stopped"
    leaving = "0 still leaving" if keeps else "3 still leaving"
    assert leaving in answer.text
    counts = mara.get(f"/scenarios/{scenario.pk}/counts/").json()
    assert counts["leaving"] == (0 if keeps else 3)


def test_who_was_kept_is_asked_about_when_it_starts_again(mara: Client) -> None:
    scenario = inside(keeps_when_stopped=True)
    stopping.stop(scenario, timezone.now())
    Execution.objects.update(due_at=timezone.now() - HOUR)
    assert "3</strong> contacts should have gone on" in mara.get(f"/scenarios/{scenario.pk}/start/", headers=HTMX).text
    mara.post(f"/scenarios/{scenario.pk}/start/", {"when": "now", "overdue": "spread", "spread": "3"})
    assert state(scenario) == "running"
    dues = list(Execution.objects.order_by("pk").values_list("due_at", flat=True))
    assert dues[2] - dues[0] == 2 * HOUR


def test_taking_everybody_out_asks_first(mara: Client) -> None:
    scenario = inside()
    clear = f"/scenarios/{scenario.pk}/clear/"
    dialog = mara.get(clear, headers=HTMX).text
    assert "3 contacts are inside and leave." in dialog
    assert "The scenario itself stays running. Contacts can go on entering it." in dialog
    mara.post(clear)
    drive.until_still(timezone.now())
    assert set(Execution.objects.values_list("state", flat=True)) == {"exited"}


def test_one_contact_is_taken_out_from_both_pages(mara: Client, victor: Client) -> None:
    scenario = inside()
    first, second, third = Execution.objects.order_by("pk")
    waiting, contact = f"/scenarios/{scenario.pk}/nodes/wait/waiting/", f"/contacts/{first.contact_id}/"
    remove = [f"/scenarios/{scenario.pk}/executions/{one.pk}/remove/" for one in (first, second, third)]
    assert remove[1] in mara.get(waiting).text
    assert f"{remove[0]}?from=contact" in mara.get(contact).text
    for page in (waiting, contact):
        assert "/remove/" not in victor.get(page).text
    assert victor.post(remove[2]).status_code == 403
    dialog = mara.get(f"{remove[0]}?from=contact", headers=HTMX).text
    assert "Take c0@example.com out of “Welcome”?" in words(dialog)
    assert f'action="{remove[0]}?from=contact"' in dialog
    assert mara.post(f"{remove[0]}?from=contact").url == contact
    assert mara.post(remove[1]).url == waiting
    again = mara.post(remove[1], follow=True)
    assert said(again)[-1] == "This pass is over: exited."
    assert mara.get(f"/scenarios/{in_state('draft').pk}/executions/{third.pk}/remove/").status_code == 404


def test_those_who_failed_are_shown_with_the_error_and_go_on(mara: Client, victor: Client) -> None:
    scenario = inside()
    Execution.objects.update(state="failed", error="RuntimeError: <The template is gone.>", finished_at=timezone.now())
    page = f"/scenarios/{scenario.pk}/nodes/wait/waiting/"
    shown = mara.get(f"{page}?show=failed").text
    assert shown.count("RuntimeError: &lt;The template is gone.&gt;") == 1 + 3  # once with how often
    assert '<span class="badge danger">3</span>' in mara.get(page).text
    requeue = f"/scenarios/{scenario.pk}/nodes/wait/requeue/"
    assert requeue in shown
    assert requeue not in victor.get(f"{page}?show=failed").text
    assert victor.post(requeue).status_code == 403
    one = Execution.objects.order_by("pk")[0].pk
    assert "c0@example.com goes on at once" in words(mara.get(f"{requeue}?execution={one}", headers=HTMX).text)
    answer = mara.post(f"{requeue}?execution={one}", follow=True)
    assert said(answer)[-1] == "1 contact goes on."
    assert "2 contacts have failed here." in mara.get(requeue, headers=HTMX).text
    answer = mara.post(requeue, follow=True)
    assert said(answer)[-1] == "2 contacts go on."
    for odd in ("x", "9" * 30, "-1", "999999999"):
        assert mara.get(f"{requeue}?execution={odd}").status_code == 404, odd


def test_the_stuck_are_told_of(mara: Client) -> None:
    scenario = inside()
    Execution.objects.filter(pk=Execution.objects.order_by("pk")[0].pk).update(due_at=None)
    page = mara.get(f"/scenarios/{scenario.pk}/nodes/wait/waiting/").text
    assert "1 contact should have gone on by now and has not." in page
    mara.post(f"/scenarios/{scenario.pk}/nodes/wait/requeue/")
    assert not Execution.objects.filter(due_at=None).exists()
