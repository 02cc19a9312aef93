"""Tells what somebody should look at: what stands still, is late, failed or comes back; a fixed handful of queries."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db.models import Count, Q
from django.urls import NoReverseMatch, reverse

from campaigns import funding
from campaigns.delivery import breaker
from campaigns.models import Breaker, BreakerState, Budget, Campaign, CampaignState, Provider
from campaigns.models.message import MessageState
from config import glance
from contacts.models import CsvImport
from contacts.models.consent import Channel
from flows import present
from flows.models import Scenario, ScenarioState

# Health is judged by the newest messages only, so that the page costs the same however long the ledger is.
RECENT = 1000
MOST = 5  # of a kind
STUCK = (ScenarioState.PAUSED_ERROR, ScenarioState.PAUSED_BALANCE)
STUCK_CAMPAIGNS = (CampaignState.PAUSED_ERROR, CampaignState.PAUSED_BALANCE)


@dataclass(frozen=True)
class Attention:
    """One thing somebody should look at: a sentence and the URL name (with arguments) where to do so."""

    sentence: str
    url_name: str
    args: tuple[object, ...] = ()
    level: str = "warning"

    @property
    def url(self) -> str:
        try:
            return reverse(self.url_name, args=self.args)
        except NoReverseMatch:
            return ""


def attention(states: dict[str, int], days: glance.Days, today: date, now: datetime) -> list[Attention]:
    """The worst first. `states` are those of the newest messages, `days` the counts of the last sixty days."""
    found = [
        *_standing_still(),
        *_left_alone(),
        *_money(),
        *_failed(),
        *_late(now),
        *_messages(states, days, today),
        *_imports(),
    ]
    return sorted(found, key=lambda item: item.level != "danger")


def _standing_still() -> Iterator[Attention]:
    # Chains are told of as campaigns.
    scenarios = Scenario.objects.filter(Q(state__in=STUCK) | ~Q(state_reason=""), campaign=None)
    for scenario in scenarios.order_by("-id")[:MOST]:
        why = scenario.state_reason or scenario.get_state_display()
        yield Attention(f"“{scenario.name}” stands still: {why}", "scenario_editor", (scenario.pk,), "danger")
    campaigns = Campaign.objects.filter(Q(state__in=STUCK_CAMPAIGNS) | ~Q(state_reason=""), archived_at=None)
    for campaign in campaigns.order_by("-id")[:MOST]:
        why = campaign.state_reason or campaign.get_state_display()
        yield Attention(
            f"The campaign “{campaign.name}” stands still: {why}", "campaign_page", (campaign.pk,), "danger"
        )


def _left_alone() -> Iterator[Attention]:
    broken = Breaker.objects.exclude(state=BreakerState.CLOSED).filter(provider__enabled=True)
    for found in broken.select_related("provider").order_by("provider_id")[:MOST]:
        words = breaker.sentence(found.provider)
        yield Attention(words, "provider_edit", (found.provider_id,), "danger")


def _money() -> Iterator[Attention]:
    budget = Budget.objects.first()
    if budget and funding.is_low(budget):
        left = f"{budget.balance:,.2f} {settings.CURRENCY}"
        if budget.is_empty:
            yield Attention(f"The budget is used up: {left} are left.", "budget", (), "danger")
        else:
            yield Attention(f"Only {left} are left in the budget.", "budget")


def _failed() -> Iterator[Attention]:
    for scenario, n in present.most_failed(MOST):
        contacts = "1 contact" if n == 1 else f"{n:,} contacts"
        yield Attention(f"{contacts} failed in “{scenario.name}”.", "scenario_editor", (scenario.pk,), "danger")


def _late(now: datetime) -> Iterator[Attention]:
    for scenario, n in present.latest(now, MOST):
        more = " or more" if n >= present.MOST_LATE else ""
        are = "contact is" if n == 1 else "contacts are"
        yield Attention(
            f"{n:,}{more} {are} late in “{scenario.name}”: they should have gone on more than five minutes ago.",
            "scenario_editor",
            (scenario.pk,),
        )


def _messages(states: dict[str, int], days: glance.Days, today: date) -> Iterator[Attention]:
    enabled = Provider.objects.aggregate(
        **{channel: Count("id", filter=Q(channel=channel, enabled=True)) for channel in Channel.values}
    )
    if not enabled[Channel.EMAIL]:
        yield Attention("No provider delivers email.", "provider_list")
    if rising := glance.rising_bounces(days, today):
        yield Attention(rising, "message_list")
    of = f"of the last {min(RECENT, sum(states.values())):,} messages"
    for state, words in (
        (MessageState.FAILED, "failed"),
        (MessageState.BOUNCED, "bounced"),
        (MessageState.UNKNOWN, "have an unknown outcome"),
    ):
        if states.get(state):
            yield Attention(f"{states[state]:,} {of} {words}.", "message_list")


def _imports() -> Iterator[Attention]:
    for file in CsvImport.objects.order_by("-id")[:MOST]:
        if file.state == CsvImport.State.FAILED:
            yield Attention(f"The import of “{file.name}” failed.", "import_page", (file.pk,))
