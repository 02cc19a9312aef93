"""When a campaign goes out: at its moment, by each contact’s own clocks, and spread over hours."""

from datetime import UTC, datetime, timedelta

import pytest

from campaigns.mailings import commands, timing
from campaigns.models import Campaign
from tests import make
from tests.campaigns import mailings
from tests.campaigns.mailings import messages, queue_all, states, until_still
from tests.make import NOW

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_a_scheduled_one_begins_at_its_moment() -> None:
    make.contacts(2)
    campaign = mailings.campaign(schedule={"when": "at", "at": "2026-03-10T12:00", "timezone": "Europe/Paris"})
    commands.schedule(campaign, NOW)
    assert campaign.starts_at == datetime(2026, 3, 10, 11, tzinfo=UTC)
    until_still(NOW + HOUR)
    assert not messages(campaign)
    until_still(NOW + 2 * HOUR)
    assert states(campaign) == {"sent": 2}


def test_a_scheduled_one_that_cannot_begin_is_a_draft_again_and_says_why() -> None:
    campaign = mailings.campaign(schedule={"when": "at", "at": "2026-03-10T12:00", "timezone": "UTC"})
    commands.schedule(campaign, NOW)
    Campaign.objects.filter(pk=campaign.pk).update(variants=[])
    until_still(NOW + 3 * HOUR)
    campaign.refresh_from_db()
    assert campaign.state == "draft"
    assert campaign.state_reason == (
        "It could not be sent on 10 March 2026 at 12:00 UTC. Write the message, or choose a template."
    )


def test_sending_a_scheduled_one_now_forgets_its_time_but_not_its_spread() -> None:
    campaign = mailings.campaign(
        schedule={"when": "at", "at": "2026-03-11T09:00", "timezone": "contact", "spread_hours": 2}
    )
    commands.schedule(campaign, NOW)
    commands.send(campaign, NOW)
    assert campaign.schedule == {"when": "now", "spread_hours": 2}


def test_each_contact_gets_it_when_their_own_clocks_show_the_time() -> None:
    zones = {"Pacific/Kiritimati": None, "Asia/Tokyo": None, "Europe/Paris": None, "America/New_York": None}
    for name in zones:
        make.contact(f"{name.split('/')[1].lower()}@x.com", timezone=name)
    make.contact("nowhere@x.com")
    campaign = mailings.campaign(schedule={"when": "at", "at": "2026-03-11T09:00", "timezone": "contact"})
    commands.schedule(campaign, NOW)
    assert campaign.starts_at == datetime(2026, 3, 10, 19, tzinfo=UTC)  # 09:00 in Kiritimati
    queue_all(campaign.starts_at)
    due = {message.contact.email.split("@")[0]: message.due_at for message in messages(campaign)}
    assert due == {
        "kiritimati": datetime(2026, 3, 10, 19, tzinfo=UTC),
        "tokyo": datetime(2026, 3, 11, 0, tzinfo=UTC),
        "paris": datetime(2026, 3, 11, 8, tzinfo=UTC),
        "new_york": datetime(2026, 3, 11, 13, tzinfo=UTC),
        "nowhere": datetime(2026, 3, 11, 9, tzinfo=UTC),  # the installation's zone, UTC
    }
    until_still(campaign.starts_at + 6 * HOUR)
    assert states(campaign) == {"sent": 2, "queued": 3}
    campaign.refresh_from_db()
    assert campaign.state == "sending"
    until_still(campaign.started_at + DAY)
    campaign.refresh_from_db()
    assert (campaign.state, states(campaign)) == ("sent", {"sent": 5})


def test_where_that_time_is_over_already_it_is_due_at_once() -> None:
    make.contact("tokyo@x.com", timezone="Asia/Tokyo")
    make.contact("york@x.com", timezone="America/New_York")
    campaign = mailings.campaign(schedule={"when": "at", "at": "2026-03-10T12:00", "timezone": "contact"})
    commands.schedule(campaign, NOW)  # 18:00 in Tokyo, 05:00 in New York
    assert campaign.starts_at == NOW
    queue_all(NOW)
    assert [message.due_at for message in messages(campaign)] == [NOW, datetime(2026, 3, 10, 16, tzinfo=UTC)]


def test_a_time_that_clocks_skip_is_meant_as_far_behind_the_gap() -> None:
    make.contact("paris@x.com", timezone="Europe/Paris")
    campaign = mailings.campaign(schedule={"when": "at", "at": "2026-03-29T02:30", "timezone": "contact"})
    commands.schedule(campaign, NOW)
    queue_all(campaign.starts_at)
    assert messages(campaign)[0].due_at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # 03:30 in Paris


def test_a_spread_goes_evenly_over_its_hours(small_slices: None) -> None:
    make.contacts(48)
    campaign = mailings.campaign(schedule={"when": "now", "spread_hours": 4})
    commands.send(campaign, NOW)
    until_still()
    assert [message.due_at - NOW for message in messages(campaign)] == [n * 4 * HOUR / 48 for n in range(48)]
    assert states(campaign) == {"sent": 1, "queued": 47}
    until_still(NOW + 2 * HOUR)
    assert states(campaign) == {"sent": 25, "queued": 23}
    until_still(NOW + 4 * HOUR)
    campaign.refresh_from_db()
    assert campaign.state == "sent"


def test_a_spread_begins_in_each_zone_at_its_time() -> None:
    for n in range(4):
        make.contact(f"t{n}@x.com", timezone="Asia/Tokyo")
    campaign = mailings.campaign(
        schedule={"when": "at", "at": "2026-03-11T09:00", "timezone": "contact", "spread_hours": 2}
    )
    commands.schedule(campaign, NOW)
    queue_all(campaign.starts_at)
    first = datetime(2026, 3, 11, tzinfo=UTC)
    assert [message.due_at - first for message in messages(campaign)] == [n * HOUR / 2 for n in range(4)]


def test_the_last_moment_on_earth_is_twenty_six_hours_after_the_first() -> None:
    campaign = mailings.campaign(schedule={"when": "at", "at": "2026-03-11T09:00", "timezone": "contact"})
    first, last = timing.moments(campaign)
    assert last - first == timedelta(hours=26)
