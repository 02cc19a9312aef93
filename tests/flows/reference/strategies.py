"""Random scenarios that could be started, random contacts, and what happens to them from outside."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.flows.reference.clock import WEEKDAYS
from tests.flows.reference.interpreter import Happening, Person, Settings
from tests.make import NOW

CHANNELS = ["email", "sms"]
ANSWERS = ["subscribed", "unsubscribed"]
TAGS = ["vip", "new", "cold"]
# As often as they make a walk interesting.
KINDS = ["wait", "email", "condition", "wait", "email", "condition", "tag", "sms", "end"]
KINDS += ["wait_for", "wait_for", "wait_for", "wait_for", "ab_test", "update_contact"]
PORTS = {"condition": ["yes", "no"], "wait_for": ["happened", "timeout"], "end": []}
PLANS = ["free", "team"]
EVENT, OTHER_EVENT = "order.placed", "page.seen"
ZONES = ["UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Kiritimati"]
HORIZON = timedelta(days=45)  # over the changes of clocks of March and April

durations = st.one_of(
    st.builds(lambda n: {"amount": n, "unit": "minutes"}, st.integers(200, 3_000)),
    st.builds(lambda n: {"amount": n, "unit": "hours"}, st.integers(6, 72)),
    st.builds(lambda n: {"amount": n, "unit": "days"}, st.integers(1, 20)),
    st.builds(lambda n: {"amount": n, "unit": "weeks"}, st.integers(1, 3)),
    st.just({"amount": 1, "unit": "months"}),
)
days = st.lists(st.sampled_from(WEEKDAYS), unique=True, min_size=1, max_size=3)
clocks = st.sampled_from(["00:00", "02:30", "09:00", "23:45"])
times = st.builds(lambda time, weekdays: {"time": time, "weekdays": weekdays}, clocks, st.just([]) | days)
passing = st.one_of(
    st.builds(lambda weekdays: {"weekdays": weekdays}, days),
    st.builds(
        lambda hours, zone: {
            "until": f"{datetime(2026, 3, 8) + timedelta(hours=hours):%Y-%m-%dT%H:%M}",
            "timezone": zone,
        },
        st.integers(0, 40 * 24),
        st.sampled_from(["contact", "UTC", "Europe/Paris"]),
    ),
)


# Rule trees that a condition may ask. The node of a message rule is a number, for `_named` to put a name in its place;
# made once, because making strategies takes longer than drawing from them.
rules = st.recursive(
    st.one_of(
        st.builds(lambda name, has: {"rule": "tag", "name": name, "has": has}, st.sampled_from(TAGS), st.booleans()),
        st.builds(
            lambda plan: {"rule": "attribute", "field": "plan", "op": "equals", "value": plan}, st.sampled_from(PLANS)
        ),
        st.builds(
            lambda name, did: {"rule": "event", "name": name, "did": did},
            st.sampled_from([EVENT, OTHER_EVENT]),
            st.booleans(),
        ),
        st.builds(
            lambda did, number: {"rule": "message", "did": did, "node": number},
            st.sampled_from(["opened", "clicked"]),
            st.integers(0, 8),
        ),
        st.builds(
            lambda channel, state: {"rule": "consent", "channel": channel, "is": state},
            st.sampled_from(CHANNELS),
            st.sampled_from(["subscribed", "unsubscribed", "unknown"]),
        ),
        st.builds(
            lambda least: {"rule": "property", "field": "amount", "op": "greater", "value": least},
            st.sampled_from([10, 50]),
        ),
    ),
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=3,
)


def named(rule: Any, senders: list[str], entry: bool = False) -> Any:
    """The rule tree with the names of nodes that send in it; where none does, it asks about a tag instead, as it does
    where it asks about the event that let in, and there is none."""
    if isinstance(rule, list):
        return [named(part, senders, entry) for part in rule]
    if not isinstance(rule, dict):
        return rule
    if rule.get("rule") == "message" and senders:
        return {**rule, "node": senders[rule["node"] % len(senders)]}
    if rule.get("rule") == "message" or (rule.get("rule") == "property" and not entry):
        return {"rule": "tag", "name": TAGS[0]}
    return {key: named(part, senders, entry) for key, part in rule.items()}


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, Any]:
    """A graph without problems: ways lead forward, and back only out of a wait that lasts."""
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=3, max_size=9))
    ids = [f"n{place}" for place in range(1, len(kinds) + 1)]
    nodes = [{"id": "n0", "x": 0, "y": 0, **draw(_triggers)}]
    edges = []
    lasting = set()
    for place, (id, kind) in enumerate(zip(ids, kinds, strict=True), 1):
        config = draw(_configs[kind])
        if kind == "wait" and ("amount" in config or "time" in config):
            lasting.add(id)
        nodes.append({"id": id, "type": kind, "x": place * 240, "y": 0, "config": config})
    for place, source in enumerate(["n0", *ids]):
        kind = nodes[place]["type"]
        ports = PORTS.get(kind, ["next"])
        if kind == "ab_test":
            ports = ["a", "b", "c"][: len(nodes[place]["config"]["variants"])]
        for port in ports:
            onward = ids if source in lasting or port == "timeout" else ids[place:]
            # Mostly to the next one, so that long ways are common; sometimes nowhere.
            lot = draw(st.integers(0, 9))
            following = ids[place] if place < len(ids) else None
            target = draw(st.sampled_from(onward)) if onward and lot > 7 else following
            if target and lot != 7:
                edges.append({"from": source, "port": port, "to": target})
    return _reachable({"nodes": nodes, "edges": edges})


_filter = st.none() | st.builds(
    lambda least: {"rule": "property", "field": "amount", "op": "greater", "value": least}, st.sampled_from([10, 50])
)
_dates = st.builds(
    lambda hours, zone: {"at": f"{datetime(2026, 3, 12) + timedelta(hours=hours):%Y-%m-%dT%H:%M}", "timezone": zone},
    st.integers(0, 10 * 24),
    st.sampled_from(["contact", *ZONES]),
)
_rhythms = st.builds(
    lambda every, unit, weekdays, time, zone: {
        "every": every,
        "unit": unit,
        "weekdays": weekdays if unit == "week" else [],
        "time": time,
        "timezone": zone,
    },
    st.integers(1, 6),
    st.sampled_from(["day", "week"]),
    st.just([]) | days,
    clocks,
    st.sampled_from(ZONES),
)
_listening = st.builds(
    lambda rule: {"type": "on_event", "config": {"event": EVENT, "filter": rule}}, st.none() | _filter
)
_triggers = st.one_of(
    st.just({"type": "now", "config": {}}),
    _listening,
    _listening,
    _listening,
    _listening,
    st.builds(lambda config: {"type": "on_date", "config": config}, _dates),
    st.builds(lambda config: {"type": "repeat", "config": config}, _rhythms),
)


_some_tags = st.lists(st.sampled_from(TAGS), unique=True, min_size=1, max_size=2)
_configs = {
    "email": st.just({"subject": "Hello {{ contact.first_name }}", "body": "<p>Hello</p>"}),
    "sms": st.just({"body": "Hello"}),
    "tag": st.builds(lambda names: {"add": names[:1], "remove": names[1:]}, _some_tags)
    | st.builds(lambda names: {"add": [], "remove": names}, _some_tags),
    "wait": durations | durations | times | passing,
    "wait_for": st.builds(
        lambda event, rule, until: {"event": event, "filter": rule, **until},
        st.sampled_from([EVENT, EVENT, OTHER_EVENT]),
        st.none() | st.none() | _filter,
        durations,
    ),
    "ab_test": st.builds(
        lambda weights: {"variants": [{"name": f"V{n}", "weight": weight} for n, weight in enumerate(weights)]},
        st.lists(st.sampled_from([1, 2, 0.5]), min_size=2, max_size=3),
    ),
    "update_contact": st.builds(
        lambda plan: {"set": {"plan": plan} if plan else {"seats": 3}, "remove": [] if plan else ["plan"]},
        st.sampled_from([*PLANS, ""]),
    ),
    "condition": st.builds(lambda rule: {"rule": rule}, rules),
    "end": st.just({}),
}


def _reachable(graph: dict[str, Any]) -> dict[str, Any]:
    """Without the nodes that nobody gets to, and with rules about the messages of those that are left."""
    reached = {"n0"}
    while more := {edge["to"] for edge in graph["edges"] if edge["from"] in reached} - reached:
        reached |= more
    nodes = [node for node in graph["nodes"] if node["id"] in reached]
    senders = [node["id"] for node in nodes if node["type"] in ("email", "sms")]
    for node in nodes:
        if node["type"] == "condition":
            node["config"] = named(node["config"], senders, nodes[0]["type"] == "on_event")
    return {"nodes": nodes, "edges": [edge for edge in graph["edges"] if edge["from"] in reached]}


@st.composite
def people(draw: st.DrawFn) -> list[Person]:
    plans = st.sampled_from([{}, *({"plan": plan} for plan in PLANS)])
    return [
        Person(
            f"p{n}",
            draw(st.sampled_from(ZONES)),
            draw(st.frozensets(st.sampled_from(TAGS))),
            draw(plans),
            draw(st.sampled_from(["", f"+3312345678{n}"])),
            draw(st.dictionaries(st.sampled_from(CHANNELS), st.sampled_from(ANSWERS), max_size=1)),
        )
        for n in range(draw(st.integers(1, 4)))
    ]


@st.composite
def happenings(draw: st.DrawFn, graph: dict[str, Any], persons: list[Person]) -> list[Happening]:
    """In the order of time, each at a moment of its own."""
    # Half of it soon, when most are inside.
    moment = st.integers(1, 3 * 24 * 60) | st.integers(1, HORIZON // timedelta(minutes=1))
    minutes = draw(st.lists(moment, unique=True, min_size=6, max_size=16))
    senders = [node["id"] for node in graph["nodes"] if node["type"] in ("email", "sms")]
    found = []
    for minute in sorted(minutes):
        # Off the full minute, so that nothing happens at the moment at which a wait ends, where order would decide.
        at, who = NOW + timedelta(minutes=minute, seconds=17), draw(st.sampled_from(persons)).name
        lot = draw(st.integers(0, 19))
        if lot == 0:
            paused = [h.presses for h in found if h.presses][-1:] == ["pause"]
            found.append(Happening(at, presses="resume" if paused else "pause"))
        elif lot < 3:
            found.append(
                Happening(at, who, channel=draw(st.sampled_from(CHANNELS)), says=draw(st.sampled_from(ANSWERS)))
            )
        elif senders and lot < 9:
            did = draw(st.sampled_from(["opened", "clicked"]))
            found.append(Happening(at, who, did=did, node=draw(st.sampled_from(senders))))
        else:
            amount = draw(st.sampled_from([80.0, 20.0, 5.0]))
            event = draw(st.sampled_from([EVENT, EVENT, EVENT, OTHER_EVENT]))
            # Some are recorded long after they happened.
            ago = timedelta(minutes=draw(st.sampled_from([0, 0, 0, 30, 3_000])))
            found.append(Happening(at, who, event=event, properties=(("amount", amount),), ago=ago))
    return found


_within = st.sampled_from([None, 1, 7])
_names = st.sampled_from([EVENT, OTHER_EVENT])
_objectives = st.one_of(
    st.builds(lambda kind, days: {"kind": kind, "within_days": days}, st.sampled_from(["opened", "clicked"]), _within),
    st.builds(lambda name, days: {"kind": "event", "event": name, "within_days": days}, _names, _within),
)
_plain_rules = st.builds(
    lambda name, has: {"rule": "tag", "name": name, "has": has}, st.sampled_from(TAGS), st.booleans()
) | st.just({"rule": "consent", "channel": "email", "is": "unsubscribed"})


@st.composite
def settings(draw: st.DrawFn, graph: dict[str, Any]) -> Settings:
    """Half of them say nothing about leaving, so that ways are long."""
    senders = [node["id"] for node in graph["nodes"] if node["type"] in ("email", "sms")]
    lot = draw(st.integers(0, 7))
    return Settings(
        reentry=draw(st.sampled_from(["every_time", "restart", "spaced", "not_while_inside", "once"])),
        hours=draw(st.sampled_from([6, 48, 240])),
        most_rounds=draw(st.sampled_from([1, 2, 100])),
        objective=draw(_objectives) if lot in (4, 5) else None,
        leave_reached=lot in (4, 5),
        leave_rule=named(draw(rules), senders) if lot in (5, 6) else None,
        excluded=draw(_plain_rules) if lot == 7 else None,
    )


@dataclass(frozen=True)
class Case:
    graph: dict[str, Any]
    people: list[Person]
    happenings: list[Happening]
    settings: Settings


@st.composite
def cases(draw: st.DrawFn) -> Case:
    graph, persons = draw(graphs()), draw(people())
    return Case(graph, persons, draw(happenings(graph, persons)), draw(settings(graph)))
