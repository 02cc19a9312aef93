"""Counts anew, row by row in plain loops, what pages tell of scenarios, campaigns and messages: from the ledger, the
passes with their steps, the conversions and the timeline, and from no count."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from campaigns.models import Conversion, Hit, Message
from contacts.models import Event
from flows.models import Errand, Execution, Scenario, Step
from tests.recount import MOMENTS

Span = tuple[date, date] | None
INSIDE = ("pending", "waiting")
OVER = ("ended", "exited", "failed")


class Facts:
    """Everything that happened, read once."""

    def __init__(self, zone: str) -> None:
        self.zone = ZoneInfo(zone)
        self.messages = list(Message.objects.select_related("origin", "content").order_by("pk"))
        self.executions = list(Execution.objects.order_by("pk"))
        self.conversions = list(Conversion.objects.order_by("pk"))
        self.errands = list(Errand.objects.order_by("pk"))
        self.steps: dict[int, list[Step]] = defaultdict(list)
        for step in Step.objects.order_by("execution_id", "number"):
            self.steps[step.execution_id].append(step)

    def day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def within(self, at: datetime | None, span: Span) -> bool:
        return at is not None and (span is None or span[0] <= self.day(at) <= span[1])

    # Of messages

    def of_origin(self, prefix: str) -> list[Message]:
        """Those of the origin itself, and of those that continue it."""
        return [one for one in self.messages if f"{one.origin.key}:".startswith(f"{prefix}:")]

    @cached_property
    def converted_at(self) -> dict[int, datetime]:
        return {one.message_id: one.at for one in self.conversions if one.first}

    @cached_property
    def by_machines(self) -> dict[int, dict[str, datetime]]:
        """When a machine first opened a message, and first clicked in it."""
        found: dict[int, dict[str, datetime]] = defaultdict(dict)
        for hit in Hit.objects.exclude(machine="").order_by("pk"):
            found[hit.message_id].setdefault("machine_opened" if hit.number is None else "machine_clicked", hit.at)
        return found

    def moments(self, message: Message) -> Iterator[tuple[str, datetime]]:
        for metric, column in MOMENTS.items():
            if at := getattr(message, column):
                yield metric, at
        if at := self.converted_at.get(message.pk):
            yield "converted", at
        yield from self.by_machines.get(message.pk, {}).items()

    def counted(self, messages: Iterable[Message], span: Span = None) -> Counter[str]:
        """Metric → how many of these messages."""
        return Counter(m for one in messages for m, at in self.moments(one) if self.within(at, span))

    def by_day(self, messages: Iterable[Message]) -> dict[date, Counter[str]]:
        found: dict[date, Counter[str]] = defaultdict(Counter)
        for one in messages:
            for metric, at in self.moments(one):
                found[self.day(at)][metric] += 1
        return found

    def why_skipped(self, messages: Iterable[Message], span: Span = None) -> Counter[str]:
        skipped = (one for one in messages if one.state == "skipped")
        return Counter(one.reason for one in skipped if self.within(one.skipped_at, span))

    def earned(self, messages: Iterable[Message], span: Span = None) -> dict[str, Decimal]:
        """By currency, what the conversions of these messages were worth; nothing where it adds up to nothing."""
        ids = {one.pk for one in messages}
        found: dict[str, Decimal] = defaultdict(Decimal)
        for one in self.conversions:
            if one.message_id in ids and one.value is not None and self.within(one.at, span):
                found[one.currency] += one.value
        return {currency: amount for currency, amount in found.items() if amount}

    def clicks(self, span: Span, wanted: Callable[[Message], bool] = lambda message: True) -> Counter[tuple]:
        """(origin, content, number) → in how many messages, and ("people" behind) how many clicked it for once."""
        known = {one.pk: one for one in self.messages}
        found: Counter[tuple] = Counter()
        seen = set()
        for event in Event.objects.filter(name__in=["email.clicked", "sms.clicked"]).order_by("at", "pk"):
            message = known[event.properties["message"]]
            link = message.origin.key, message.content_id, event.properties["link"]
            fresh = (*link, message.contact_id) not in seen
            seen.add((*link, message.contact_id))
            if wanted(message) and self.within(event.at, span):
                found[link] += 1
                found[*link, "people"] += fresh
        return +found

    # Of passes

    def passes(self, scenario: Scenario) -> list[Execution]:
        return [one for one in self.executions if one.scenario_id == scenario.pk]

    def at_nodes(self, scenario: Scenario, span: Span = None) -> dict[str, Counter[str]]:
        """Node → entered, "left:PORT", ended, exited, failed. Somebody came to a node when they left the one before;
        on an errand, whose steps are below zero, they are there for that moment."""
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for one in self.passes(scenario):
            came = one.entered_at
            for step in self.steps[one.pk]:
                if step.number < 0:
                    if self.within(step.at, span):
                        found[step.node].update(["entered", f"left:{step.outcome}"])
                    continue
                if self.within(came, span):
                    found[step.node]["entered"] += 1
                if self.within(step.at, span):
                    name = {"end": "ended", "exited": "exited", "failed": "failed"}.get(step.outcome)
                    found[step.node][name or f"left:{step.outcome}"] += 1
                came = step.at
            if one.state == "waiting" and self.within(came, span):
                found[one.node]["entered"] += 1
        return found

    def standing(self, scenario: Scenario) -> Counter[str]:
        """Node → who rests there now."""
        return Counter(one.node for one in self.passes(scenario) if one.state == "waiting")

    def inside(self, scenario: Scenario) -> int:
        return sum(one.state in INSIDE for one in self.passes(scenario))

    def late(self, scenario: Scenario) -> Counter[str]:
        """Node → who will get it though they are past its place."""
        return Counter(one.node for one in self.errands if one.scenario_id == scenario.pk)

    def whole_passes(self, scenario: Scenario, span: Span = None) -> Counter[str]:
        """How many entered, and how their passes were over."""
        passes = self.passes(scenario)
        found = Counter(one.state for one in passes if self.within(one.finished_at, span))
        found["entered"] = sum(self.within(one.entered_at, span) for one in passes)
        return +found

    def cohorts(self, scenario: Scenario) -> dict[date, tuple[int, Counter[int]]]:
        """Monday → how many entered in that week, and how many weeks after it so many had completed."""
        found: dict[date, tuple[int, Counter[int]]] = {}
        for one in self.passes(scenario):
            week = _monday(self.day(one.entered_at))
            entered, done = found.get(week, (0, Counter()))
            if one.state == "completed" and one.finished_at:
                done[(_monday(self.day(one.finished_at)) - week).days // 7] += 1
            found[week] = entered + 1, done
        return found

    def ways(self, scenario: Scenario, node: str) -> dict[str, tuple[int, int, dict[str, Decimal]]]:
        """Port → how often it was taken, how many of those passages converted, and what they brought in: a conversion
        counts for the last way out of the node that its pass had taken before."""
        taken, converted = Counter[str](), Counter[str]()
        earned: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        ids = {one.pk: one for one in self.of_origin(scenario.origin)}
        for one in self.passes(scenario):
            passages = [step for step in self.steps[one.pk] if step.node == node and step.outcome not in (*OVER, "end")]
            taken.update(step.outcome for step in passages)
            done = set()
            for each in self.conversions:
                message = ids.get(each.message_id)
                before = [step for step in passages if step.at < each.at]
                if message is None or message.origin_pass != one.pk or not before:
                    continue
                done.add(before[-1].number)
                if each.value is not None:
                    earned[before[-1].outcome][each.currency] += each.value
            converted.update(step.outcome for step in passages if step.number in done)
        return {
            port: (n, converted[port], {currency: amount for currency, amount in earned[port].items() if amount})
            for port, n in taken.items()
        }


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
