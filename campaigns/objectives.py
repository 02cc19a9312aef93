"""Sets what the messages of a scenario, a campaign or one of their steps are meant to achieve.

Saved and sent as `{}` (nothing) or `{"kind", "within_days", "touch"}` with, for an event, `"event"`, `"filter"`,
`"value_property"` and `"currency_property"`, and for a segment `"segment"`.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Q

from campaigns.models import Objective, ObjectiveKind, Touch
from contacts import segments
from contacts.json_limits import text_problem
from contacts.models import Segment
from contacts.segments.crossing import ENTERED

Problems = dict[str, list[str]]

MOST_DAYS = 366
# What happens to a contact when a message did what the objective wants.
EVENTS = {"opened": ("email.opened",), "clicked": ("email.clicked", "sms.clicked"), "segment": (ENTERED,)}
_OF_EVENTS = {"event", "filter", "value_property", "currency_property"}
PARTS = {"kind", "within_days", "touch", "segment", *_OF_EVENTS}
_OWNER = re.compile(r"(scenario|campaign):[1-9][0-9]{0,17}(:[A-Za-z0-9_-]{1,50})?")


def set_objective(owner: str, data: Any) -> Problems:
    """Make `data` the owner's objective; None or `{}`: it has none of its own any more.

    Returns what is wrong, as sentences by field ("detail" for the whole), and then nothing has changed. Two statements
    at most, so it belongs into the transaction of whoever keeps the saved form.
    """
    if not _OWNER.fullmatch(owner):
        return {"owner": ["An owner is such as scenario:12, campaign:3 or campaign:3:n2."]}
    if data is None or data == {}:
        Objective.objects.filter(owner=owner).update(**_columns({}))
        return {}
    if found := problems(data):
        return found
    Objective.objects.update_or_create(owner=owner, defaults=_columns(data))
    return {}


def copy_objective(owner: str, other: str) -> None:
    """Give `other` the objective that `owner` has, or none."""
    set_objective(other, objective_of(owner))


def forget(owner: str) -> None:
    """The owner and all that continues it are gone: nothing of theirs is an objective any more."""
    Objective.objects.filter(Q(owner=owner) | Q(owner__startswith=f"{owner}:")).update(**_columns({}))


def objective_of(owner: str) -> dict[str, Any]:
    """The owner's own objective as it was set; `{}` where it has none."""
    row = Objective.objects.filter(owner=owner).first()
    return as_json(row) if row else {}


