"""What hangs on contacts here: tags, consent, events, members, pairs and former merges; see `contacts.ties`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from contacts.columns import literal
from contacts.models import Contact, CsvImport, Event, Membership, Suppression
from contacts.people.forgetting import forget_words
from contacts.ties import People, Told

TABLES = {
    "contacts_consent",
    "contacts_contacttag",
    "contacts_erasure",
    "contacts_event",
    "contacts_membership",
    "contacts_merge",
    "contacts_pair",
    "contacts_pastconsent",
    "contacts_topicconsent",
}

# Whoever unsubscribed anywhere stays so; of the rest, what was said counts more than that nothing was.
_FACTS = "state, at, source, by, proof"
_RANK = "array_position(ARRAY['unknown', 'subscribed', 'pending', 'unsubscribed'], {}::text)"
# What counts less was said all the same, and stays in the history.
_SAY = """
WITH theirs AS (DELETE FROM contacts_{table} WHERE contact_id = %(gone)s RETURNING {columns}), less AS (
    INSERT INTO contacts_pastconsent (contact_id, {columns})
    SELECT %(kept)s, {theirs} FROM theirs t JOIN contacts_{table} k ON k.contact_id = %(kept)s AND {same}
    WHERE (t.state, t.at) IS DISTINCT FROM (k.state, k.at) AND {their_rank} <= {his_rank}
)
INSERT INTO contacts_{table} AS had (contact_id, {columns})
SELECT %(kept)s, {columns} FROM theirs
ON CONFLICT ({keys}) DO UPDATE SET state = EXCLUDED.state, at = EXCLUDED.at, source = EXCLUDED.source,
    by = EXCLUDED.by, proof = EXCLUDED.proof
WHERE {new} > {old}
"""
_CONSENT, _TOPICS = (
    _SAY.format(
        table=table,
        columns=f"{keys}, {_FACTS}",
        theirs=", ".join(f"t.{name}" for name in f"{keys}, {_FACTS}".split(", ")),
        same=" AND ".join(f"k.{name} = t.{name}" for name in keys.split(", ")),
        their_rank=_RANK.format("t.state"),
        his_rank=_RANK.format("k.state"),
        keys=f"contact_id, {keys}",
        new=_RANK.format("EXCLUDED.state"),
        old=_RANK.format("had.state"),
    )
    for table, keys in (("consent", "channel"), ("topicconsent", "topic_id, channel"))
)
_JOIN = (
    """UPDATE contacts_contacttag g SET contact_id = %(kept)s WHERE contact_id = %(gone)s
       AND NOT EXISTS (SELECT FROM contacts_contacttag k WHERE k.contact_id = %(kept)s AND k.tag_id = g.tag_id)""",
    "DELETE FROM contacts_contacttag WHERE contact_id = %(gone)s",
    _CONSENT,
    _TOPICS,
    "UPDATE contacts_pastconsent SET contact_id = %(kept)s WHERE contact_id = %(gone)s",
    "UPDATE contacts_event SET contact_id = %(kept)s WHERE contact_id = %(gone)s",
    # Who stands on a fixed list was put there by hand. Other segments are told by contact.merged, and look afresh.
    """UPDATE contacts_membership g SET contact_id = %(kept)s FROM contacts_segment s
       WHERE g.contact_id = %(gone)s AND s.id = g.segment_id AND s.kind = 'static'
       AND NOT EXISTS (SELECT FROM contacts_membership k WHERE k.contact_id = %(kept)s AND k.segment_id = s.id)""",
    "DELETE FROM contacts_membership WHERE contact_id = %(gone)s",
    "DELETE FROM contacts_pair WHERE one_id = %(gone)s OR other_id = %(gone)s",
    "UPDATE contacts_merge SET kept_id = %(kept)s WHERE kept_id = %(gone)s",
)

# Of what Waypost records itself, numbers of our own stay, for reports are counted anew by them. Keys stay where they
# are ours, so that nothing is recorded twice; those of programs may say anything.
_KEPT_NUMBERS = "'message', 'link', 'provider', 'segment', 'scenario'"
_EVENTS = f"""
UPDATE contacts_event e SET properties = COALESCE((
        SELECT jsonb_object_agg(p.key, p.value) FROM jsonb_each(CASE jsonb_typeof(e.properties)
            WHEN 'object' THEN e.properties ELSE '{{{{}}}}'::jsonb END) p
        WHERE p.key IN ({_KEPT_NUMBERS}) AND jsonb_typeof(p.value) = 'number'
        AND e.name ~ '^(email|sms|segment|scenario)[.]'
    ), '{{{{}}}}'::jsonb),
    key = CASE WHEN e.key ~ '^(click|machine|sent|taken|delivered|soft|hard|refused|complained):[0-9]+(:[a-z0-9]+)?$'
        THEN e.key END
