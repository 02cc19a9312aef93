"""What a scenario is meant to achieve: saved with it, kept as the objective of its messages, and a reason to leave."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F

from campaigns import objectives
from campaigns.models import Message, ObjectiveKind, Touch
from campaigns.objectives import MOST_DAYS, events, sentence
from contacts import segments
from contacts.columns import literal
from flows.graph import Problem, unstorable
from flows.models import Execution, Scenario

__all__ = ["KINDS", "MOST_DAYS", "TOUCHES", "events", "forget", "keep", "problems", "reached", "sentence"]

KINDS = {str(kind.value): str(kind.label) for kind in ObjectiveKind}
TOUCHES = {str(touch.value): str(touch.label) for touch in Touch}


def problems(objective: Any) -> list[Problem]:
    """Why this cannot be an objective, in the form that `campaigns.objectives` describes."""
    if isinstance(objective, dict) and (found := unstorable(objective)):
        return [Problem(None, f"Objective: {problem.message}") for problem in found]
    return [
        Problem(None, f"Objective: {sentence}")
        for sentences in objectives.problems(objective).values()
        for sentence in sentences
    ]


def keep(scenario: Scenario) -> None:
    """Make the scenario's saved objective that of its messages; in the transaction that saves it."""
    objectives.set_objective(scenario.origin, scenario.objective)


def forget(scenario: Scenario) -> None:
    objectives.forget(scenario.origin)


def reached(scenario: Scenario, passes: Sequence[int], now: datetime) -> set[int]:
    """Those of the scenario's passes in which the objective was reached: after the contact entered, and in time."""
    objective = scenario.objective
    if not objective or not passes:
        return set()
    if objectives.touches(objective["kind"]):
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
    segment = objective["segment"] if objective["kind"] == ObjectiveKind.SEGMENT else None
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT e.id, x.id FROM flows_execution x JOIN contacts_event e ON e.contact_id = x.contact_id
                AND e.name = %s AND e.at >= x.entered_at AND e.at <= %s
                AND e.id IS DISTINCT FROM x.event_id
                AND (%s::int IS NULL OR e.at <= x.entered_at + %s * interval '1 day')
                AND (%s::bigint IS NULL OR e.properties -> 'segment' = to_jsonb(%s::bigint))
            WHERE x.id = ANY(%s::bigint[])""",
            [*events(objective), now, days, days, segment, segment, literal(passes)],
        )
        found = cursor.fetchall()
    if segment is None and objective.get("filter"):
        matching = segments.matching_events(objective["filter"], [event for event, _ in found], now)
        found = [(event, execution) for event, execution in found if event in matching]
    return {execution for _, execution in found}
