"""Works out when the messages of a campaign are due: now, at one moment, or when clocks where a contact lives show it.

Where that is over already in a contact's zone when the campaign begins, the message is due at once. With an A/B test,
those who get the winner get it at the same time of day: at the first such moment after the winner is known.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from campaigns.models import Campaign
from contacts import zones
from contacts.contact_zones import zones_of

OWN_ZONE = "contact"  # in place of an IANA name: each contact's own
MOST_SPREAD_HOURS = 24 * 30


def is_timed(campaign: Campaign) -> bool:
    return campaign.schedule.get("when") == "at" and bool(campaign.schedule.get("at"))


def in_own_zones(campaign: Campaign) -> bool:
    return is_timed(campaign) and campaign.schedule.get("timezone") == OWN_ZONE


def local(campaign: Campaign) -> datetime:
    """What the clocks show, naive."""
    return datetime.fromisoformat(campaign.schedule["at"])


def first_moment(campaign: Campaign) -> datetime:
    """When it is to begin: with each contact's own zone, when the first clocks on Earth show its time."""
    return moments(campaign)[0]


def last_moment(campaign: Campaign) -> datetime:
    return moments(campaign)[1]


def moments(campaign: Campaign) -> tuple[datetime, datetime]:
    at = local(campaign)
    if not in_own_zones(campaign):
        moment = zones.resolve(at, campaign.schedule["timezone"])
        return moment, moment
    everywhere = [zones.resolve(at, name) for name in zones.names()]
    return min(everywhere), max(everywhere)


def spread(campaign: Campaign) -> timedelta:
    return timedelta(hours=float(campaign.schedule.get("spread_hours") or 0))


def dues(campaign: Campaign, contact_ids: Sequence[int], now: datetime) -> list[datetime]:
    """When the message to each of the next contacts of its phase is due. One query where they have their own zones."""
    began = campaign.phase_at or now
    if in_own_zones(campaign):
        at, own = local(campaign), zones_of(contact_ids)
        of_zone = cache(lambda name: _next(at, name, began, again=bool(campaign.winner)))
        bases = [of_zone(own[pk]) if pk in own else began for pk in contact_ids]
    else:
        bases = [began] * len(contact_ids)
    span = spread(campaign)
    if not span:
        return bases
    whole = max(campaign.audience_count or 0, 1)
    return [base + span * ((campaign.phase_count + place) / whole) for place, base in enumerate(bases)]


def _next(at: datetime, zone: str, began: datetime, again: bool) -> datetime:
    moment = zones.resolve(at, zone)
    if moment >= began or not again:
        return max(moment, began)
    days = (began - moment).days
    return next(later for more in range(3) if (later := zones.resolve(at + timedelta(days=days + more), zone)) >= began)


def late(campaign: Campaign, counts: dict[str, Any], now: datetime) -> int:
    """How many of the contacts counted by zone live where its time is over already."""
    at = local(campaign)
    return sum(n for zone, n in counts.items() if zones.resolve(at, zone) < now)
