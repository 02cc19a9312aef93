"""What a scenario is meant to achieve: nothing, an open, a click, or an event of its own, within some days."""

from typing import Any

from contacts import segments
from flows.graph import Problem, unstorable

KINDS = {"opened": "Opened a message", "clicked": "Clicked a link", "event": "Did something (an event)"}
PARTS = {"kind", "within_days", "event", "filter"}
MOST_DAYS = 366


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
