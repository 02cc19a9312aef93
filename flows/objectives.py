"""What a scenario is meant to achieve: nothing, an open, a click, or an event of its own, within some days."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F

from campaigns.models import Message
from contacts import segments
from contacts.columns import literal
from flows.graph import Problem, unstorable
from flows.models import Execution, Scenario

KINDS = {"opened": "Opened a message", "clicked": "Clicked a link", "event": "Did something (an event)"}
PARTS = {"kind", "within_days", "event", "filter"}
MOST_DAYS = 366
# What happens to a contact when a message did what the objective wants.
_EVENTS = {"opened": ("email.opened",), "clicked": ("email.clicked", "sms.clicked")}


def problems(objective: Any) -> list[Problem]:
    """Why this cannot be an objective. `{}` is none; otherwise `{"kind", "within_days", "event", "filter"}`."""
    return [Problem(None, f"Objective: {sentence}") for sentence in _sentences(objective)]


def _sentences(objective: Any) -> list[str]:
    if not isinstance(objective, dict):
        return ["use an object such as {“kind”: “clicked”, “within_days”: 7}."]
    if not objective:
        return []
    if problems := unstorable(objective):
        return [problem.message for problem in problems]
    found = [f"it has no “{name[:50]}”." for name in objective.keys() - PARTS]
    if objective.get("kind") not in list(KINDS):
        found.append(f"choose one of {', '.join(KINDS)}.")
    days = objective.get("within_days")
    if days is not None and (not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= MOST_DAYS):
        found.append(f"the number of days goes from 1 to {MOST_DAYS}.")
    if objective.get("kind") == "event":
        name = objective.get("event")
        if not isinstance(name, str) or not name.strip() or len(name) > 100:
            found.append("name the event.")
        found += segments.problems(objective.get("filter"), segments.Scope(event=True))
    return found


def sentence(objective: dict[str, Any]) -> str:
    """The objective in words, for pages."""
    if not objective:
        return "No objective"
    what = f"“{objective['event']}” happened" if objective["kind"] == "event" else KINDS[objective["kind"]]
    days = objective.get("within_days")
    return f"{what} within {days} day{'' if days == 1 else 's'}" if days else what


def events(objective: dict[str, Any]) -> tuple[str, ...]:
    """The names of the events by which the objective may be reached."""
    if not objective:
        return ()
    return _EVENTS.get(objective["kind"]) or (objective["event"],)


def reached(scenario: Scenario, passes: Sequence[int], now: datetime) -> set[int]:
    """Those of the scenario's passes in which the objective was reached: after the contact entered, and in time."""
    objective = scenario.objective
    if not objective or not passes:
        return set()
    if objective["kind"] == "event":
        return _by_event(objective, passes, now)
    field = f"{objective['kind']}_at"
    found = Message.objects.filter(
        origin_pass__in=list(passes), origin__key__startswith=f"{scenario.origin}:", **{f"{field}__isnull": False}
    )
    moments = dict(found.order_by(F(field).desc()).values_list("origin_pass", field))  # the first of each pass
    if not objective.get("within_days"):
        return set(moments)
    span = timedelta(days=objective["within_days"])
    entered = Execution.objects.filter(pk__in=list(moments)).values_list("pk", "entered_at")
    return {pk for pk, at in entered if moments[pk] <= at + span}


def _by_event(objective: dict[str, Any], passes: Sequence[int], now: datetime) -> set[int]:
    days = objective.get("within_days")
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT e.id, x.id FROM flows_execution x JOIN contacts_event e ON e.contact_id = x.contact_id
                AND e.name = %s AND e.at >= x.entered_at AND e.at <= %s
                AND e.id IS DISTINCT FROM x.event_id
                AND (%s::int IS NULL OR e.at <= x.entered_at + %s * interval '1 day')
            WHERE x.id = ANY(%s::bigint[])""",
            [objective["event"].strip(), now, days, days, literal(passes)],
        )
        found = cursor.fetchall()
    if objective.get("filter"):
        matching = segments.matching_events(objective["filter"], [event for event, _ in found], now)
        found = [(event, execution) for event, execution in found if event in matching]
    return {execution for _, execution in found}
