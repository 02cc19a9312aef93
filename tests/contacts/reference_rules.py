"""A naive evaluator of rule trees in plain Python, for comparison with what the compiler's SQL answers."""

import json
import re
from calendar import isleap
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers


@dataclass
class Person:
    """A contact with everything that rules may ask about; `events` are (name, properties, at).

    `messages` are (origin's key, channel, state, {what happened: when}), `passes` (scenario, state, entered, finished).
    """

    fields: dict[str, Any]
    attributes: dict[str, Any]
    tags: set[str] = field(default_factory=set)
    consent: dict[str, str] = field(default_factory=dict)
    topics: dict[str, dict[str, str]] = field(default_factory=dict)
    events: list[tuple[str, dict[str, Any], datetime]] = field(default_factory=list)
    messages: list[tuple[str, str, str, dict[str, datetime]]] = field(default_factory=list)
    passes: list[tuple[int, str, datetime, datetime | None]] = field(default_factory=list)


@dataclass
class World:
    """What holds for everybody: the moment, the installation's zone, the segments' rules by id."""

    now: datetime
    zone: ZoneInfo
    segments: dict[int, Any] = field(default_factory=dict)


def matches(tree: Any, person: Person, world: World, event: dict[str, Any] | None = None) -> bool:
    if not tree or tree == {"all": []}:
        return True
    if "all" in tree:
        return all(matches(child, person, world, event) for child in tree["all"])
    if "any" in tree:
        return any(matches(child, person, world, event) for child in tree["any"])
    if "not" in tree:
        return not matches(tree["not"], person, world, event)
    match tree["rule"]:
        case "tag":
            return (tree["name"].lower() in {tag.lower() for tag in person.tags}) == tree.get("has", True)
        case "consent":
            said = person.topics.get(tree["topic"], {}) if tree.get("topic") else person.consent
            return said.get(tree["channel"], "unknown") == tree["is"]
        case "segment":
            return matches(world.segments[tree["id"]], person, world) == tree.get("in", True)
        case "event":
            return _happened(tree, person, world)
        case "property":
            return compare((event or {}).get(tree["field"]), tree["op"], tree.get("value"), world)
        case "attribute":
            return _attribute(tree, person, world)
        case "created":
            return compare(person.fields["created_at"], tree["op"], tree.get("value"), world)
        case "location":
            return _at_home(tree, person) == tree.get("is", True)
        case "message":
            return _messaged(tree, person, world)
        case "scenario":
            return _passed(tree, person, world)
    raise AssertionError(tree)


def _happened(rule: dict[str, Any], person: Person, world: World) -> bool:
    since, when = _since(rule, world), rule.get("when")
    asked = [{"rule": "property", **each} for each in rule.get("where", [])]
    moments = [
        at
        for name, properties, at in person.events
        if name == rule["name"]
        and (since is None or at >= since)
        and matches({"all": asked}, person, world, properties)
        and (when is None or when["of"] != "each" or compare(at, when["op"], when.get("value"), world))
    ]
    if when and when["of"] != "each":
        edge = min if when["of"] == "first" else max
        holds = bool(moments) and compare(edge(moments), when["op"], when.get("value"), world)
    else:
        holds = _so_often(len(moments), rule.get("count"))
    return holds == rule.get("did", True)


def _since(rule: dict[str, Any], world: World) -> datetime | None:
    """Months have 30 days and years 365."""
    if not rule.get("within"):
        return None
    amount, unit = rule["within"]["amount"], rule["within"]["unit"]
    amount, unit = {"months": (amount * 30, "days"), "years": (amount * 365, "days")}.get(unit, (amount, unit))
    return world.now - timedelta(**{unit: amount})


def _so_often(times: int, count: dict[str, Any] | None) -> bool:
    count = count or {"op": ">=", "n": 1}
    n = count["n"]
    return {">=": times >= n, "<=": times <= n, "=": times == n, ">": times > n, "<": times < n}[count["op"]]


