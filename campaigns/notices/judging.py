"""Tells visits by machines, of which a service tells, from those of people: by the rules for those we see ourselves."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import connection

from campaigns.counting import Of, of
from campaigns.models import Hit
from campaigns.notices.changing import Change
from campaigns.tracking.hits import MOST
from campaigns.tracking.machines import WHY
from contacts.days import day_of
from contacts.timeline import NewEvent

_KEEP = """
INSERT INTO campaigns_hit (message_id, number, at, agent, device, machine, counted)
SELECT v.* FROM unnest(%s::bigint[], %s::int[], %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::boolean[])
    AS v (message, number, at, agent, device, machine, counted)
WHERE (SELECT count(*) FROM campaigns_hit WHERE message_id = v.message) < %s
"""


def keep(changes: Sequence[Change], now: datetime) -> tuple[list[NewEvent], list[tuple[date, Of, str, int]]]:
    """Two statements, or none. Returns what is to be recorded and counted of machines."""
    visits = [(change, visit) for change in changes for visit in change.visits]
    if not visits:
        return [], []
    machines = [(change, visit) for change, visit in visits if visit.why]
    told = Hit.objects.filter(message_id__in=[change.message.pk for change, _visit in machines]).exclude(machine="")
    known = {(pk, number is None) for pk, number in told.values_list("message_id", "number")} if machines else set()
    events, counts, today = [], [], day_of(now)
    for change, visit in machines:
        message, verb = change.message, "machine_opened" if visit.number is None else "machine_clicked"
        if (message.pk, visit.number is None) not in known:
            known.add((message.pk, visit.number is None))
            counts.append((today, of(message), verb, 1))
        if not visit.counted:
            properties = {**change.about, "why": WHY[visit.why]}
            if visit.number is not None:
                properties |= {"url": visit.url, "link": visit.number}
            key = f"machine:{message.pk}:{'open' if visit.number is None else visit.number}"
            events.append(NewEvent(message.contact_id, f"email.{verb}", properties, key=key))
    rows = [(c.message.pk, v.number, v.at, v.agent, v.device, v.why, v.counted) for c, v in visits]
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, [*(list(column) for column in zip(*rows, strict=True)), MOST])
    return events, counts
