"""Crowds: random scenarios, each with thousands of contacts of a few kinds, and what becomes of them all at once.

Every contact of a kind is the same person to the reference interpreter: one walk says what all of them must have done.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import zip_longest
from typing import Any

from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, given, seed, settings

from campaigns.delivery.connections import REST
from campaigns.models import Provider
from contacts import consent, tagging, timeline
from contacts.models import Segment
from flows import pausing, saving
from flows.models import Scenario
from flows.nodes import ab_test
from tests.flows.reference import strategies
from tests.flows.reference.interpreter import walk_together
from tests.flows.reference.shapes import Happening, Settings
from tests.flows.reference.strategies import Case
from tests.make import NOW

TRIGGERS = ("on_event", "repeat", "now", "on_date")


@dataclass
class Crowd:
    """A random scenario and its contacts, by the person whom they are copies of."""

    case: Case
    scenario: Scenario
    contacts: dict[str, list[int]]

    def alike(self, person: str) -> Iterator[tuple[dict[str, str], list[int]]]:
        """The copies of a person to whom chance has given the same at every A/B test (by node), with what that is."""
        tests = {
            node["id"]: node["config"]["variants"] for node in self.case.graph["nodes"] if node["type"] == "ab_test"
        }
        found: dict[tuple[str, ...], list[int]] = {}
        for pk in self.contacts[person]:
            lots = tuple(
                ab_test.drawn(
                    f"{self.scenario.origin}:{node}:{pk}",
                    [(port, row["weight"]) for port, row in zip("abcd", variants, strict=False)],
                )
                for node, variants in tests.items()
            )
            found.setdefault(lots, []).append(pk)
        for lots, ids in found.items():
            yield dict(zip(tests, lots, strict=True)), ids

    @property
    def senders(self) -> list[str]:
        return [node["id"] for node in self.case.graph["nodes"] if node["type"] in ("email", "sms")]


def drawn(count: int, number: int) -> list[Case]:
    """So many cases that are worth it, always the same for a number: of each trigger those with the most nodes."""
    found: dict[str, dict[str, Case]] = {trigger: {} for trigger in TRIGGERS}

    @seed(number)
    @settings(max_examples=300, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(strategies.cases())
    def draw(case: Case) -> None:
        types = [node["type"] for node in case.graph["nodes"]]
        if types[0] in TRIGGERS and "email" in types and "wait" in types and not _tied(case):
            found[types[0]].setdefault(" ".join(types), case)

    draw()
    ranked = [sorted(alike.values(), key=_worth, reverse=True) for alike in found.values()]
    by_turns = [case for turn in zip_longest(*ranked) for case in turn if case]
    return [_renamed(case, place) for place, case in enumerate(by_turns[:count])]


def _worth(case: Case) -> tuple[int, int]:
    types = [node["type"] for node in case.graph["nodes"]]
    says = "sms" in types and any(h.channel == "sms" for h in case.happenings)
    return len(types) + 3 * ("ab_test" in types) + 3 * says, len(case.happenings)


def _tied(case: Case) -> bool:
    """Whether workers would decide what comes first, by the ways that chance may lead everybody."""
    if case.graph["nodes"][0]["type"] != "repeat":
        return False
    happenings = [h for h in case.happenings if _storms(h)]
    return any(
        walked.tied
        for lot in "abc"
        for walked in walk_together(
            case.graph, case.people, happenings, NOW, NOW + strategies.HORIZON, case.settings,
            [partial(_least, lot)] * len(case.people),
        )
    )  # fmt: skip


def _least(lot: str, node: dict[str, Any]) -> str:
    return min(lot, "abc"[len(node["config"]["variants"]) - 1])


def _storms(happening: Happening) -> bool:
    """Left out are versions, and what people say about email: it would meet messages that a server in a bad mood has
    put off. SMS stay in the house and are sent at once."""
    return happening.presses != "publish" and happening.channel != "email"


def _renamed(case: Case, place: int) -> Case:
    """Its nodes and events are nobody else's; whoever resumes it wants everything sent."""

    def own(name: str) -> str:
        return f"{name}s{place}" if re.fullmatch(r"n\d+", name) else f"{name}.{place}"

    names = rf'"(n\d+|{re.escape(strategies.EVENT)}|{re.escape(strategies.OTHER_EVENT)})"'

    def owned(value: Any) -> Any:
        return json.loads(re.sub(names, lambda match: f'"{own(match[1])}"', json.dumps(value)))

    graph = owned(case.graph)
    said = case.settings
    said = replace(said, objective=owned(said.objective), leave_rule=owned(said.leave_rule))
    happenings = [
        replace(h, node=own(h.node) if h.node else "", event=own(h.event) if h.event else "", policy=("send", 0))
        for h in case.happenings
        if _storms(h)
    ]
    return replace(case, graph=graph, happenings=happenings, settings=replace(said, follows="live"))


