"""Tells who gets a campaign, and how many of them can be written to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from campaigns.courtesy import admitting, recent
from campaigns.courtesy.judging import is_exempt
from campaigns.courtesy.rules import rules_of
from campaigns.models import Campaign, Courtesy
from campaigns.skip_reasons import CAPPED
from contacts import consent, reaching
from contacts.models import Contact
from contacts.segments.compiler import where
from contacts.segments.matching import Matches
from contacts.segments.where import Where, all_of, any_of

_LISTED = (
    'EXISTS (SELECT 1 FROM campaigns_listed l WHERE l.campaign_id = %s AND l.contact_id = "contacts_contact"."id")'
)


@dataclass(frozen=True)
class Counted:
    """How many contacts an audience has, and how many of them are left out, each for one reason, the first that holds
    of: no address on the channel, suppressed, no consent to the channel, none to the topic, frequency cap."""

    total: int = 0
    no_address: int = 0
    suppressed: int = 0
    no_consent: int = 0
    no_topic: int = 0
    capped: int = 0

    @property
    def reachable(self) -> int:
        left_out = self.no_address + self.suppressed + self.no_consent + self.no_topic + self.capped
        return self.total - left_out


def members(campaign: Campaign, now: datetime) -> QuerySet[Contact]:
    """The contacts of its audience, whether they may be written to or not; an unordered queryset.

    Raises contacts.segments.InvalidRule."""
    return Contact.objects.filter(Matches(condition(campaign, now)))


def counted(campaign: Campaign, now: datetime) -> Counted:
    """Exact, in two statements (three where segments are named). Raises contacts.segments.InvalidRule."""
    if not campaign.channel:
        return Counted(members(campaign, now).count())
    found = reaching.reasons(campaign.channel, condition(campaign, now), capped(campaign, now), campaign.topic)
    return Counted(
        total=sum(found.values()),
        no_address=found.get(reaching.NO_ADDRESS, 0),
        suppressed=found.get(consent.SUPPRESSED, 0),
        no_consent=found.get(consent.NO_CONSENT, 0),
        no_topic=found.get(consent.NO_TOPIC, 0),
        capped=found.get(CAPPED, 0),
    )


def capped(campaign: Campaign, now: datetime) -> reaching.Besides:
    """Who would be skipped by a frequency cap if it were sent at this moment; nobody where caps put messages off."""
    kept = Courtesy.current()
    rules = rules_of(kept.rules)
    if not rules.caps or not rules.skips_capped or is_exempt(campaign.topic, rules):
        return None
    admitting.remember(now)
    return recent.at_cap(campaign.channel, rules, now), CAPPED


def condition(campaign: Campaign, now: datetime) -> Where:
    """The same as SQL over the row `contacts_contact`."""
    audience = campaign.audience
    chosen = chosen_by_rules(audience)
    who = [where({"any": chosen}, now)] if chosen else []
    if audience.get("file"):
        who.append(Where(_LISTED, (campaign.pk,)))
    narrow = where({"all": narrowed(audience)}, now)
    return all_of([any_of(who), narrow]) if who else narrow


def rule(audience: dict[str, Any]) -> dict[str, Any]:
    """An audience as one rule tree, without its file: that is the one thing no rule can ask for."""
    chosen = chosen_by_rules(audience)
    return {"all": [*([{"any": chosen}] if chosen else []), *narrowed(audience)]}


def chosen_by_rules(audience: dict[str, Any]) -> list[dict[str, Any]]:
    """Of these, one must hold, where there are any."""
    segments = [{"rule": "segment", "id": pk} for pk in audience.get("segments") or []]
    return [*segments, *({"rule": "tag", "name": name} for name in audience.get("tags") or [])]


def narrowed(audience: dict[str, Any]) -> list[Any]:
    """All of these must hold."""
    excluded = [{"rule": "segment", "id": pk, "in": False} for pk in audience.get("exclude") or []]
    return [*excluded, *([audience["rule"]] if audience.get("rule") else [])]
