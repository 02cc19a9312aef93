"""After the storm: what became of every contact, against the reference interpreter, the audit and the mail server."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection

from campaigns.models import InboxMessage, Message
from tests.chaos.crowds import Crowd
from tests.flows.audit import complaints
from tests.flows.reference.interpreter import walk
from tests.make import NOW

# Who did the same is told together: a handful of rows for any number of contacts.
_PASSES = """
SELECT trace, count(*) FROM (
    SELECT c.id, (
        SELECT coalesce(jsonb_agg(jsonb_build_array(e.entered_at, (
            SELECT jsonb_agg(jsonb_build_array(s.at, s.node, s.outcome) ORDER BY s.number)
            FROM flows_step s WHERE s.execution_id = e.id
        ), e.state, e.node, e.due_at) ORDER BY e.id), '[]') FROM flows_execution e WHERE e.contact_id = c.id
    ) AS trace FROM unnest(%s::bigint[]) c (id)
) t GROUP BY 1
"""
_MESSAGES = """
SELECT trace, count(*) FROM (
    SELECT c.id, (
        SELECT coalesce(jsonb_agg(jsonb_build_array(m.queued_at, split_part(o.key, ':', 3), m.visit,
            m.state, CASE m.state WHEN 'skipped' THEN m.reason ELSE '' END)
            ORDER BY m.origin_pass, m.visit), '[]')
        FROM campaigns_message m JOIN campaigns_origin o ON o.id = m.origin_id WHERE m.contact_id = c.id
    ) AS trace FROM unnest(%s::bigint[]) c (id)
) t GROUP BY 1
"""
_TAGS = """
SELECT trace, count(*) FROM (
    SELECT c.id, (
        SELECT coalesce(jsonb_agg(t.name ORDER BY t.name), '[]') FROM contacts_contacttag ct
        JOIN contacts_tag t ON t.id = ct.tag_id WHERE ct.contact_id = c.id
    ) AS trace FROM unnest(%s::bigint[]) c (id)
) t GROUP BY 1
"""
_ATTRIBUTES = """
SELECT attributes - 'crowd' - 'person', count(*) FROM contacts_contact WHERE id = ANY(%s) GROUP BY 1
"""


def differences(crowds: Sequence[Crowd], until: datetime, taken: Counter[int]) -> dict[str, Any]:
    """Everything that is not as it must be; nothing, if all is well."""
    found: dict[str, Any] = complaints([sender for crowd in crowds for sender in crowd.senders])
    for crowd in crowds:
        copies = [(person, *alike) for person in crowd.case.people for alike in crowd.alike(person.name)]
        for person, lots, ids in copies:
            draw = partial(_lot, lots)
            expected = walk(crowd.case.graph, person, crowd.case.happenings, NOW, until, crowd.case.settings, draw)
            if expected.ambiguous or expected.tied:
                continue
            passes = [[p.entered_at, [list(s) for s in p.steps], p.state, p.node, p.due] for p in expected.passes]
            theirs = {
                "way": (_PASSES, passes),
                "messages": (_MESSAGES, [list(message) for message in expected.messages]),
                "tags": (_TAGS, sorted(expected.tags)),
                "attributes": (_ATTRIBUTES, expected.attributes),
            }
            for what, (sql, wanted) in theirs.items():
                if unlike := _unlike(sql, ids, wanted):
                    found[f"{what} of {person.name} {lots or ''} in {crowd.scenario}"] = {
                        "wanted": wanted,
                        "found": unlike,
                        "graph": crowd.case.graph,
                        "happenings": [str(one) for one in crowd.case.happenings],
                    }
    return found | _twice_or_lost(taken)


def _lot(lots: dict[str, str], node: dict[str, Any]) -> str:
    return lots[node["id"]]


def _unlike(sql: str, ids: list[int], wanted: list) -> list[tuple[Any, int]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [ids])
        rows = [(_read(json.loads(trace)), count) for trace, count in cursor.fetchall()]
    return [(trace, count) for trace, count in rows if not _alike(trace, wanted)][:3]


def _alike(found: Any, wanted: Any) -> bool:
    """A message is unknown where its worker ended with it in hand, whatever would have become of it: that it arrived at
    most once is asked elsewhere."""
    if not (isinstance(found, list) and isinstance(wanted, list)):
        return bool(found == wanted)
    if len(found) == 5 and found[3] == "unknown":
        return found[:3] == wanted[:3]
    return len(found) == len(wanted) and all(map(_alike, found, wanted))


def _read(value: Any) -> Any:
    """JSON with its moments as moments."""
    if isinstance(value, list):
        return [_read(part) for part in value]
    if isinstance(value, str) and len(value) > 18 and value[4] == "-" and value[10] == "T":
        return datetime.fromisoformat(value)
    return value


def _twice_or_lost(mails: Counter[int]) -> dict[str, Any]:
    """Messages against what arrived: sent ones once, unknown ones at most once, and nothing else."""
    sms = Counter(InboxMessage.objects.filter(channel="sms").values_list("message_id", flat=True))
    found: dict[str, Any] = {}
    for channel, taken in (("email", mails), ("sms", sms)):
        states = dict(Message.objects.filter(channel=channel).values_list("pk", "state"))
        sent = {pk for pk, state in states.items() if state == "sent"}
        unknown = {pk for pk, state in states.items() if state == "unknown"}
        wrong = {
            "twice": [pk for pk, times in taken.items() if times > 1],
            "sent, but never arrived": sorted(sent - taken.keys()),
            "arrived, but is neither sent nor unknown": sorted(taken.keys() - sent - unknown),
            "in no final state": [pk for pk, state in states.items() if state not in ("sent", "unknown", "skipped")],
        }
        found |= {f"{channel}: {what}": pks[:10] for what, pks in wrong.items() if pks}
    return found
