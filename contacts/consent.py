"""Keeps what contacts said about being written to, and tells whom the installation may write to."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Lower

from contacts.models import Consent, ConsentState, Installation, Suppression
from contacts.models.consent import Channel

NO_CONSENT = "no consent"
SUPPRESSED = "suppressed"

# Where the address of each channel stands in a contact.
ADDRESSES = {Channel.EMAIL.value: "email", Channel.SMS.value: "phone"}


def set_state(contact_ids: Sequence[int], channel: str, state: str, source: str, now: datetime) -> list[int]:
    """Keep one answer for many contacts; returns the ids of those whose state changed. Records no event."""
    if not contact_ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO contacts_consent AS had (contact_id, channel, state, at, source)
            SELECT id, %s, %s, %s, %s FROM (
                SELECT id FROM contacts_contact WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE
            ) AS there
            ON CONFLICT (contact_id, channel) DO UPDATE
            SET state = EXCLUDED.state, at = EXCLUDED.at, source = EXCLUDED.source WHERE had.state <> EXCLUDED.state
            RETURNING contact_id
            """,
            [Channel(channel).value, ConsentState(state).value, now, source[:200], list(contact_ids)],
        )
        return [row[0] for row in cursor.fetchall()]


def states(contact_ids: Collection[int]) -> dict[int, dict[str, str]]:
    """The state per channel of each contact; "unknown" where nothing was ever said."""
    found = {pk: dict.fromkeys(ADDRESSES, ConsentState.UNKNOWN.value) for pk in contact_ids}
    rows = Consent.objects.filter(contact_id__in=list(contact_ids)).values_list("contact_id", "channel", "state")
    for contact_id, channel, state in rows:
        found[contact_id][channel] = state
    return found


def refusals(channel: str, contact_ids: Collection[int]) -> dict[int, str]:
    """Which of these contacts may not be written to on `channel`, and why, by policy and suppression, in one query."""
    address = ADDRESSES[channel]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT c.id, CASE WHEN s.id IS NULL THEN %s ELSE %s END
            FROM contacts_contact c
            LEFT JOIN contacts_consent k ON k.contact_id = c.id AND k.channel = %s
            LEFT JOIN contacts_suppression s ON s.channel = %s AND lower(s.address) = lower(c.{address})
            WHERE c.id = ANY(%s) AND (
                s.id IS NOT NULL OR k.state = 'unsubscribed' OR (
                    COALESCE(k.state, 'unknown') <> 'subscribed'
                    AND EXISTS (SELECT FROM contacts_installation WHERE consent_policy = 'opt_in')
                )
            )
            """,  # noqa: S608
            [NO_CONSENT, SUPPRESSED, channel, channel, list(contact_ids)],
        )
        return dict(cursor.fetchall())


def may_receive(channel: str) -> Q:
    """A condition over Contact querysets: those whom policy, consent and suppression allow on `channel`."""
    said = Consent.objects.filter(contact_id=OuterRef("pk"), channel=channel)
    suppressed = Suppression.objects.alias(lowered=Lower("address")).filter(
        channel=channel, lowered=Lower(OuterRef(ADDRESSES[channel]))
    )
    if Installation.current().consent_policy == Installation.ConsentPolicy.OPT_IN:
        allowed = Q(Exists(said.filter(state=ConsentState.SUBSCRIBED)))
    else:
        allowed = ~Q(Exists(said.filter(state=ConsentState.UNSUBSCRIBED)))
    return allowed & ~Q(Exists(suppressed))


def suppress(channel: str, addresses: Iterable[str], reason: str, now: datetime) -> int:
    """Never write to these addresses again. Returns how many are newly kept."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO contacts_suppression (channel, address, reason, at)
            SELECT %s, address, %s, %s FROM (SELECT DISTINCT unnest(%s::text[]) AS address ORDER BY 1) AS given
            ON CONFLICT (channel, lower(address)) DO NOTHING
            """,
            [Channel(channel).value, reason[:200], now, [address.strip() for address in addresses if address.strip()]],
        )
        return cursor.rowcount
