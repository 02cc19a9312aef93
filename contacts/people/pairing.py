"""Looks for contacts who may be one person: whoever has the same key by one of some rules, a slice of keys at a time.

Keys are worked out and grouped by the database, so a search costs what reading the contacts costs, however many pairs
they make. In a group everybody is paired with the oldest: fifty people with one name are 49 pairs, not 1,225. A search
walks all rules; what it does not find again, and nobody has dismissed, goes at its end.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet

from contacts.lanes import nudge
from contacts.models import Pair, PairSearch

EVERY = timedelta(days=1)
# A slice reads all contacts and keeps one part of their keys, so that no sort is larger than this many.
PER_SLICE = 150_000
# Groups larger than this have a key that says nothing, such as the name “Test Test”; and so many pairs are enough.
LARGEST_GROUP, MOST_PAIRS = 50, 50_000

# Where anybody can have an address, the same name there says less than the same name at a company.
SHARED_HOSTS = (
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "aol.com",
    "gmx.de", "gmx.net", "web.de", "t-online.de", "mail.ru", "yandex.ru", "orange.fr", "free.fr", "libero.it", "qq.com",
    "163.com", "proton.me", "protonmail.com",
)  # fmt: skip
_LOCAL, _HOST = "split_part(lower(email), '@', 1)", "split_part(lower(email), '@', 2)"
_GMAIL = f"{_HOST} IN ('gmail.com', 'googlemail.com')"
_NAME = "lower(btrim(first_name) || ' ' || btrim(last_name))"
_NAMED = "first_name <> '' AND last_name <> ''"
# How some countries write one number in two ways: Mexico's and Argentina's mobiles with a digit more, Italy apart, a
# zero that is only dialled at home.
_PHONE = r"""CASE WHEN phone ~ '^\+(521|549|[0-9]{1,3}0)' THEN regexp_replace(
    regexp_replace(regexp_replace(phone, '^\+521', '+52'), '^\+549', '+54'),
    '^\+(?!39)(7|20|27|3[0-46]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|3[578]\d|42\d)0+', '+\1') ELSE phone END"""

# Key → (score, SQL of the key, whom it is asked of, words for people).
RULES: dict[str, tuple[int, str, str, str]] = {
    "gmail": (
        95,
        f"replace(split_part({_LOCAL}, '+', 1), '.', '') || '@gmail.com'",
        f"email IS NOT NULL AND {_GMAIL}",
        "The same Gmail address, written with other dots or a part after +",
    ),
    "plus": (
        85,
        f"split_part({_LOCAL}, '+', 1) || '@' || {_HOST}",
        f"email IS NOT NULL AND NOT ({_GMAIL})",
        "The same email address but for the part after +",
    ),
    "phone": (90, _PHONE, "phone IS NOT NULL", "The same phone number in another notation"),
    "external_id": (
        80,
        "lower(btrim(external_id))",
        "external_id IS NOT NULL",
        "The same external id but for capitals",
    ),
    "company": (
        70,
        f"{_NAME} || '@' || {_HOST}",
        f"{_NAMED} AND email IS NOT NULL AND NOT {_HOST} = ANY(%(shared)s)",
        "The same name, and addresses at the same domain",
    ),
    "host": (
        40,
        f"{_NAME} || '@' || {_HOST}",
        f"{_NAMED} AND email IS NOT NULL AND {_HOST} = ANY(%(shared)s)",
        "The same name, and addresses with the same mail service",
    ),
    "reachable": (
        45,
        _NAME,
        f"{_NAMED}",
        "The same name; one is known by email, the other by phone",
    ),
}
# Of the last rule: a pair is one who has no email and one who has no phone.
_APART = "(a.email IS NULL) <> (b.email IS NULL) AND (a.phone IS NULL) <> (b.phone IS NULL)"
_FIND = """
WITH keyed AS MATERIALIZED (
    SELECT id, key FROM (SELECT id, {key} AS key FROM contacts_contact WHERE erased_at IS NULL AND {asked}) k
    WHERE abs(hashtext(key)::bigint) %% %(parts)s = %(part)s
), grouped AS (
    SELECT id, first_value(id) OVER w AS oldest, count(*) OVER (PARTITION BY key) AS many
    FROM keyed WINDOW w AS (PARTITION BY key ORDER BY id)
), found AS (
    SELECT a.id AS one, b.id AS other FROM grouped g
    JOIN contacts_contact a ON a.id = g.oldest JOIN contacts_contact b ON b.id = g.id
    WHERE g.many BETWEEN 2 AND %(largest)s AND g.id <> g.oldest AND {apart}
    ORDER BY 1, 2 LIMIT %(room)s
), there AS (
    SELECT id FROM contacts_contact WHERE id IN (SELECT one FROM found UNION SELECT other FROM found)
    ORDER BY id FOR KEY SHARE
)
INSERT INTO contacts_pair AS had (one_id, other_id, score, reasons, search, found_at)
SELECT one, other, %(score)s, ARRAY[%(rule)s]::varchar[], %(search)s, %(now)s FROM found
WHERE one IN (SELECT id FROM there) AND other IN (SELECT id FROM there)
ON CONFLICT (one_id, other_id) DO UPDATE SET
    score = CASE WHEN had.search = EXCLUDED.search THEN greatest(had.score, EXCLUDED.score) ELSE EXCLUDED.score END,
    reasons = CASE WHEN had.search = EXCLUDED.search
        THEN array_remove(had.reasons, %(rule)s::varchar) || EXCLUDED.reasons ELSE EXCLUDED.reasons END,
    search = EXCLUDED.search
