"""A naive evaluator of rule trees in plain Python, for comparison with what the compiler's SQL answers."""

from datetime import datetime, timedelta
from typing import Any

import phonenumbers

from tests.contacts.reference_comparing import compare
from tests.contacts.reference_world import Person, World


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
        times += happened and (since is None or (verb in moments and moments[verb] >= since))
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
        if counts and (since is None or (moment is not None and moment >= since)):
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
