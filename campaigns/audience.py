"""Tells who gets a campaign, and how many of them can be written to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from campaigns.models import Campaign, Listed
from contacts import segments
from contacts.models import Contact


@dataclass(frozen=True)
class Counted:
    """How many contacts an audience has, and how many of them are left out, each for one reason, the first that holds
    of: no address on the channel, suppressed, no consent, frequency cap."""

    total: int = 0
    no_address: int = 0
    suppressed: int = 0
    no_consent: int = 0
    capped: int = 0

    @property
    def reachable(self) -> int:
        return self.total - self.no_address - self.suppressed - self.no_consent - self.capped


def members(campaign: Campaign, now: datetime) -> QuerySet[Contact]:
    """The contacts of its audience, whether they may be written to or not; an unordered queryset.

    Raises contacts.segments.InvalidRule."""
    chosen = campaign.audience
    named: list[dict[str, Any]] = [{"rule": "segment", "id": pk} for pk in chosen.get("segments") or []]
    named += [{"rule": "tag", "name": name} for name in chosen.get("tags") or []]
    rules = [{"not": {"rule": "segment", "id": pk}} for pk in chosen.get("exclude") or []]
    rules += [chosen["rule"]] if chosen.get("rule") else []
    found = segments.audience({"all": rules}, now)
    if chosen.get("file"):
        listed = Exists(Listed.objects.filter(campaign=campaign, contact=OuterRef("pk")))
        inside = segments.audience({"any": named}, now).values("pk") if named else None
        return found.filter(listed) if inside is None else found.filter(listed) | found.filter(pk__in=inside)
    return found.filter(pk__in=segments.audience({"any": named}, now).values("pk")) if named else found


def counted(campaign: Campaign, now: datetime) -> Counted:
    """Exact, in one statement (two where segments are named). Raises contacts.segments.InvalidRule."""
    return Counted(members(campaign, now).count())
