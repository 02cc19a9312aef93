"""What the home page tells of now: how far a new installation is, what runs, what went out last."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Sum

from campaigns import reviewing
from campaigns import stats as message_stats
from campaigns.mailings import queueing
from campaigns.mailings import stats as campaign_stats
from campaigns.models import Campaign, CampaignState, Message, Provider
from campaigns.models.campaign import Kind
from config.attention import RECENT
from contacts.models import Contact
from flows import present
from flows import stats as flow_stats
from flows.models import NodeCount, Scenario
from flows.models.scenario import ScenarioState


@dataclass(frozen=True)
class Progress:
    """How far a new installation has come."""

    delivering: bool
    contacts: bool
    drawn: bool
    started: bool

    @property
    def complete(self) -> bool:
        return self.contacts and self.drawn and self.started


def progress() -> Progress:
    return Progress(
        delivering=Provider.objects.filter(enabled=True).exclude(kind="local").exists(),
        contacts=Contact.objects.exists(),
        drawn=Scenario.objects.exists(),
        started=Scenario.objects.filter(started_at__isnull=False).exists(),
    )


def running(limit: int = 6) -> list[Scenario]:
    """Running scenarios, newest start first, each with its `counts`: entered, inside and sent."""
    found = Scenario.objects.filter(state=ScenarioState.RUNNING).select_related("flow")
    scenarios = list(found.order_by("-started_at", "-id")[:limit])
    counts = flow_stats.overview(scenarios)
    for scenario in scenarios:
        scenario.counts = counts[scenario.pk]  # type: ignore[attr-defined]
    return scenarios


def sending(limit: int = 6) -> list[Campaign]:
    """Campaigns that are being sent, newest start first, each with how far it is: `queued`, `done`, `percent`."""
    campaigns = list(
        Campaign.objects.filter(state=CampaignState.SENDING, kind=Kind.MAILING).order_by("-started_at", "-id")[:limit]
    )
    keys = {campaign.pk: set(queueing.origins_of(campaign).values()) for campaign in campaigns}
    counts = message_stats.counts(set().union(*keys.values())) if keys else {}
    over = campaign_stats.dones(counts)
    for campaign in campaigns:
        total = Counter[str]()
        for key in keys[campaign.pk]:
            total.update(counts.get(key, {}))
        done = sum(over.get(key, 0) for key in keys[campaign.pk])
        whole = campaign.audience_count or total["queued"]
        campaign.done, campaign.queued = done, total["queued"]  # type: ignore[attr-defined]
        campaign.percent = min(done * 100 // whole, 100) if whole else 0  # type: ignore[attr-defined]
    return campaigns


def inside() -> int:
    """How many contacts are in the scenarios that run, by the counts."""
    running = Scenario.objects.filter(state=ScenarioState.RUNNING).values_list("pk", flat=True)
    waiting = NodeCount.objects.filter(metric="waiting", scenario__in=running).aggregate(n=Sum("n"))["n"] or 0
    return waiting + sum(present.pending(running).values())


def recent_states() -> dict[str, int]:
    """How the newest messages fare: state → count."""
    newest = Message.objects.order_by("-id").values("state")[:RECENT]
    states: dict[str, int] = {}
    for row in newest:
        states[row["state"]] = states.get(row["state"], 0) + 1
    return states


def last_messages(limit: int = 8) -> list[Message]:
    """The newest messages, each with its `subject` as the contact reads it."""
    messages = list(Message.objects.select_related("contact", "content").order_by("-id")[:limit])
    for message in messages:
        message.subject = " ".join(reviewing.subject_of(message).split())  # type: ignore[attr-defined]
    return messages
