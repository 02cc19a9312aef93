"""Keeps what contacts said about being written to, and tells whom the installation may write to."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

import idna
from django.db import connection

from contacts.models import Consent, ConsentState
from contacts.models.consent import Channel

NO_CONSENT = "no consent"
SUPPRESSED = "suppressed"
NO_TOPIC = "not subscribed to the topic"

# Where the address of each channel stands in a contact.
ADDRESSES = {Channel.EMAIL.value: "email", Channel.SMS.value: "phone"}

# In place of a topic, for the mail that asks for consent itself: only suppression speaks against that.
ASKING = "?"

# Of `k`, a row of consent or nothing: whether it forbids to write. While somebody is asked, nobody writes to them.
_DENIES = "({0}.state IN ('unsubscribed', 'pending') OR (COALESCE({0}.state, 'unknown') <> 'subscribed' AND {1}))"
DENIED = _DENIES.format("k", "(SELECT consent_policy = 'opt_in' FROM contacts_installation LIMIT 1)")
TOPIC_DENIED = _DENIES.format("tk", "t.policy = 'opt_in'")


def suppression_joins(channel: str, contact: str) -> str:
    """Joins that find the address of the row `contact` on the list, as `s`, and its domain, as `d`; one row at most."""
    address = f"lower({contact}.{ADDRESSES[channel]})"
    joins = f"LEFT JOIN contacts_suppression s ON s.channel = '{channel}' AND lower(s.address) = {address}"
    if channel != Channel.EMAIL:
        return f"{joins} LEFT JOIN contacts_suppression d ON false"
    return (
        f"{joins} LEFT JOIN contacts_suppression d ON d.channel = 'email' AND left(d.address, 1) = '@'"
        f" AND lower(d.address) = '@' || split_part({address}, '@', -1)"
    )


@dataclass(frozen=True, slots=True)
class Proof:
    """Who or which program kept an answer, and the facts that prove it: see `Said.proof`."""

    by: str = ""
    facts: Mapping[str, Any] | None = None

    @property
    def columns(self) -> list[Any]:
        """The values of the columns `by` and `proof`."""
        return [self.by[:200], json.dumps(self.facts) if self.facts else None]


NO_PROOF = Proof()


def set_state(
    contact_ids: Sequence[int],
    channel: str,
    state: str,
    source: str,
    now: datetime,
    proof: Proof = NO_PROOF,
    facts_of: Mapping[int, Mapping[str, Any]] = MappingProxyType({}),
) -> list[int]:
    """Keep one answer for many contacts; returns the ids of those whose state changed. Records no event.

    `facts_of` are what proves it of one contact each, in place of the proof's facts.
    Who is subscribed is not asked again: `pending` leaves them as they are."""
    if not contact_ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO contacts_consent AS had (contact_id, channel, state, at, source, by, proof)
            SELECT id, %s, %s, %s, %s, %s, COALESCE(%s::jsonb -> id::text, %s::jsonb) FROM (
                SELECT id FROM contacts_contact WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE
            ) AS there
            ON CONFLICT (contact_id, channel) DO UPDATE
            SET state = EXCLUDED.state, at = EXCLUDED.at, source = EXCLUDED.source, by = EXCLUDED.by,
                proof = EXCLUDED.proof
            WHERE had.state <> EXCLUDED.state AND NOT (EXCLUDED.state = 'pending' AND had.state = 'subscribed')
            RETURNING contact_id
            """,
            [
                Channel(channel).value,
                ConsentState(state).value,
                now,
                source[:200],
                proof.columns[0],
                json.dumps({str(pk): facts for pk, facts in facts_of.items()}),
                proof.columns[1],
                list(contact_ids),
            ],
        )
        return [row[0] for row in cursor.fetchall()]


def states(contact_ids: Collection[int]) -> dict[int, dict[str, str]]:
    """The state per channel of each contact; "unknown" where nothing was ever said."""
    found = {pk: dict.fromkeys(ADDRESSES, ConsentState.UNKNOWN.value) for pk in contact_ids}
    rows = Consent.objects.filter(contact_id__in=list(contact_ids)).values_list("contact_id", "channel", "state")
    for contact_id, channel, state in rows:
        found[contact_id][channel] = state
    return found


def refusals(channel: str, contact_ids: Collection[int], topic: str = "") -> dict[int, str]:
    """Which of these contacts may not be written to on `channel` about the topic (its key), and why."""
    return {pk: reason for (pk, _), reason in refused(channel, [(pk, topic) for pk in contact_ids]).items()}


def refused(channel: str, asked: Collection[tuple[int, str]]) -> dict[tuple[int, str], str]:
    """Which of these pairs (contact, topic's key or "" or ASKING) may not be written to on `channel`, and why: by
    suppression, by consent to the channel and by consent to the topic. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT * FROM (
                SELECT a.contact, a.topic, CASE
                    WHEN s.id IS NOT NULL OR d.id IS NOT NULL THEN %s
                    WHEN a.topic = %s THEN NULL
                    WHEN {DENIED} THEN %s
                    WHEN {TOPIC_DENIED} THEN %s
                END AS reason
                FROM unnest(%s::bigint[], %s::text[]) AS a (contact, topic)
                JOIN contacts_contact c ON c.id = a.contact
                LEFT JOIN contacts_consent k ON k.contact_id = c.id AND k.channel = %s
                LEFT JOIN contacts_topic t ON t.key = a.topic
                LEFT JOIN contacts_topicconsent tk
                    ON tk.contact_id = c.id AND tk.topic_id = t.id AND tk.channel = %s
                {suppression_joins(channel, "c")}
            ) each WHERE reason IS NOT NULL
            """,  # noqa: S608
            [
                SUPPRESSED,
                ASKING,
                NO_CONSENT,
                NO_TOPIC,
                [pk for pk, _ in asked],
                [topic for _, topic in asked],
                channel,
                channel,
            ],
        )
        return {(contact, topic): reason for contact, topic, reason in cursor.fetchall()}


def spellings(address: str) -> list[str]:
    """An address, or "@domain", and the other way to write its domain, if there is one: münchen.example is
    xn--mnchen-3ya.example (RFC 5891), and contacts may be known by either."""
    name, at, domain = address.rpartition("@")
    if not at or (domain.isascii() and "xn--" not in domain.lower()):
        return [address]
    try:
        plain = idna.encode(domain, uts46=True).decode()
        return list(dict.fromkeys([address, f"{name}@{plain}", f"{name}@{idna.decode(plain)}"]))
    except (idna.IDNAError, UnicodeError):
        return [address]


def suppress(channel: str, addresses: Sequence[str], reason: str | Sequence[str], now: datetime) -> int:
    """Never write to these addresses again, each for its reason or all for one. Returns how many are newly kept."""
    reasons = [reason] * len(addresses) if isinstance(reason, str) else reason
    given = {address.strip().lower() for address in addresses}
    rows = [
        (spelling, why)
        for address, why in zip(addresses, reasons, strict=True)
        for spelling in spellings(address.strip())
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO contacts_suppression (channel, address, reason, at)
            SELECT %s, address, min(reason), %s
            FROM unnest(%s::text[], %s::text[]) AS given (address, reason) WHERE address <> ''
            GROUP BY address ORDER BY address
            ON CONFLICT (channel, lower(address)) DO NOTHING RETURNING lower(address)
            """,
            [Channel(channel).value, now, [address for address, _ in rows], [why[:200] for _, why in rows]],
        )
        return len({address for (address,) in cursor.fetchall()} & given)