def _messaged(rule: dict[str, Any], person: Person, world: World) -> bool:
    did = rule.get("did") or f"not:{rule['did_not']}"
    verb, since, times = did.removeprefix("not:"), _since(rule, world), 0
    for origin, channel, state, moments in person.messages:
        kind, number, node = [*origin.split(":"), ""][:3]
        if any(rule.get(each) and (each, str(rule[each])) != (kind, number) for each in ("scenario", "campaign")):
            continue
        if (rule.get("node") and rule["node"] != node) or rule.get("channel") not in (None, channel):
            continue
        happened = state == "failed" if verb == "failed" else verb in moments
        times += happened and (since is None or (verb in moments and moments[verb] > since))
    return _so_often(times, rule.get("count")) != did.startswith("not:")


def _passed(rule: dict[str, Any], person: Person, world: World) -> bool:
    asked, since = rule.get("is", "inside"), _since(rule, world)
    for scenario, state, entered, finished in person.passes:
        if scenario != rule["id"]:
            continue
        if asked in ("never_entered", "entered"):
            counts, moment = True, entered
        elif asked == "inside":
            counts, moment = state in ("pending", "waiting"), entered
        else:
            counts, moment = state == asked, finished
        if counts and (since is None or (moment is not None and moment > since)):
            return asked != "never_entered"
    return asked == "never_entered"


def _at_home(rule: dict[str, Any], person: Person) -> bool:
    if rule["of"] == "language":
        spoken = person.fields["language"].lower().replace("_", "-")
        asked = [code.lower().replace("_", "-") for code in rule["in"]]
        return any(spoken == code or spoken.startswith(f"{code}-") for code in asked)
    written = person.attributes.get("country")
    if isinstance(written, str) and written.upper() in phonenumbers.SUPPORTED_REGIONS and written.isascii():
        country = written.upper()
    elif person.fields["phone"]:
        country = phonenumbers.region_code_for_number(phonenumbers.parse(person.fields["phone"]))
    else:
        country = None
    return country in {code.upper() for code in rule["in"]}


def _attribute(rule: dict[str, Any], person: Person, world: World) -> bool:
    name, op, value = rule["field"], rule["op"], rule.get("value")
    if name == "email" and isinstance(value, str) and op in ("equals", "not_equals"):
        held = person.fields["email"]
        return (held is not None and held.lower() == value.lower()) == (op == "equals")
    if name == "timezone":
        return compare(person.fields["timezone"] or world.zone.key, op, value, world)
    if name in person.fields:
        return compare(person.fields[name], op, value, world)
    return compare(person.attributes.get(name), op, value, world)


NEGATIONS = {"not_equals": "equals", "not_contains": "contains", "not_in": "in", "not_set": "is_set"}


def compare(held: Any, op: str, value: Any, world: World) -> bool:
    """`held` is anything that JSON holds, None when missing, or an aware datetime."""
    if op in NEGATIONS:
        return not compare(held, NEGATIONS[op], value, world)
    if held is None:
        return False
    match op:
        case "is_set":
            return held != ""
        case "equals":
            return _on_that_day(held, value, world) if isinstance(held, datetime) else _equal(held, value)
        case "in":
            return any(_equal(held, each) for each in value)
        case "contains":
            if isinstance(held, list):
                return any(_equal(each, value) for each in held)
            return not isinstance(held, dict) and _text(value).lower() in _text(held).lower()
        case "starts_with":
            return not isinstance(held, (list, dict)) and _text(held).lower().startswith(_text(value).lower())
        case "ends_with":
            return not isinstance(held, (list, dict)) and _text(held).lower().endswith(_text(value).lower())
        case "between":
            return compare(held, "at_least", value[0], world) and compare(held, "at_most", value[1], world)
        case "anniversary_today" | "anniversary_in_days":
            return _comes_round(held, 0 if op == "anniversary_today" else int(value), world)
        case "in_last_days" | "in_next_days" | "days_ago" | "days_ahead":
            return _near(held, op, int(value), world)
    if op not in ("before", "after") and _number(value) is not None:
        number = None if isinstance(held, datetime) else _number(held)
        return number is not None and _ordered(number, op, _number(value))
    asked, is_moment = _when(value), isinstance(held, datetime)
    when = held if is_moment else _when(held)
    if when is None:
        return False
    if isinstance(asked, datetime):
        return _ordered(_instant(when, world), op, _instant(asked, world))
    if not isinstance(when, datetime):
        return _ordered(when, op, asked)
    # A moment and a day: the whole of the day counts.
    start, end = _instant(asked, world), _instant(asked + timedelta(days=1), world)
    moment = _instant(when, world)
    return {
        "before": moment < start,
        "less": moment < start,
        "at_most": moment < end,
        "at_least": moment >= start,
        "after": moment >= end,
        "greater": moment >= end,
    }[op]


