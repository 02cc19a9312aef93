"""What hangs on contacts here: messages, what was done with them, lists and conversions; see `contacts.ties`."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from campaigns import skip_reasons
from campaigns.contact_forgetting import forget
from campaigns.counting import Of, count
from campaigns.models import Conversion, Hit, Listed, Message, MessageState
from contacts.columns import literal
from contacts.days import zone_of_days
from contacts.models import Contact
from contacts.ties import People, Told

TABLES = {
    "campaigns_conversion",
    "campaigns_linkclick",
    "campaigns_listed",
    "campaigns_message",
    "campaigns_recentmessage",
}

_HOLD = "SELECT id FROM campaigns_message WHERE contact_id = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE"
# What is queued for both from the same place would come twice to the one who is kept.
_TWICE = """
UPDATE campaigns_message g SET state = 'skipped', reason = %(reason)s, skipped_at = %(now)s
WHERE contact_id = %(gone)s AND state = 'queued' AND EXISTS (
    SELECT FROM campaigns_message k WHERE k.contact_id = %(kept)s AND k.origin_id = g.origin_id
    AND k.content_id = g.content_id AND k.state <> 'skipped'
) RETURNING origin_id, content_id, provider_id, country, language
"""
# A mailing knows by the contact's number to whom it has gone (see mailings.queueing); other askers have their own.
_MESSAGES = """
UPDATE campaigns_message g SET contact_id = %(kept)s, origin_pass = CASE WHEN origin_pass = %(gone)s AND EXISTS (
    SELECT FROM campaigns_origin o JOIN campaigns_campaign c ON o.key LIKE 'campaign:' || c.id || ':%%'
    WHERE o.id = g.origin_id AND c.kind = 'mailing'
) AND NOT EXISTS (
    SELECT FROM campaigns_message k
    WHERE k.origin_pass = %(kept)s AND k.origin_id = g.origin_id AND k.visit = g.visit
) THEN %(kept)s ELSE origin_pass END
WHERE contact_id = %(gone)s
"""
# Who clicked the same link as two people has done so as one: the later of the two is no first any more.
_CLICKS = """
WITH later AS (
    SELECT CASE WHEN g.at < k.at THEN k.message_id ELSE g.message_id END AS message_id, g.number,
        CASE WHEN g.at < k.at THEN k.at ELSE g.at END AS at, g.origin_id, g.content_id
    FROM campaigns_linkclick g JOIN campaigns_linkclick k ON k.contact_id = %(kept)s AND k.first
        AND (k.origin_id, k.content_id, k.number) = (g.origin_id, g.content_id, g.number)
    WHERE g.contact_id = %(gone)s AND g.first
), counted AS (
    INSERT INTO campaigns_linkcount (day, origin_id, content_id, number, clicks, people)
    SELECT (at AT TIME ZONE %(zone)s)::date, origin_id, content_id, number, 0, -1 FROM later
)
UPDATE campaigns_linkclick c SET first = false FROM later
WHERE c.message_id = later.message_id AND c.number = later.number
"""
_MOVE = (
    "UPDATE campaigns_linkclick SET contact_id = %(kept)s WHERE contact_id = %(gone)s",
    "UPDATE campaigns_conversion SET contact_id = %(kept)s WHERE contact_id = %(gone)s",
    "UPDATE campaigns_recentmessage SET contact_id = %(kept)s WHERE contact_id = %(gone)s",
    """UPDATE campaigns_listed g SET contact_id = %(kept)s WHERE contact_id = %(gone)s AND NOT EXISTS (
        SELECT FROM campaigns_listed k WHERE k.campaign_id = g.campaign_id AND k.contact_id = %(kept)s)""",
    "DELETE FROM campaigns_listed WHERE contact_id = %(gone)s",
)
_SKIP = """
UPDATE campaigns_message SET state = 'skipped', reason = %(reason)s, skipped_at = %(now)s
WHERE contact_id = ANY(%(ids)s::bigint[]) AND state = 'queued'
RETURNING origin_id, content_id, provider_id, country, language
"""


def hold(ids: Sequence[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [literal(ids)])


def is_busy(ids: Sequence[int]) -> bool:
    """Whether a message to one of them is being handed over, of which it is written down later what came of it."""
    return Message.objects.filter(contact_id__in=ids, state=MessageState.SENDING).exists()


def join(kept: int, gone: int, now: datetime) -> None:
    values: dict[str, Any] = {"kept": kept, "gone": gone}
    _skip(_TWICE, skip_reasons.MERGED, values, now)
    with connection.cursor() as cursor:
        cursor.execute(_MESSAGES, values)
        cursor.execute(_CLICKS, values | {"zone": zone_of_days()})
        for statement in _MOVE:
            cursor.execute(statement, values)


def erase(who: People, now: datetime) -> None:
    _skip(_SKIP, skip_reasons.CONTACT_ERASED, {"ids": literal(who.ids)}, now)
    forget(who)


def _skip(statement: str, reason: str, values: dict[str, Any], now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values | {"reason": reason, "now": now})
        skipped = [Of(*row) for row in cursor.fetchall()]
    count([(of, metric, 1) for of in skipped for metric in ("skipped", f"skipped:{reason}")], now)


def tell(contact: Contact) -> Told:
    yield "messages", _messages(contact)
    hits = Hit.objects.filter(message__contact=contact).order_by("pk")
    yield "visits", hits.values("message_id", "number", "at", "agent", "device", "machine").iterator(chunk_size=2000)
    won = (
        Conversion.objects.filter(contact=contact)
        .order_by("pk")
        .values("objective__kind", "objective__event", "message_id", "at", "value", "currency")
    )
    yield "conversions", won.iterator(chunk_size=2000)
    yield "campaign_lists", list(Listed.objects.filter(contact=contact).values("campaign_id", "campaign__name"))


def _messages(contact: Contact) -> Iterator[dict[str, Any]]:
    rows = Message.objects.filter(contact=contact).order_by("pk").values(
        "id", "channel", "origin__key", "content__subject", "state", "reason", "country", "language", "domain",
        "queued_at", "sent_at", "delivered_at", "opened_at", "opened_on", "clicked_at", "clicked_on", "bounced_at",
        "complained_at", "unsubscribed_at", "failed_at", "skipped_at",
    )  # fmt: skip
    for row in rows.iterator(chunk_size=2000):
        yield {"origin": row.pop("origin__key"), "subject": row.pop("content__subject"), **row}
