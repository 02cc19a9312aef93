"""Lists campaigns with what came of each: a fixed number of queries for a page, whatever was sent."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet

from campaigns import stats
from campaigns.models import Campaign, Kind, Origin

VARIANTS = "abcd"


@dataclass(frozen=True)
class Line:
    """A campaign, and the sums of its messages; rates are per cent of what was sent, None where nothing was."""

    campaign: Campaign
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def messages(self) -> int:
        return self.counts.get("queued", 0)

    @property
    def sent(self) -> int:
        return self.counts.get("sent", 0)

    @property
    def opened(self) -> float | None:
        return self._rate("opened")

    @property
    def clicked(self) -> float | None:
        return self._rate("clicked")

    def _rate(self, metric: str) -> float | None:
        return 100 * self.counts.get(metric, 0) / self.sent if self.sent else None


def narrowed(asked: dict[str, Any]) -> QuerySet[Campaign]:
    """Those that a CampaignListForm asks for; what is archived only where that is asked for."""
    rows = Campaign.objects.filter(archived_at__isnull=asked.get("archived") != "only")
    for name in ("state", "channel", "kind"):
        if asked.get(name):
            rows = rows.filter(**{name: asked[name]})
    if asked.get("q"):
        rows = rows.filter(name__icontains=asked["q"])
    return rows


def lines(campaigns: Sequence[Campaign]) -> list[Line]:
    """One query for the origins of chains, one for all counts."""
    sums: dict[int, dict[str, int]] = {campaign.pk: {} for campaign in campaigns}
    mailings = [campaign.pk for campaign in campaigns if campaign.kind == Kind.MAILING]
    origins = {f"campaign:{campaign}:{key}": campaign for campaign in mailings for key in VARIANTS}
    # Whatever a chain has sent: its steps as they are saved are not all, for some were taken out after they were sent.
    chains = [Q(key__startswith=f"{one.origin}:") for one in campaigns if one.kind == Kind.CHAIN]
    if chains:
        for key in Origin.objects.filter(reduce(or_, chains)).values_list("key", flat=True):
            origins[key] = int(key.split(":")[1])
    for origin, counts in stats.counts(list(origins)).items():
        total = sums[origins[origin]]
        for metric, n in counts.items():
            total[metric] = total.get(metric, 0) + n
    return [Line(campaign, sums[campaign.pk]) for campaign in campaigns]