def settled(case: Case, place: int, size: int) -> Crowd:
    """The crowd of a case, its scenario not started yet."""
    contacts = {}
    share = size // len(case.people)
    for number, person in enumerate(case.people):
        attributes = {**person.attributes, "crowd": place, "person": person.name}
        with connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO contacts_contact (email, phone, first_name, last_name, timezone, language, attributes,
                    created_at, updated_at)
                SELECT format('%%s.%%s.%%s@example.com', %s::int, %s, n), CASE WHEN %s THEN '+33'
                    || 100000000 + (%s * 10 + %s) * 1000000 + n END, 'Ada', '', %s, '', %s::jsonb, %s, %s
                FROM generate_series(1, %s) n RETURNING id""",
                [place, person.name, bool(person.phone), place, number, person.zone, json.dumps(attributes), NOW, NOW,
                 share],
            )  # fmt: skip
            ids = contacts[person.name] = [row[0] for row in cursor.fetchall()]
        tagging.add(ids, person.tags, NOW)
        for channel, state in person.consent.items():
            consent.set_state(ids, channel, state, "", NOW)
    graph = json.loads(json.dumps(case.graph))
    if graph["nodes"][0]["type"] != "on_event":
        rule = {"rule": "attribute", "field": "crowd", "op": "equals", "value": place}
        segment = Segment.objects.create(name=f"Crowd {place}", rule=rule)
        graph["nodes"][0]["config"] = {**graph["nodes"][0]["config"], "segment": segment.pk}
    return Crowd(case, _scenario(case.settings, graph, place), contacts)


def _scenario(said: Settings, graph: dict[str, Any], place: int) -> Scenario:
    exits: dict[str, Any] = {}
    if said.leave_reached:
        exits["objective"] = True
    if said.leave_rule:
        exits["rule"] = said.leave_rule
    if said.excluded:
        exits["segment"] = Segment.objects.create(name=f"Excluded {place}", rule=said.excluded).pk
    made = Scenario.objects.create(
        name=f"Scenario {place}",
        reentry=said.reentry,
        reentry_hours=said.hours if said.reentry == "spaced" else None,
        most_rounds=said.most_rounds,
        exits=exits,
    )
    saving.save(made, graph, said.objective or {}, None, None, NOW)
    return made


def happen(crowd: Crowd, happening: Happening) -> None:
    """What happens to a person happens to all who are copies of them."""
    if happening.presses:
        crowd.scenario.refresh_from_db()
        if happening.presses == "pause" and crowd.scenario.state == "running":
            pausing.pause(crowd.scenario, happening.at)
        elif happening.presses == "resume" and crowd.scenario.state == "paused":
            pausing.resume(crowd.scenario, happening.at)
        return
    ids = crowd.contacts[happening.person]
    if happening.channel:
        consent.set_state(ids, happening.channel, happening.says, "", happening.at)
        return
    if happening.event:
        events = [timeline.NewEvent(pk, happening.event, dict(happening.properties), at=happening.since) for pk in ids]
        timeline.record(events, happening.at)
        return
    with transaction.atomic(), connection.cursor() as cursor:
        # Whether it was handed over may still be unknown; it arrived all the same, as far as the story goes.
        cursor.execute(
            """WITH newest AS (
                SELECT DISTINCT ON (m.contact_id) m.id, m.opened_at, m.clicked_at FROM campaigns_message m
                JOIN campaigns_origin o ON o.id = m.origin_id JOIN flows_execution e ON e.id = m.origin_pass
                WHERE o.key = %(key)s AND e.contact_id = ANY(%(ids)s) AND e.state = 'waiting'
                AND m.state NOT IN ('skipped', 'failed') ORDER BY m.contact_id, m.origin_pass DESC, m.visit DESC
            )
            UPDATE campaigns_message m SET
                opened_at = CASE WHEN %(clicks)s AND m.channel = 'sms' THEN m.opened_at
                            ELSE coalesce(m.opened_at, %(now)s) END,
                clicked_at = CASE WHEN %(clicks)s THEN coalesce(m.clicked_at, %(now)s) ELSE m.clicked_at END
            FROM newest WHERE m.id = newest.id
            RETURNING m.id, m.contact_id, m.channel, newest.opened_at IS NULL AND m.opened_at IS NOT NULL,
                newest.clicked_at IS NULL AND m.clicked_at IS NOT NULL""",
            {"key": f"scenario:{crowd.scenario.pk}:{happening.node}", "ids": ids, "now": happening.at,
             "clicks": happening.did == "clicked"},
        )  # fmt: skip
        rows = cursor.fetchall()
        for place, verb in ((3, "opened"), (4, "clicked")):
            events = [timeline.NewEvent(row[1], f"{row[2]}.{verb}", {"message": row[0]}) for row in rows if row[place]]
            timeline.record(events, happening.at)


def sends_through(port: int, host: str = "127.0.0.1") -> None:
    """Mail goes through the sink, which is given a second to answer; SMS stay in the house."""
    Provider.objects.all().delete()
    where = {"host": host, "port": port, "security": "none", "username": "", "timeout": 1}
    shop = {"from_name": "Ada’s shop", "from_email": "shop@example.com"}
    Provider.objects.create(channel="email", kind="smtp", name="Mail", settings=where | shop, is_default=True)
    Provider.objects.create(channel="sms", kind="local", name="Outbox", is_default=True)


def next_moment(crowds: list[Crowd], after: datetime) -> datetime | None:
    """When something is due next: of contacts, of triggers, or of messages that were put off."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT min(at) FROM (
                SELECT min(e.due_at) AS at FROM flows_execution e JOIN flows_scenario s ON s.id = e.scenario_id
                    WHERE e.state = 'waiting' AND s.state = 'running'
                UNION ALL SELECT min(next_run_at) FROM flows_scenario WHERE state = 'running'
                UNION ALL SELECT min(greatest(m.due_at, %s)) FROM campaigns_message m
                    JOIN campaigns_origin o ON o.id = m.origin_id WHERE m.state = 'queued' AND NOT o.held
            ) moments""",
            [after + REST + timedelta(seconds=1)],
        )
        due = cursor.fetchone()[0]
    coming = [h.at for crowd in crowds for h in crowd.case.happenings if h.at > after]
    return min([*coming, *([due] if due else [])], default=None)
