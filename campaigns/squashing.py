"""Squashes differences of counts into one sum per combination, and adds them to the coarser counts.

Readers see either the differences or their sums, and the same count.
"""

from collections.abc import Sequence

from django.db import connection, transaction

from campaigns.models.day_count import METRICS
from campaigns.models.domain_count import DOMAIN_METRICS

ROWS_PER_SLICE = 20_000
# One squasher at a time: two would wait for each other's sums in a circle.
_ALONE = "SELECT pg_try_advisory_xact_lock(7100, 1)"

KEYS = ("origin_id", "content_id", "provider_id", "country", "language", "device")
_MONTH = "date_trunc('month', gone.day)::date AS month"
_CHANNEL = "(SELECT c.channel FROM campaigns_content c WHERE c.id = gone.content_id) AS channel"
# Table → its keys, and how they are read from the rows that are squashed.
_COARSER: dict[str, Sequence[tuple[str, str]]] = {
    "monthcount": [("month", _MONTH), *((key, key) for key in KEYS)],
    "originday": [(key, key) for key in ("day", "origin_id", "content_id", "provider_id")],
    "homeday": [("day", "day"), ("channel", _CHANNEL), *((key, key) for key in KEYS[2:])],
}


def squash_days() -> bool:
    return _squash("daycount", ("day", *KEYS), METRICS, _COARSER)


def squash_domains() -> bool:
    return _squash("domaincount", ("day", "domain", "provider_id"), DOMAIN_METRICS)


def squash_links() -> bool:
    return _squash("linkcount", ("day", "origin_id", "content_id", "number"), ("clicks", "people"))


def _squash(
    table: str, keys: Sequence[str], metrics: Sequence[str], coarser: dict[str, Sequence[tuple[str, str]]] | None = None
) -> bool:
    """One slice of one table; returns whether there may be more."""
    columns = ", ".join([*keys, *metrics])
    places = [
        (table, [(key, key) for key in keys], True),
        *((name, read, False) for name, read in (coarser or {}).items()),
    ]
    sums = "".join(f", in_{name} AS ({_added_up(name, read, metrics, squashed)})" for name, read, squashed in places)
    statement = f"""
    WITH gone AS MATERIALIZED (
        DELETE FROM campaigns_{table} WHERE id IN (
            SELECT id FROM campaigns_{table} WHERE loose ORDER BY id LIMIT %s
        ) RETURNING {columns}
    ){sums} SELECT count(*) FROM gone
    """  # noqa: S608 - our own names
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_ALONE)
        if not cursor.fetchone()[0]:
            return False
        cursor.execute(statement, [ROWS_PER_SLICE])
        return cursor.fetchone()[0] == ROWS_PER_SLICE


def _added_up(table: str, keys: Sequence[tuple[str, str]], metrics: Sequence[str], squashed: bool) -> str:
    names = ", ".join(name for name, _ in keys)
    read = ", ".join(read for _, read in keys)
    places = ", ".join(str(n) for n in range(1, len(keys) + 1))
    return f"""
        INSERT INTO campaigns_{table} AS kept ({names}, {", ".join(metrics)}{", loose" if squashed else ""})
        SELECT {read}, {", ".join(f"sum({metric})" for metric in metrics)}{", false" if squashed else ""}
        FROM gone GROUP BY {places}
        ON CONFLICT ({names}){" WHERE NOT loose" if squashed else ""} DO UPDATE
        SET {", ".join(f"{metric} = kept.{metric} + excluded.{metric}" for metric in metrics)}
    """  # noqa: S608 - our own names
