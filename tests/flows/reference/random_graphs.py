"""Random graphs that could be started."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.flows.reference.clock import WEEKDAYS
from tests.flows.reference.drawing import PORTS

CHANNELS = ["email", "sms"]
TAGS = ["vip", "new", "cold"]
# As often as they make a walk interesting.
KINDS = ["wait", "email", "condition", "wait", "email", "condition", "tag", "sms", "end"]
KINDS += ["wait_for", "wait_for", "wait_for", "wait_for", "ab_test", "update_contact"]
PLANS = ["free", "team"]
EVENT, OTHER_EVENT = "order.placed", "page.seen"
ZONES = ["UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Kiritimati"]
# Where a day of the time to come begins at one o'clock, or has its last hour twice.
ZONES += ["Asia/Beirut", "Africa/Cairo", "America/Santiago"]
# What clocks show never, or twice, in one of these zones.
ODD_MOMENTS = ["2026-03-29T02:30", "2026-03-29T00:30", "2026-04-05T01:45", "2026-04-04T23:30", "2026-04-24T00:30"]

durations = st.one_of(
    st.builds(lambda n: {"amount": n, "unit": "minutes"}, st.integers(200, 3_000)),
    st.builds(lambda n: {"amount": n, "unit": "hours"}, st.integers(6, 72)),
    st.builds(lambda n: {"amount": n, "unit": "days"}, st.integers(1, 20)),
    st.builds(lambda n: {"amount": n, "unit": "weeks"}, st.integers(1, 3)),
    st.just({"amount": 1, "unit": "months"}),
)
days = st.lists(st.sampled_from(WEEKDAYS), unique=True, min_size=1, max_size=3)
clocks = st.sampled_from(["00:00", "00:30", "01:45", "02:30", "09:00", "23:45"])
times = st.builds(lambda time, weekdays: {"time": time, "weekdays": weekdays}, clocks, st.just([]) | days)
passing = st.one_of(
    st.builds(lambda weekdays: {"weekdays": weekdays}, days),
    st.builds(
        lambda moment, zone: {"until": moment, "timezone": zone},
        st.integers(0, 40 * 24).map(lambda hours: f"{datetime(2026, 3, 8) + timedelta(hours=hours):%Y-%m-%dT%H:%M}")
        | st.sampled_from(ODD_MOMENTS),
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
    if rule.get("rule") == "message" and rule["node"] in senders:
        return rule
    if rule.get("rule") == "message" and senders:
        return {**rule, "node": senders[rule["node"] % len(senders) if isinstance(rule["node"], int) else 0]}
    if rule.get("rule") == "message" or (rule.get("rule") == "property" and not entry):
        return {"rule": "tag", "name": TAGS[0]}
    return {key: named(part, senders, entry) for key, part in rule.items()}


def ports(node: dict[str, Any]) -> list[str]:
    if node["type"] == "ab_test":
        return ["a", "b", "c"][: len(node["config"]["variants"])]
    return PORTS.get(node["type"], ["next"])


def lasting(node: dict[str, Any], port: str) -> bool:
    """Whether whoever leaves by the port has rested there for some time: only from there may a way lead back."""
    return port == "timeout" or (node["type"] == "wait" and bool({"amount", "time"} & node["config"].keys()))


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, Any]:
    """A graph without problems: ways lead forward, and back only out of a wait that lasts."""
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=3, max_size=9))
    ids = [f"n{place}" for place in range(1, len(kinds) + 1)]
    nodes = [{"id": "n0", "x": 0, "y": 0, **draw(_triggers)}]
    edges = []
    for place, (id, kind) in enumerate(zip(ids, kinds, strict=True), 1):
        config = draw(configs[kind])
        nodes.append({"id": id, "type": kind, "x": place * 240, "y": 0, "config": config})
    for place, source in enumerate(["n0", *ids]):
        for port in ports(nodes[place]):
            onward = ids if lasting(nodes[place], port) else ids[place:]
            # Mostly to the next one, so that long ways are common; sometimes nowhere.
            lot = draw(st.integers(0, 9))
            following = ids[place] if place < len(ids) else None
            target = draw(st.sampled_from(onward)) if onward and lot > 7 else following
            if target and lot != 7:
                edges.append({"from": source, "port": port, "to": target})
    return reachable({"nodes": nodes, "edges": edges})


_filter = st.none() | st.builds(
    lambda least: {"rule": "property", "field": "amount", "op": "greater", "value": least}, st.sampled_from([10, 50])
)
_dates = st.builds(
    lambda moment, zone: {"at": moment, "timezone": zone},
    st.integers(0, 10 * 24).map(lambda hours: f"{datetime(2026, 3, 12) + timedelta(hours=hours):%Y-%m-%dT%H:%M}")
    | st.sampled_from(ODD_MOMENTS),
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
    st.just({"type": "now", "config": {}}),
    _listening,
    _listening,
    _listening,
    st.builds(lambda config: {"type": "on_date", "config": config}, _dates),
    st.builds(lambda config: {"type": "repeat", "config": config}, _rhythms),
)


_some_tags = st.lists(st.sampled_from(TAGS), unique=True, min_size=1, max_size=2)
configs = {
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


def reachable(graph: dict[str, Any]) -> dict[str, Any]:
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
