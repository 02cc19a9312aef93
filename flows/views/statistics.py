"""The statistics under the canvas: what a scenario came to in a period, and who is in it now."""

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from contacts import day_bars, periods
from contacts.days import day_of
from contacts.periods import Period
from flows import canvas, period_stats, present
from flows.models import Scenario
from flows.period_stats import Numbers
from flows.views.editor import may_view, scenario_of

# What the panel shows of a period, as (metric, label, tone); in their order.
SHOWN = (
    ("entered", "Entered", "plain"),
    ("completed", "Completed", "success"),
    ("failed", "Errors", "danger"),
    ("sent", "Sent", "plain"),
    ("converted", "Conversions", "success"),
)


@may_view
@require_GET
def statistics(request: HttpRequest, pk: int) -> HttpResponse:
    """`?period=` or `?from=&to=`; by default the last seven days."""
    scenario, now = scenario_of(pk), timezone.now()
    period, problem = asked(request)
    numbers, inside = period_stats.of_scenario(scenario, period), present.now_in(scenario, now)
    return render(
        request,
        "flows/_statistics.html",
        {
            "scenario": scenario,
            "today": day_of(now),
            "now": inside,
            "failed_at": failures(scenario, inside),
            "tiles": tiles(numbers, day_of(now)),
            "rows": rows(numbers, day_of(now)),
            "choice": choice(numbers.period, problem),
        },
    )


def asked(request: HttpRequest, otherwise: str = periods.DEFAULT) -> tuple[Period, str]:
    """The period that a request asks for, and why it was not understood, in which case it is the usual one."""
    today = day_of(timezone.now())
    try:
        return periods.asked(request.GET, today, otherwise), ""
    except periods.Unreadable as error:
        return periods.preset(otherwise, today), str(error)


def choice(period: Period, problem: str = "") -> dict[str, Any]:
    """What the form for choosing a period needs."""
    return {"period": period, "presets": periods.PRESETS, "problem": problem}


def tiles(numbers: Numbers, today: date) -> list[dict[str, Any]]:
    found = []
    for metric, label, tone in SHOWN:
        by_day = numbers.of(metric)
        total = numbers.totals[metric]
        found.append(
            {
                "metric": metric,
                "label": label,
                "tone": tone,
                "total": total,
                "before": total - sum(n for day, n in by_day if day == today),
                "bars": day_bars.drawn(by_day, today),
            }
        )
    return found


def rows(numbers: Numbers, today: date) -> list[dict[str, Any]]:
    """The bars of all tiles as a table, the newest first."""
    drawn = {metric: day_bars.drawn(numbers.of(metric), today).bars for metric, _, _ in SHOWN}
    return [
        {"words": bars[0].words, "today": bars[0].today, "bars": list(zip(drawn, bars, strict=True))}
        for bars in reversed(list(zip(*drawn.values(), strict=True)))
    ]


def failures(scenario: Scenario, now: present.Now) -> list[tuple[str, str, int]]:
    """(node, what to call it, how many) of where passes have failed, most of them first."""
    names = canvas.names(scenario.flow.graph) if scenario.flow and now.failed_at else {}
    found = [(node, names.get(node, "A step that was removed"), n) for node, n in now.failed_at.items()]
    return sorted(found, key=lambda each: -each[2])
