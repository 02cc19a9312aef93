"""Follows those who entered a scenario in the same week: how many of them had completed it after so many weeks."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Sum

from contacts.days import day_of
from contacts.models import Installation
from contacts.zones import zone
from flows.kept_graphs import graph_of
from flows.models import NodeCount, Scenario

WEEKS = 12

# Of an index that holds nothing but these passes, in this order.
_COMPLETED = """
SELECT date_trunc('week', entered_at AT TIME ZONE %(zone)s)::date AS week,
    (date_trunc('week', finished_at AT TIME ZONE %(zone)s)::date
     - date_trunc('week', entered_at AT TIME ZONE %(zone)s)::date) / 7 AS after, count(*)
FROM flows_execution
WHERE state = 'completed' AND scenario_id = %(scenario)s AND entered_at >= %(since)s AND entered_at < %(until)s
GROUP BY 1, 2
"""


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
    """The newest weeks first; weeks in which nobody entered are left out. Who entered comes from counts."""
    today = day_of(now)
    this_week = today - timedelta(days=today.weekday())
    first = this_week - timedelta(weeks=weeks - 1)
    entered = _entered(scenario, first, today)
    completed: dict[date, dict[int, int]] = defaultdict(dict)
    for week, after, n in _completed(scenario, first, today):
        completed[week][after] = n
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


def _completed(scenario: Scenario, first: date, last: date) -> list[tuple[date, int, int]]:
    name = Installation.current().zone_name
    midnight = datetime.min.time()
    values: dict[str, Any] = {
        "zone": name,
        "scenario": scenario.pk,
        "since": datetime.combine(first, midnight, zone(name)),
        "until": datetime.combine(last + timedelta(days=1), midnight, zone(name)),
    }
    with connection.cursor() as cursor:
        cursor.execute(_COMPLETED, values)
        return cursor.fetchall()
