"""Tells what will happen by itself next: starts and runs of scenarios, campaigns, and winners to be chosen."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import NoReverseMatch, reverse

from campaigns.models import Campaign, CampaignState
from flows.models import Scenario, ScenarioState

MOST = 6


@dataclass(frozen=True)
class Coming:
    """One thing: at which moment, what happens, to what, and the URL name of its page."""

    at: datetime
    what: str
    name: str
    url_name: str
    pk: int

    @property
    def url(self) -> str:
        try:
            return reverse(self.url_name, args=[self.pk])
        except NoReverseMatch:
            return ""


def upcoming(now: datetime) -> list[Coming]:
    """The next MOST things, the first one first. Four queries, each of a few rows by the index over its moments."""
    scenarios = [
        # Chains are told of as campaigns.
        (
            "Starts",
            "starts_at",
            Scenario.objects.filter(state=ScenarioState.SCHEDULED, starts_at__gt=now, campaign=None),
        ),
        ("Runs next", "next_run_at", Scenario.objects.filter(state=ScenarioState.RUNNING, next_run_at__gt=now)),
    ]
    campaigns = [
        ("Is sent", "starts_at", Campaign.objects.filter(state=CampaignState.SCHEDULED, starts_at__gt=now)),
        (
            "Its winner is chosen",
            "decides_at",
            Campaign.objects.filter(state=CampaignState.SENDING, decides_at__gt=now),
        ),
    ]
    found = []
    for url_name, parts in (("scenario_editor", scenarios), ("campaign_page", campaigns)):
        for what, moment, rows in parts:
            for at, name, pk in rows.order_by(moment).values_list(moment, "name", "pk")[:MOST]:
                found.append(Coming(at, what, name, url_name, pk))
    return sorted(found, key=lambda one: one.at)[:MOST]
