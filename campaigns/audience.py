"""Whom a campaign is for."""

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from campaigns.models import Campaign, Listed
from contacts import segments
from contacts.models import Contact


def members(campaign: Campaign, now: datetime) -> QuerySet[Contact]:
    """Whoever the campaign's audience names at this moment, unordered."""
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