WHERE contact_id = ANY({{ids}}) AND (properties <> '{{{{}}}}'::jsonb OR key IS NOT NULL)
"""  # noqa: S608 - our own words
_ERASE = (
    "DELETE FROM contacts_contacttag WHERE contact_id = ANY({ids})",
    "DELETE FROM contacts_consent WHERE contact_id = ANY({ids})",
    "DELETE FROM contacts_topicconsent WHERE contact_id = ANY({ids})",
    "DELETE FROM contacts_pastconsent WHERE contact_id = ANY({ids})",
    "DELETE FROM contacts_membership WHERE contact_id = ANY({ids})",
    "DELETE FROM contacts_pair WHERE one_id = ANY({ids}) OR other_id = ANY({ids})",
    # That a merge was is kept, so that old links lead somewhere; who the two were is not.
    "UPDATE contacts_merge SET before = '{{}}'::jsonb, choices = '{{}}'::jsonb WHERE kept_id = ANY({ids})",
    _EVENTS,
)


def hold(ids: Sequence[int]) -> None:
    """Nothing: whoever writes these rows locks the contacts first."""


def join(kept: int, gone: int, now: datetime) -> None:
    with connection.cursor() as cursor:
        for statement in _JOIN:
            cursor.execute(statement, {"kept": kept, "gone": gone})


def erase(who: People, now: datetime) -> None:
    with connection.cursor() as cursor:
        for statement in _ERASE:
            cursor.execute(statement.format(ids="%(ids)s::bigint[]"), {"ids": literal(who.ids)})
    forget_words(who)


def tell(contact: Contact) -> Told:
    yield "tags", _tags(contact)
    facts = ("channel", "state", "at", "source", "by", "proof")
    yield "consent", list(contact.consents.order_by("channel").values(*facts))
    yield "topics", _about(contact.topic_consents.order_by("topic", "channel"), facts)
    yield "past_consent", _about(contact.past_consents.order_by("at", "id"), facts)
    yield "suppressed", list(_suppressed(contact).values("channel", "address", "reason", "at"))
    yield "segments", list(Membership.objects.filter(contact=contact).values("segment_id", "segment__name"))
    yield "imports", list(_imports(contact).values("id", "name", "created_at"))
    yield "merged_from", list(contact.merges.order_by("pk").values("gone_id", "at", "source", "choices", "before"))
    rows = Event.objects.filter(contact=contact).order_by("pk").values("id", "name", "at", "properties", "key")
    yield "events", rows.iterator(chunk_size=2000)


def _about(said: QuerySet[Any], facts: Sequence[str]) -> list[dict[str, Any]]:
    """Answers with the topic that they are about, if they are about one, by its key and what people call it."""
    rows = said.values("topic__key", "topic__name", *facts)
    return [{"topic": row.pop("topic__key"), "topic_name": row.pop("topic__name"), **row} for row in rows]


def _tags(contact: Contact) -> list[dict[str, Any]]:
    return [{"name": mark.tag.name, "since": mark.at} for mark in contact.contact_tags.select_related("tag")]


def _suppressed(contact: Contact) -> QuerySet[Suppression]:
    """Their addresses, and the domain of their email."""
    email = (contact.email or "").lower()
    held = Suppression.objects.annotate(lowered=Lower("address"))
    asked = Q(channel="email", lowered__in=[email, f"@{email.rpartition('@')[2]}"]) if email else Q(pk=None)
    return held.filter(asked | Q(channel="sms", lowered=contact.phone)).order_by("pk")


def _imports(contact: Contact) -> QuerySet[CsvImport]:
    """The files that made them or changed them, as far as those are still known."""
    told = Event.objects.filter(contact=contact, properties__has_key="import").values_list(
        "properties__import", flat=True
    )
    return CsvImport.objects.filter(pk__in={pk for pk in told if isinstance(pk, int)}).order_by("pk")
