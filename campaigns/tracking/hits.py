"""Keeps every visit to a message's links and picture, and counts those that people made.

What a machine did is kept and told on the timeline under a name of its own (email.machine_opened,
email.machine_clicked), so that no condition, trigger or objective that waits for people takes it for one; unless the
installation counts machines as well. A burst of clicks shows only when it is under way: what was counted of it by then
is taken back.
"""

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from campaigns.counting import count, locked
from campaigns.models import Hit, Message
from campaigns.tracking import machines, taking_back, visits
from campaigns.tracking.devices import device_of
from campaigns.tracking.machines import Seen
from contacts import timeline
from contacts.models import Installation
from contacts.timeline import NewEvent

MOST = 200  # visits that are kept of one message: whoever asks for a link for ever fills no disk

# Of whoever was erased it is kept that they came, and no word of theirs.
_KEEP = """
INSERT INTO campaigns_hit (message_id, number, at, agent, device, machine, counted)
SELECT %s, %s, %s, CASE WHEN EXISTS (
    SELECT FROM contacts_contact WHERE id = %s AND erased_at IS NOT NULL
) THEN '' ELSE %s END, %s, %s, %s WHERE (SELECT count(*) FROM campaigns_hit WHERE message_id = %s) < %s
"""


def opened(message: Message, seen: Seen, now: datetime) -> None:
    """Somebody or something loaded the picture in a message. `message.origin` must have been selected."""
    installation = Installation.current()
    with transaction.atomic():
        _lock(message)
        why = machines.why(seen, message.sent_at, now, opens=True)
        counted = not why or installation.count_machine_opens
        if why:
            _tell(message, None, why, now, event=not counted)
        _keep(message, None, seen, why, counted, now)
        if counted:
            visits.opened(message, now, device_of(seen.agent), machine=why)


def clicked(message: Message, number: int, url: str, seen: Seen, now: datetime) -> None:
    """Somebody or something followed the n-th link of a message to `url`."""
    installation = Installation.current()
    with transaction.atomic():
        _lock(message)
        why = machines.why(seen, message.sent_at, now) or _burst(message, number, now)
        counted = not why or installation.count_machine_clicks
        if why:
            _tell(message, number, why, now, event=not counted, url=url)
            if why == machines.BURST and not counted:
                taking_back.take_back(message, seen.agent[:200], now - machines.BURST_TIME)
        _keep(message, number, seen, why, counted, now)
        if counted:
            visits.clicked(message, number, url, now, device_of(seen.agent), machine=why)


def _lock(message: Message) -> None:
    """Visits to one message are one after the other."""
    rows = Message.objects.select_for_update(no_key=True).filter(pk=message.pk)
    message.sent_at = rows.values_list("sent_at", flat=True).first()


def _burst(message: Message, number: int, now: datetime) -> str:
    since = now - machines.BURST_TIME
    links = Hit.objects.filter(message=message, number__isnull=False, at__gt=since).values_list("number", flat=True)
    return machines.BURST if len({number, *links}) >= machines.BURST_LINKS else ""


def _keep(message: Message, number: int | None, seen: Seen, why: str, counted: bool, now: datetime) -> None:
    agent = seen.agent.replace("\0", "")
    values: list[Any] = [message.pk, number, now, message.contact_id, agent[:200], device_of(agent), why, counted]
    values += [message.pk, MOST]
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, values)


def _tell(message: Message, number: int | None, why: str, now: datetime, event: bool, url: str = "") -> None:
    """Count a message whose first machine this is, and put it on the timeline, once per link, if it is not to be taken
    for a person's."""
    verb = "machine_opened" if number is None else "machine_clicked"
    if not Hit.objects.filter(message=message, number__isnull=number is None).exclude(machine="").exists():
        count([(locked(message), verb, 1)], now)
    if event:
        properties = {"message": message.pk, "origin": message.origin.key, "why": machines.WHY[why]}
        if number is not None:
            properties |= {"url": url, "link": number}
        key = f"machine:{message.pk}:{'open' if number is None else number}"
        timeline.record([NewEvent(message.contact_id, f"{message.channel}.{verb}", properties, key=key)], now)
