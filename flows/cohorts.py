"""Follows those who entered a scenario in the same week: how many of them had completed it after so many weeks."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db.models import Sum

from contacts.days import day_of
from flows.kept_graphs import graph_of
from flows.models import NodeCount, Scenario

WEEKS = 12

# What the metric of those who completed begins with, before the Monday of the week in which they had entered; the day
# of that count is the one on which they completed.
COHORT = "cohort:"


def cohort_of(day: date) -> str:
    return f"{COHORT}{day - timedelta(days=day.weekday())}"


@dataclass(frozen=True)
class Cohort:
    """Those who entered in the week that begins on `week`. `done` holds, for the week of entry and each that followed
    it, how many had completed the scenario by its end; weeks that are still to come are left out."""

    week: date
    entered: int
    done: list[int]

    to_come: range = range(0)  # as many as the oldest cohort has more

    @property
    def cells(self) -> list[tuple[int, float | None]]:
        """Each of `done` with its share of those who entered."""
        return [(n, n / self.entered if self.entered else None) for n in self.done]


def cohorts(scenario: Scenario, now: datetime, weeks: int = WEEKS) -> list[Cohort]:
    """The newest weeks first; weeks in which nobody entered are left out. Of counts alone: two queries, and
    one for the versions."""
    today = day_of(now)
    this_week = today - timedelta(days=today.weekday())
    first = this_week - timedelta(weeks=weeks - 1)
    entered = _entered(scenario, first, today)
    completed: dict[date, dict[int, int]] = defaultdict(dict)
    for week, day, n in _completed(scenario, first, this_week):
        after = (day - week).days // 7
        completed[week][after] = completed[week].get(after, 0) + n
    found = []
    for week in sorted(entered, reverse=True):
        so_far, done = 0, []
        for after in range((this_week - week).days // 7 + 1):
            so_far += completed[week].get(after, 0)
            done.append(so_far)
        found.append(Cohort(week, entered[week], done))
    longest = max((len(one.done) for one in found), default=0)
    return [replace(one, to_come=range(longest - len(one.done))) for one in found]


def _entered(scenario: Scenario, first: date, last: date) -> dict[date, int]:
    """Passes by the week in which they began: counts of the node that contacts enter through, in every version."""
    graphs = [graph_of(flow) for flow in scenario.flows.values_list("pk", flat=True)]
    triggers = {graph.trigger.id for graph in graphs if graph.trigger}
    rows = NodeCount.objects.filter(scenario=scenario, node__in=triggers, metric="entered", day__range=(first, last))
    weeks: dict[date, int] = defaultdict(int)
    for day, n in rows.values_list("day").annotate(n=Sum("n")):
        weeks[day - timedelta(days=day.weekday())] += n
    return {week: n for week, n in weeks.items() if n}


def _completed(scenario: Scenario, first: date, last: date) -> list[tuple[date, date, int]]:
    """(the week in which they entered, the day on which they completed, how many)."""
    weeks = [cohort_of(first + timedelta(weeks=n)) for n in range((last - first).days // 7 + 1)]
    rows = NodeCount.objects.filter(scenario=scenario, node="", metric__in=weeks, day__isnull=False)
    counted = rows.values_list("metric", "day").annotate(n=Sum("n"))
    return [(date.fromisoformat(metric.removeprefix(COHORT)), day, n) for metric, day, n in counted if day]
