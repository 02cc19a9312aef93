"""Random scenarios, random contacts, and what happens to them from outside."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from tests.flows.reference.interpreter import Happening, Person, Settings
from tests.flows.reference.random_edits import edits
from tests.flows.reference.random_graphs import CHANNELS, EVENT, OTHER_EVENT, PLANS, TAGS, ZONES, graphs, named, rules
from tests.make import NOW

ANSWERS = ["subscribed", "unsubscribed"]
HORIZON = timedelta(days=50)  # over the changes of clocks of March and April


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


# Of few hours: less than PostgreSQL counts in days.
_policies = st.sampled_from([("send", 0), ("skip", 0), ("skip", 1), ("skip", 30), ("spread", 0), ("spread", 20)])


@st.composite
def happenings(draw: st.DrawFn, graph: dict[str, Any], persons: list[Person]) -> list[Happening]:
    """In the order of time, each at a moment of its own."""
    # Half of it soon, when most are inside.
    moment = st.integers(1, 3 * 24 * 60) | st.integers(1, HORIZON // timedelta(minutes=1))
    minutes = draw(st.lists(moment, unique=True, min_size=8, max_size=20))
    senders = [node["id"] for node in graph["nodes"] if node["type"] in ("email", "sms")]
    found: list[Happening] = []
    if draw(st.integers(0, 3)):
        # Everybody comes in early.
        for n, person in enumerate(persons):
            at = NOW + timedelta(minutes=n, seconds=47)
            found.append(Happening(at, person.name, event=EVENT, properties=(("amount", 80.0),)))
    used = {node["id"] for node in graph["nodes"]}
    for minute in sorted(minutes):
        # Off the full minute, so that nothing happens at the moment at which a wait ends, where order would decide.
        at, who = NOW + timedelta(minutes=minute, seconds=17), draw(st.sampled_from(persons)).name
        lot = draw(st.integers(0, 27))
        if lot < 3:
            # For long enough that waits end meanwhile.
            until = at + timedelta(minutes=draw(st.integers(60, 9 * 24 * 60)), seconds=10)
            found.append(Happening(at, presses="pause"))
            found.append(Happening(until, presses="resume", policy=draw(_policies)))
        elif lot < 8:
            if edit := draw(edits(graph, used)):
                graph = edit.graph
                used |= {node["id"] for node in graph["nodes"]}
                # Not at a moment at which somebody comes from an event or a look.
                found.append(Happening(at + timedelta(seconds=20), presses="publish", edit=edit))
        elif lot < 10:
            found.append(
                Happening(at, who, channel=draw(st.sampled_from(CHANNELS)), says=draw(st.sampled_from(ANSWERS)))
            )
        elif senders and lot < 15:
            did = draw(st.sampled_from(["opened", "clicked"]))
            found.append(Happening(at, who, did=did, node=draw(st.sampled_from(senders))))
        else:
            amount = draw(st.sampled_from([80.0, 20.0, 5.0]))
            event = draw(st.sampled_from([EVENT, EVENT, EVENT, OTHER_EVENT]))
            # Some are recorded long after they happened.
            ago = timedelta(minutes=draw(st.sampled_from([0, 0, 0, 30, 3_000])))
            found.append(Happening(at, who, event=event, properties=(("amount", amount),), ago=ago))
    return sorted(found, key=lambda happening: happening.at)


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
        follows=draw(st.sampled_from(["live", "live", "entered"])),
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