def objectives_of(owners: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The same for many, in one query; only of those who have one."""
    return {row.owner: as_json(row) for row in Objective.objects.filter(owner__in=list(owners)).exclude(kind="")}


def as_json(row: Objective) -> dict[str, Any]:
    if not row.kind:
        return {}
    parts: dict[str, Any] = {"kind": row.kind, "within_days": row.within_days, "touch": row.touch}
    if row.kind == ObjectiveKind.EVENT:
        parts |= {name: getattr(row, name) for name in ("event", "filter", "value_property", "currency_property")}
    if row.kind == ObjectiveKind.SEGMENT:
        parts["segment"] = row.segment
    return {name: part for name, part in parts.items() if part not in (None, "")}


def problems(data: Any) -> Problems:
    """What is wrong with an objective, which may be anything that JSON can hold, by field."""
    if not isinstance(data, dict):
        return {"detail": ["use an object such as {“kind”: “clicked”, “within_days”: 7}."]}
    if not data:
        return {}
    found: Problems = {}
    if unknown := sorted(str(name)[:50] for name in data.keys() - PARTS):
        found["detail"] = [f"it has no “{name}”." for name in unknown]
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in ObjectiveKind.values:
        found["kind"] = [f"choose one of {', '.join(ObjectiveKind.values)}."]
    days = data.get("within_days")
    if days is not None and (not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= MOST_DAYS):
        found["within_days"] = [f"the number of days goes from 1 to {MOST_DAYS}."]
    touch = data.get("touch")
    if touch is not None and (not isinstance(touch, str) or touch not in Touch.values):
        found["touch"] = [f"what counts as being touched is one of {', '.join(Touch.values)}."]
    if kind == ObjectiveKind.EVENT:
        found |= _problems_of_event(data)
    elif kind == ObjectiveKind.SEGMENT and not _is_segment(data.get("segment")):
        found["segment"] = ["choose a segment that exists."]
    return found


def _problems_of_event(data: dict[str, Any]) -> Problems:
    found: Problems = {}
    name = data.get("event")
    if not isinstance(name, str) or not name.strip() or text_problem(name, 100) or not name.strip().isprintable():
        found["event"] = ["name the event."]
    if sentences := segments.problems(data.get("filter"), segments.Scope(event=True)):
        found["filter"] = sentences
    for part in ("value_property", "currency_property"):
        given = data.get(part)
        if given is not None and (not isinstance(given, str) or text_problem(given, 100)):
            found[part] = ["name a property of the event in at most 100 characters."]
    if data.get("currency_property") and not data.get("value_property"):
        found["value_property"] = ["a currency needs a value: name the property that holds it."]
    return found


def _is_segment(given: Any) -> bool:
    is_id = isinstance(given, int) and not isinstance(given, bool) and 0 < given < 2**63
    return is_id and Segment.objects.filter(pk=given).exists()


def tidy(data: dict[str, Any]) -> dict[str, Any]:
    """A sound objective as it is saved: without what belongs to other kinds, is empty, or goes without saying."""
    kept = {"kind", "within_days", "touch"}
    kept |= _OF_EVENTS if data.get("kind") == ObjectiveKind.EVENT else set()
    kept |= {"segment"} if data.get("kind") == ObjectiveKind.SEGMENT else set()
    found = {name: part.strip() if isinstance(part, str) else part for name, part in data.items() if name in kept}
    if found.get("touch") == Touch.SENT or not touches(found.get("kind")):
        found.pop("touch", None)
    return {name: part for name, part in found.items() if part not in (None, "", {})}


def touches(kind: Any) -> bool:
    """Whether something is looked for that happened after a message; openings and clicks name their message."""
    return kind in (ObjectiveKind.EVENT, ObjectiveKind.SEGMENT)


def _columns(data: dict[str, Any]) -> dict[str, Any]:
    data = tidy(data)
    return {
        "kind": data.get("kind", ""),
        "event": data.get("event", ""),
        "filter": data.get("filter"),
        "segment": data.get("segment"),
        "within_days": data.get("within_days"),
        "touch": data.get("touch", Touch.SENT),
        "value_property": data.get("value_property", ""),
        "currency_property": data.get("currency_property", ""),
    }


def sentences(many: Iterable[dict[str, Any]]) -> list[str]:
    """The same for many, in one query."""
    listed = list(many)
    asked = [data["segment"] for data in listed if data.get("kind") == ObjectiveKind.SEGMENT]
    names = dict(Segment.objects.filter(pk__in=asked).values_list("pk", "name")) if asked else {}
    return [_worded(data, names) for data in listed]


def sentence(data: dict[str, Any]) -> str:
    """The objective in words, for pages."""
    return sentences([data])[0]


def _worded(data: dict[str, Any], segment_names: Mapping[int, str]) -> str:
    kind = data.get("kind")
    if not kind:
        return "No objective"
    what = str(ObjectiveKind(kind).label)
    if kind == ObjectiveKind.EVENT:
        what = f"“{data['event']}” happened"
    elif kind == ObjectiveKind.SEGMENT:
        what = f"Entered the segment “{segment_names.get(data['segment'], '…')}”"
    days = data.get("within_days")
    return f"{what} within {days} day{'' if days == 1 else 's'}" if days else what


def events(data: dict[str, Any]) -> tuple[str, ...]:
    """The names of the events by which the objective may be reached."""
    if not data.get("kind"):
        return ()
    return EVENTS.get(data["kind"]) or (data["event"].strip(),)