"""


def open_pairs() -> QuerySet[Pair]:
    """Those that nobody has looked at yet, the likeliest first."""
    return Pair.objects.filter(dismissed_at=None).select_related("one", "other").order_by("-score", "-pk")


def dismissed_pairs() -> QuerySet[Pair]:
    return Pair.objects.exclude(dismissed_at=None).select_related("one", "other", "dismissed_by").order_by("-pk")


def of_contact(contact_id: int) -> QuerySet[Pair]:
    return open_pairs().filter(Q(one=contact_id) | Q(other=contact_id))


def latest() -> PairSearch | None:
    return PairSearch.objects.order_by("-pk").first()


def begin(now: datetime) -> bool:
    """Have all contacts looked through. False where a search is under way."""
    try:
        with transaction.atomic():
            PairSearch.objects.create(steps=len(RULES) * _parts(), started_at=now)
            nudge("upkeep")
    except IntegrityError:
        return False
    return True


def dismiss(pair_id: int, now: datetime, by: Any = None) -> bool:
    """They are not the same person: not shown again. False where that was said already, or the pair is gone."""
    return bool(Pair.objects.filter(pk=pair_id, dismissed_at=None).update(dismissed_at=now, dismissed_by=by))


def restore(pair_id: int) -> bool:
    return bool(Pair.objects.exclude(dismissed_at=None).filter(pk=pair_id).update(dismissed_at=None, dismissed_by=None))


def reasons(pair: Pair) -> list[str]:
    return [RULES[key][3] for key in pair.reasons if key in RULES]


def search(now: datetime) -> bool:
    """One slice of the search that is under way; begins one a day after the last. Whether there may be more."""
    with transaction.atomic():
        running = PairSearch.objects.select_for_update(skip_locked=True).filter(finished_at=None).first()
        if running is not None:
            _slice(running, now)
            return running.finished_at is None
    last = latest()
    if last is not None and last.finished_at is not None and last.finished_at <= now - EVERY:
        return begin(now)
    return False


def _slice(running: PairSearch, now: datetime) -> None:
    parts = running.steps // len(RULES) or 1
    rule = list(RULES)[min(running.step // parts, len(RULES) - 1)]
    score, key, asked, _words = RULES[rule]
    apart = _APART if rule == "reachable" else "true"
    values: dict[str, Any] = {
        "parts": parts,
        "part": running.step % parts,
        "largest": LARGEST_GROUP,
        "room": max(MOST_PAIRS - running.pairs, 0),
        "score": score,
        "rule": rule,
        "search": running.pk,
        "now": now,
        "shared": list(SHARED_HOSTS),
    }
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(_FIND.format(key=key, asked=asked, apart=apart), values)
        running.pairs += cursor.rowcount
    running.truncated = running.pairs >= MOST_PAIRS
    running.step += 1
    if running.step >= running.steps:
        running.finished_at = now
        Pair.objects.filter(search__lt=running.pk, dismissed_at=None).delete()
        PairSearch.objects.filter(pk__lt=running.pk).delete()
        running.pairs = Pair.objects.filter(search=running.pk, dismissed_at=None).count()
    running.save()


def _parts() -> int:
    """As the planner reckons: contacts by PER_SLICE."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = 'contacts_contact'::regclass")
        return max(1, min(64, -(-cursor.fetchone()[0] // PER_SLICE)))


def waiting(search: PairSearch | None) -> bool:
    return search is not None and search.finished_at is None


def progress(search: PairSearch) -> int:
    return min(100, search.step * 100 // search.steps) if search.steps else 100
