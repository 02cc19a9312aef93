"""Says to which message an event belongs: to the last one whose objective wants it and that touched the contact before.

To that one alone, of whichever scenario or campaign it is: an order that two of them asked for came once, is credited
to the step which spoke last, and what all of them brought in adds up to what was earned. A message that was lost
touches nobody, unless it was opened or clicked after all; one of which nobody knows what became touched the contact
when it was opened or clicked. What is learned of a message later does not take back what was credited before.
"""

import logging
from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import starmap
from typing import Any, NamedTuple

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from campaigns import objectives
from campaigns.models import Objective
from contacts.segments import compiler
from contacts.segments.where import NOBODY, Scope, Where, fill, ids

logger = logging.getLogger(__name__)

SCOPE = Scope(event=True, few=True)


class Wanted(NamedTuple):
    """What is needed of an objective to find the events that it wants."""

    id: int
    owner: str
    kind: str
    event: str
    filter: Any
    segment: int | None
    within_days: int | None
    touch: str
    value_property: str
    currency_property: str

    @property
    def events(self) -> Collection[str]:
        return objectives.EVENTS.get(self.kind) or (self.event,)


class Belonging(NamedTuple):
    """An event that an objective wants, and the message that it belongs to; value and currency as the event says."""

    event: int
    objective: int
    message: int
    contact: int
    at: datetime
    value: str | None
    currency: str | None
    origin: int
    content: int
    provider: int | None
    country: str
    language: str


def wanted() -> list[Wanted]:
    """All objectives as they are now."""
    rows = Objective.objects.exclude(kind="").order_by("pk").values_list(*Wanted._fields)
    return list(map(Wanted._make, rows))


# Which objective a message has follows from its origin: keys are compared byte by byte (~>=~), as their index is, so
# that "campaign:3" leads to "campaign:3:n2" and not to "campaign:30". Contacts are locked against deletion, in the
# order of their ids. An opening or click by itself may come before the message is recorded as sent: through whom it
# goes may be written down at this moment, and whoever does so afterwards finds the conversion, and carries it over.
_BELONGING = """
WITH wanted AS MATERIALIZED (
    SELECT * FROM campaigns_objective WHERE id = ANY({0})
), covered AS MATERIALIZED (
    SELECT g.id AS origin_id, w.id AS objective_id FROM wanted w JOIN campaigns_origin g ON g.key = w.owner
    UNION ALL
    SELECT g.id, w.id FROM wanted w
    JOIN campaigns_origin g ON g.key ~>=~ (w.owner || ':') AND g.key ~<~ (w.owner || ';')
    WHERE NOT EXISTS (
        SELECT FROM campaigns_objective n
        WHERE n.kind <> '' AND n.owner ~>=~ (w.owner || ':') AND n.owner ~<~ (w.owner || ';')
        AND (g.key = n.owner OR starts_with(g.key, n.owner || ':'))
    )
), given AS MATERIALIZED (
    SELECT id, contact_id, name, at, properties FROM contacts_event WHERE id = ANY({1})
), there AS MATERIALIZED (
    SELECT id FROM contacts_contact WHERE id IN (SELECT contact_id FROM given) ORDER BY id FOR KEY SHARE
), candidate AS MATERIALIZED (
    SELECT e.id AS event_id, w.id AS objective_id, m.id AS message_id, touched.at AS touched_at
    FROM given e JOIN there ON there.id = e.contact_id
    JOIN wanted w ON (w.kind = 'event' AND w.event = e.name)
        OR (w.kind = 'segment' AND e.name = 'segment.entered' AND e.properties -> 'segment' = to_jsonb(w.segment))
    JOIN covered c ON c.objective_id = w.id
    JOIN campaigns_message m ON m.contact_id = e.contact_id AND m.origin_id = c.origin_id
    CROSS JOIN LATERAL (SELECT CASE w.touch WHEN 'opened' THEN coalesce(m.opened_at, m.clicked_at)
        WHEN 'clicked' THEN m.clicked_at
        ELSE coalesce(CASE WHEN m.bounced_at IS NULL AND m.failed_at IS NULL THEN m.sent_at END,
            least(m.opened_at, m.clicked_at)) END AS at) touched
    WHERE touched.at < e.at
    AND (w.within_days IS NULL OR e.at <= touched.at + w.within_days * interval '1 day')
    UNION ALL
    SELECT e.id, w.id, m.id, e.at
    FROM given e JOIN there ON there.id = e.contact_id
    JOIN campaigns_message m ON m.contact_id = e.contact_id AND m.id = CASE
        WHEN e.properties ->> 'message' ~ '^[0-9]{1,18}$' THEN (e.properties ->> 'message')::bigint END
    JOIN covered c ON c.origin_id = m.origin_id
    JOIN wanted w ON w.id = c.objective_id AND (
        (w.kind = 'opened' AND e.name = 'email.opened' AND m.opened_at IS NOT NULL)
        OR (w.kind = 'clicked' AND e.name IN ('email.clicked', 'sms.clicked') AND m.clicked_at IS NOT NULL))
    WHERE w.within_days IS NULL OR m.sent_at IS NULL OR e.at <= m.sent_at + w.within_days * interval '1 day'
), passed AS MATERIALIZED (
    SELECT pair.event_id, pair.objective_id
    FROM (SELECT DISTINCT event_id, objective_id FROM candidate WHERE objective_id = ANY({2})) pair
    JOIN contacts_event ON "contacts_event"."id" = pair.event_id
    JOIN contacts_contact ON "contacts_contact"."id" = "contacts_event"."contact_id"
    WHERE {3}
), chosen AS MATERIALIZED (
    SELECT DISTINCT ON (event_id) event_id, objective_id, message_id FROM candidate
    WHERE objective_id <> ALL({2}) OR (event_id, objective_id) IN (SELECT event_id, objective_id FROM passed)
    ORDER BY event_id, touched_at DESC, message_id DESC
), in_hand AS MATERIALIZED (
    SELECT id, provider_id, country, language FROM campaigns_message WHERE id IN (
        SELECT m.id FROM chosen JOIN campaigns_message m ON m.id = chosen.message_id
        WHERE m.state IN ('queued', 'sending', 'unknown')
    ) ORDER BY id FOR SHARE
)
SELECT c.event_id, c.objective_id, c.message_id, e.contact_id, e.at,
    CASE WHEN w.kind = 'event' THEN e.properties ->> nullif(w.value_property, '') END,
    CASE WHEN w.kind = 'event' THEN e.properties ->> nullif(w.currency_property, '') END,
    m.origin_id, m.content_id, CASE WHEN h.id IS NULL THEN m.provider_id ELSE h.provider_id END,
    coalesce(h.country, m.country), coalesce(h.language, m.language)
FROM chosen c JOIN given e ON e.id = c.event_id JOIN wanted w ON w.id = c.objective_id
JOIN campaigns_message m ON m.id = c.message_id LEFT JOIN in_hand h ON h.id = m.id ORDER BY e.at, e.id
"""