def _near(held: Any, op: str, days: int, world: World) -> bool:
    when = held if isinstance(held, datetime) else _when(held)
    if when is None:
        return False
    span = timedelta(days=days)
    if isinstance(when, datetime):
        it, now = _instant(when, world), world.now
    else:
        it, now = when, world.now.astimezone(world.zone).date()
    return {
        "in_last_days": now - span <= it <= now,
        "in_next_days": now <= it <= now + span,
        "days_ago": it < now - span,
        "days_ahead": it > now + span,
    }[op]


def _comes_round(held: Any, days: int, world: World) -> bool:
    """Whether it is today or on one of the next days that a day comes round again; 29 February does on 28 February."""
    when = held if isinstance(held, datetime) else _when(held)
    if when is None:
        return False
    if isinstance(when, datetime):
        when = _instant(when, world).astimezone(world.zone).date()
    today = world.now.astimezone(world.zone).date()
    for day in (today + timedelta(days=n) for n in range(min(days, 800) + 1)):
        if day < when:
            continue
        if (day.month, day.day) == (when.month, when.day):
            return True
        if (when.month, when.day) == (2, 29) == (day.month, day.day + 1) and not isleap(day.year):
            return True
    return False


def _on_that_day(held: datetime, value: Any, world: World) -> bool:
    asked = _when(value)
    if isinstance(asked, datetime):
        return held == _instant(asked, world)
    return _instant(asked, world) <= held < _instant(asked + timedelta(days=1), world)


def _ordered(left: Any, op: str, right: Any) -> bool:
    return {
        "greater": left > right,
        "after": left > right,
        "at_least": left >= right,
        "less": left < right,
        "before": left < right,
        "at_most": left <= right,
    }[op]


def _equal(held: Any, value: Any) -> bool:
    """Typed as JSON is: 1 is not true; but the text of a number or a truth value equals it."""
    if isinstance(held, (list, dict)) or held is None:
        return False
    if isinstance(held, bool) or isinstance(value, bool):
        return _text(held) == _text(value)
    if isinstance(held, str) and isinstance(value, str):
        return held == value
    if isinstance(held, str) or isinstance(value, str):
        text, number = (held, value) if isinstance(held, str) else (value, held)
        if text is held:  # a text equals a number that is written like it
            return text == json.dumps(number)
        literal = re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", text)
        return bool(literal) and Decimal(text) == Decimal(str(number))
    return Decimal(str(held)) == Decimal(str(value))


def _text(item: Any) -> str:
    """PostgreSQL writes numbers of JSON without an exponent."""
    if isinstance(item, float):
        return format(Decimal(str(item)), "f")
    return item if isinstance(item, str) else json.dumps(item)


def _number(item: Any) -> Decimal | None:
    if isinstance(item, (bool, list, dict)) or item is None:
        return None
    text = str(item) if not isinstance(item, float) else format(Decimal(str(item)), "f")
    return Decimal(text) if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) else None


def _when(item: Any) -> date | datetime | None:
    if not isinstance(item, str) or not item.isascii():
        return None
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", item):
            return date.fromisoformat(item)
        if re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-](0\d|1[0-3]):\d\d)?", item):
            return datetime.fromisoformat(item)
    except ValueError:
        return None
    return None


def _instant(when: date | datetime, world: World) -> datetime:
    """As PostgreSQL reads local times: in a gap the offset before it, where clocks repeat an hour the later pass."""
    if not isinstance(when, datetime):
        when = datetime(when.year, when.month, when.day)
    if when.tzinfo is not None:
        return when
    earlier, later = when.replace(tzinfo=world.zone), when.replace(tzinfo=world.zone, fold=1)
    in_gap = earlier.utcoffset() < later.utcoffset()
    chosen = earlier if in_gap else later
    return when.replace(tzinfo=ZoneInfo("UTC")) - chosen.utcoffset()
