"""Reads what a file says about topics: "topic.news.email" is what a column is called that holds consent to one."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from contacts import topics
from contacts.columns import literal
from contacts.consent import ADDRESSES, Proof
from contacts.imports.attribute_cells import slug
from contacts.lanes import READERS, nudge
from contacts.models import Topic
from contacts.models.consent import SAYABLE, Channel
from contacts.models.topic import KEY
from contacts.profiles import SUBSCRIBED, May

_TARGET = re.compile(rf"topic\.({KEY})\.({'|'.join(ADDRESSES)})")
# What else headers say of a topic: “email_news”, “topics.news.sms”, “news opt-in”.
_AROUND = re.compile(r"(topics?|consent|opt_?in|subscribed)")

# One statement for all topics and answers. `unknown` takes an answer back; of whom nothing was said, that says nothing.
_KEEP = """
WITH given AS MATERIALIZED (
    SELECT unnest(%(contacts)s::bigint[]) AS contact_id, unnest(%(topics)s::bigint[]) AS topic_id,
        unnest(%(channels)s::text[]) AS channel, unnest(%(states)s::text[]) AS state
), there AS MATERIALIZED (
    SELECT id FROM contacts_contact WHERE id = ANY(%(contacts)s::bigint[]) ORDER BY id FOR KEY SHARE
), kept AS (
    INSERT INTO contacts_topicconsent AS had (contact_id, topic_id, channel, state, at, source, by, proof)
    SELECT contact_id, topic_id, channel, state, %(now)s, %(origin)s, %(by)s, %(proof)s::jsonb
    FROM given JOIN there ON id = contact_id
    WHERE (%(widen)s OR state <> 'subscribed') AND (state <> 'unknown' OR EXISTS (
        SELECT FROM contacts_topicconsent k
        WHERE k.contact_id = given.contact_id AND k.topic_id = given.topic_id AND k.channel = given.channel
    ))
    ORDER BY contact_id, topic_id, channel
    ON CONFLICT (contact_id, topic_id, channel) DO UPDATE
    SET state = EXCLUDED.state, at = EXCLUDED.at, source = EXCLUDED.source, by = EXCLUDED.by, proof = EXCLUDED.proof
    WHERE had.state <> EXCLUDED.state AND (%(resubscribe)s OR had.state NOT IN ('unsubscribed', 'pending'))
    RETURNING contact_id, topic_id, channel, state
), told AS (
    INSERT INTO contacts_event (contact_id, name, properties, at)
    SELECT contact_id, CASE state WHEN 'unknown' THEN 'contact.updated' ELSE 'topic.' || state END,
        CASE state WHEN 'unknown' THEN jsonb_build_object('changed', ARRAY['topics.' || key || '.' || channel])
            ELSE jsonb_build_object('topic', key, 'channel', channel) END || %(source)s::jsonb, %(now)s
    FROM kept JOIN contacts_topic t ON t.id = kept.topic_id ORDER BY contact_id
)
SELECT array_agg(DISTINCT contact_id) FROM kept
"""


def is_target(text: str) -> bool:
    """Whether a column may be called so; whether there is such a topic is another matter."""
    return _TARGET.fullmatch(text) is not None


def of_target(target: str) -> tuple[str, str]:
    """The topic's key and the channel of a column."""
    _, key, channel = target.split(".")
    return key, channel


def problem(mapping: Iterable[str | None]) -> str:
    """Why columns cannot be what they are said to be, as a sentence: a topic that there is not. "" where they can."""
    named = [of_target(target)[0] for target in mapping if target and is_target(target)]
    return next(filter(None, map(topics.problem, named)), "") if named else ""


def offered(known: Mapping[str, Topic]) -> list[tuple[str, str]]:
    """(target, label) for the topics that are not archived."""
    return [
        (f"topic.{topic.key}.{channel.value}", f"{topic.name} by {_by(channel)}")
        for topic in known.values()
        if not topic.archived_at
        for channel in Channel
    ]


def label(target: str, known: Mapping[str, Topic]) -> str:
    key, channel = of_target(target)
    return f"{known[key].name if key in known else key} by {_by(Channel(channel))}"


def guess(name: str, known: Mapping[str, Topic]) -> str | None:
    """The target of a column whose header is a topic's name or key, perhaps with a channel; None for any other."""
    words = _AROUND.sub("", name)
    channel = next((channel for channel in ADDRESSES if re.search(rf"(^|_){channel}(_|$)", words)), "")
    bare = re.sub(rf"(^|_){channel}(?=_|$)", "", words) if channel else words
    for plain, by in ((name, ""), (_plain(bare), channel), (_plain(words), "")):
        for topic in known.values():
            if plain and not topic.archived_at and plain in (slug(topic.key), slug(topic.name)):
                return f"topic.{topic.key}.{by or Channel.EMAIL.value}"
    return None


def keep(
    said: Mapping[str, Sequence[str | None]],
    ids: Sequence[int | None],
    now: datetime,
    origin: Mapping[str, Any],
    may: May,
    proof: Proof,
) -> set[int]:
    """Keep what rows say: for each target a state for each row, or None; `ids` are their contacts. Consent is widened
    as far as `may` allows. Where rows say different things of one contact, the last one counts.

    Returns the ids of those whom it changed. One statement."""
    known = topics.known() if said else {}
    answers: dict[tuple[int, int, str], str] = {}
    for target, states in said.items():
        key, channel = of_target(target)
        for contact_id, state in zip(ids, states, strict=True):
            if contact_id and state in SAYABLE and (may.subscribe or state != SUBSCRIBED):
                answers[contact_id, known[key].pk, channel] = state
    if not answers:
        return set()
    contacts, about, channels = zip(*answers, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            _KEEP,
            {
                "contacts": literal(contacts),
                "topics": literal(about),
                "channels": list(channels),
                "states": list(answers.values()),
                "now": now,
                "origin": origin.get("source", "")[:200],
                "source": json.dumps(dict(origin)),
                "by": proof.columns[0],
                "proof": proof.columns[1],
                "widen": may.subscribe,
                "resubscribe": may.resubscribe,
            },
        )
        changed = set(cursor.fetchone()[0] or ())
    if changed:
        nudge(*READERS)
    return changed


def _by(channel: Channel) -> str:
    return "SMS" if channel == Channel.SMS else "email"


def _plain(name: str) -> str:
    return re.sub(r"_+", "_", name).strip("_")