def belonging(concerned: Sequence[Wanted], events: Sequence[int], now: datetime) -> list[Belonging]:
    """Where these events belong, in the order in which they happened: one statement, and one more where filters name
    segments. An objective whose filter cannot be asked wants nothing; the others are not kept from what is theirs."""
    if not concerned:
        return []
    try:
        return _asked(concerned, events, now)
    except (OperationalError, InterfaceError):
        raise
    except DatabaseError:
        return _asked([one for one in concerned if not one.filter or _works(one, events, now)], events, now)


def _works(one: Wanted, events: Sequence[int], now: datetime) -> bool:
    try:
        _asked([one], events, now)
    except (OperationalError, InterfaceError):
        raise
    except DatabaseError:
        logger.exception("The filter of the objective of %s cannot be worked out", one.owner)
        return False
    return True


def _asked(concerned: Sequence[Wanted], events: Sequence[int], now: datetime) -> list[Belonging]:
    filtered = {one.id: one.filter for one in concerned if one.filter}
    query = fill(
        _BELONGING,
        ids([one.id for one in concerned]),
        ids(events),
        ids(list(filtered)),
        _filters(filtered, now),
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(query.sql, query.params)
        return list(starmap(Belonging, cursor.fetchall()))


def _filters(filtered: dict[int, Any], now: datetime) -> Where:
    """Whether the event and its contact pass the filter of the objective at hand."""
    scope = compiler.leading_to(list(filtered.values()), SCOPE)
    conditions: list[Where] = []
    for pk, rule in filtered.items():
        found = compiler.problems_inside(rule, scope)
        if found:
            logger.warning("The filter of objective %s cannot be asked: %s", pk, " ".join(found))
        condition = NOBODY if found else compiler.compiled(rule, now, scope)
        conditions.append(fill("WHEN {0} THEN {1}", Where("%s", (pk,)), condition))
    if not conditions:
        return NOBODY
    whens = Where(" ".join(each.sql for each in conditions), tuple(p for each in conditions for p in each.params))
    return fill("CASE pair.objective_id {0} ELSE FALSE END", whens)
