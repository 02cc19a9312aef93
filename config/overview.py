"""What the home page tells: what runs, what needs attention, what went out last; a fixed handful of small queries."""

from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.urls import reverse

from campaigns import reviewing
from campaigns.models import Message, OriginCount, Provider
from campaigns.models.message import MessageState
from contacts.models import Contact, CsvImport
from contacts.models.consent import Channel
from flows import stats as flow_stats
from flows.models import Execution, NodeCount, Scenario
from flows.models.execution import ExecutionState
from flows.models.scenario import ScenarioState

# Health is judged by the newest messages only, so that the page costs the same however long the ledger is.
RECENT = 1000
RUNNING = (ScenarioState.RUNNING, ScenarioState.SCHEDULED)
STUCK = (ScenarioState.PAUSED_ERROR, ScenarioState.PAUSED_BALANCE)


@dataclass(frozen=True)
class Attention:
    """One thing somebody should look at: a sentence and the URL name (with arguments) where to do so."""

    sentence: str
    url_name: str
    args: tuple[object, ...] = ()
    level: str = "warning"

    @property
    def url(self) -> str:
        return reverse(self.url_name, args=self.args)


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
    scenarios = list(
        Scenario.objects.filter(state__in=RUNNING).select_related("flow").order_by("-started_at", "-id")[:limit]
    )
    counts = flow_stats.overview(scenarios)
    for scenario in scenarios:
        scenario.counts = counts[scenario.pk]  # type: ignore[attr-defined]
    return scenarios


def figures() -> list[tuple[str, int]]:
    """What has come of everything so far, as (words, number): sums of counts, never a scan of the ledger."""
    sums = dict(
        OriginCount.objects.filter(metric__in=["sent", "opened", "clicked"]).values_list("metric").annotate(Sum("n"))
    )
    inside = NodeCount.objects.filter(metric="waiting").aggregate(n=Sum("n"))["n"]
    return [
        ("contacts inside scenarios now", inside or 0),
        ("messages sent", sums.get("sent", 0)),
        ("opened", sums.get("opened", 0)),
        ("clicked", sums.get("clicked", 0)),
    ]


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


def attention(states: dict[str, int]) -> list[Attention]:
    found = [
        Attention(
            f"“{scenario.name}” stands still: {scenario.state_reason or scenario.get_state_display()}",
            "scenario_editor",
            (scenario.pk,),
            level="danger",
        )
        for scenario in Scenario.objects.filter(Q(state__in=STUCK) | ~Q(state_reason=""))[:5]
    ]
    waiting_for = Provider.objects.aggregate(
        **{channel: Count("id", filter=Q(channel=channel, enabled=True)) for channel in Channel.values}
    )
    if not waiting_for[Channel.EMAIL]:
        found.append(Attention("No provider delivers email.", "provider_list"))
    of = f"of the last {min(RECENT, sum(states.values())):,} messages"
    for state, words in (
        (MessageState.FAILED, "failed"),
        (MessageState.BOUNCED, "bounced"),
        (MessageState.UNKNOWN, "have an unknown outcome"),
    ):
        if states.get(state):
            found.append(Attention(f"{states[state]:,} {of} {words}.", "message_list"))
    broken = Execution.objects.filter(scenario=OuterRef("pk"), state=ExecutionState.FAILED)
    found += [
        Attention(f"Contacts failed in “{scenario.name}”.", "scenario_editor", (scenario.pk,), level="danger")
        for scenario in Scenario.objects.filter(Exists(broken), state__in=RUNNING)[:5]
    ]
    found += [
        Attention(f"The import of “{file.name}” failed.", "import_page", (file.pk,))
        for file in CsvImport.objects.order_by("-id")[:5]
        if file.state == CsvImport.State.FAILED
    ]
    return found
