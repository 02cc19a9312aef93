"""Keeps as conversions the events that objectives want: reads the timeline in the order of its commits.

A message has one objective, that of the longest owner which its origin continues. An event belongs to the message by
which the contact was touched last before it, among all whose objective wants it and whose time is not over; openings
and clicks to the very message. So an event is credited once, for one step of one scenario or campaign, and not to the
others that had reached the contact before. What happened before an objective was set is passed over.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection, transaction

from campaigns import attributing, revenue
from campaigns.attributing import Belonging
from campaigns.counting import Of, count_by_day
from contacts import timeline
from contacts.columns import literal
from contacts.days import day_of
from contacts.remembering import remembering

CONSUMER = "conversions"
# While a batch is being worked, nobody can read on in the log: so many as take about a second on a busy machine.
EVENTS = 2_000


def convert(now: datetime) -> bool:
    """Read one batch of events and keep the conversions that they are. Returns whether there may be more.

    Cursor, conversions and counts are one transaction, and one worker at a time does this.
    """
    with transaction.atomic(), remembering():
        wanted = attributing.wanted()
        names = {name for one in wanted for name in one.events}
        events = timeline.read(CONSUMER, EVENTS, names=names)
        if attributing.wanted() != wanted:
            # Somebody set one in between: its first events may be among those that were passed over.
            transaction.set_rollback(True)
            return True
        if events:
            happened = {event.name for event in events}
            concerned = [one for one in wanted if not happened.isdisjoint(one.events)]
            _keep(attributing.belonging(concerned, [event.id for event in events], now))
    return len(events) == EVENTS


class _Worth(NamedTuple):
    value: Decimal | None
    currency: str


# An event that is read again is kept once, whatever it would belong to by now. Which of several events of a message
# makes it converted is decided by when they happened, among those read at once; one that comes later with an earlier
# moment finds it converted.
_KEEP = """
INSERT INTO campaigns_conversion (objective_id, message_id, contact_id, event_id, at, value, currency, first)
SELECT g.*, row_number() OVER (PARTITION BY g.message ORDER BY g.at, g.event, g.objective) = 1
    AND NOT EXISTS (SELECT FROM campaigns_conversion c WHERE c.message_id = g.message AND c.first)
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[], %s::numeric[], %s::text[])
    AS g (objective, message, contact, event, at, value, currency)
WHERE NOT EXISTS (
    SELECT FROM campaigns_conversion c WHERE c.event_id = g.event
) ORDER BY g.at, g.event
RETURNING objective_id, event_id, first
"""


def _keep(found: Sequence[Belonging]) -> None:
    if not found:
        return
    # An event may belong to a message of every scenario: what it says is read once.
    days = {at: day_of(at) for at in {one.at for one in found}}
    said = {(one.value, one.currency): _worth(one.value, one.currency) for one in found}
    worths = [said[one.value, one.currency] for one in found]
    columns: list[Any] = [
        literal([one.objective for one in found]),
        literal([one.message for one in found]),
        literal([one.contact for one in found]),
        literal([one.event for one in found]),
        literal([one.at for one in found]),
        [worth.value for worth in worths],
        [worth.currency for worth in worths],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, columns)
        new = {(objective, event): first for objective, event, first in cursor.fetchall()}
    count_by_day((days[one.at], _of(one), "converted", 1) for one in found if new.get((one.objective, one.event)))
    revenue.add(
        (days[one.at], _of(one), worth.currency, worth.value)
        for one, worth in zip(found, worths, strict=True)
        if worth.value is not None and (one.objective, one.event) in new
    )


def _worth(value: str | None, currency: str | None) -> _Worth:
    amount = revenue.value_of(value)
    return _Worth(amount, "" if amount is None else revenue.currency_of(currency))


def _of(one: Belonging) -> Of:
    return Of(one.origin, one.content, one.provider, one.country, one.language)
