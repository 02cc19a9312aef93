"""Clicks of which a service tells are judged by their speed as our own: several links at once are no person's."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from campaigns import stats
from campaigns.models import Hit, Message, Provider
from campaigns.notices import applying
from campaigns.tracking import signatures
from contacts.models import Event
from tests.campaigns.esp_webhooks import HOOK_OF, Hook
from tests.campaigns.telling import account, sent, tell, told

pytestmark = pytest.mark.django_db
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"


def visited(client: Client, provider: Provider, message: Message, what: str, at: datetime, number: int = 0) -> None:
    url = f"https://waypost.example/c/{signatures.token(message.pk)}/{number}"
    about = told(message, what, at, f"{what}{number}{at.timestamp()}", url)
    said: Any = HOOK_OF["mailgun"].say(about)
    said["event-data"]["client-info"] = {"user-agent": CHROME}
    hook = Hook("mailgun", lambda _told: said, None, "", HOOK_OF["mailgun"].secret)
    assert tell(client, provider, hook.post(about, "")) == 200


def test_three_links_within_two_seconds_are_a_machines(client: Client) -> None:
    then = timezone.now() - timedelta(minutes=1)  # nobody believes what is said of the future
    provider = account("mailgun")
    message = sent(provider, then - timedelta(minutes=5))
    visited(client, provider, message, "opened", then)
    for number in range(3):
        visited(client, provider, message, "clicked", then + timedelta(seconds=number / 2), number)
    applying.apply(timezone.now())
    message.refresh_from_db()
    assert (message.opened_at, message.clicked_at) == (None, None)
    assert set(Hit.objects.values_list("machine", "counted")) == {("burst", False)}
    numbers = stats.counts([message.origin.key])[message.origin.key]
    assert (numbers.get("clicked"), numbers["machine_clicked"]) == (None, 1)
    assert not Event.objects.filter(name__in=["email.opened", "email.clicked"]).exists()


def test_a_person_clicks_more_slowly_or_the_same_link_again(client: Client) -> None:
    then = timezone.now() - timedelta(minutes=1)  # nobody believes what is said of the future
    provider = account("mailgun")
    message = sent(provider, then - timedelta(minutes=5))
    for number, after in ((0, 0.0), (1, 1.1), (2, 2.2), (2, 2.3), (2, 2.4)):
        visited(client, provider, message, "clicked", then + timedelta(seconds=after), number)
    applying.apply(timezone.now())
    message.refresh_from_db()
    assert message.clicked_at is not None
    assert set(Hit.objects.values_list("machine", flat=True)) == {""}


def test_what_came_with_an_earlier_batch_counts_for_the_burst(client: Client) -> None:
    then = timezone.now() - timedelta(minutes=1)  # nobody believes what is said of the future
    provider = account("mailgun")
    message = sent(provider, then - timedelta(minutes=5))
    for number in (0, 1):
        visited(client, provider, message, "clicked", then, number)
    applying.apply(timezone.now())
    visited(client, provider, message, "clicked", then + timedelta(seconds=1), 2)
    applying.apply(timezone.now())
    assert sorted(Hit.objects.values_list("number", "machine")) == [(0, ""), (1, ""), (2, "burst")]
