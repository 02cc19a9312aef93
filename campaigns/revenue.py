"""Reads what an event was worth, and sums that up as insert-only differences per day, origin and currency."""

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection

from campaigns.counting import Of
from campaigns.models import Conversion
from contacts.days import day_of
from contacts.segments import values

SLICE = 20_000
LARGEST = Decimal(10) ** 12
_CURRENCY = re.compile(r"[A-Z]{3}")
_EXACT = Decimal("0.0001")


def value_of(text: str | None) -> Decimal | None:
    """An amount as JSON or a shop writes it: 19.9 or "19.90", negative where money goes back; None where it is none."""
    found = values.number(text.strip()) if text else None
    return found.quantize(_EXACT) if found is not None and abs(found) < LARGEST else None


def currency_of(text: str | None) -> str:
    """An ISO 4217 code; the installation's own where none is given."""
    code = (text or "").strip().upper()
    return code if _CURRENCY.fullmatch(code) else settings.CURRENCY


def add(amounts: Iterable[tuple[date, Of, str, Decimal]]) -> None:
    """Add (day, which messages, currency, amount) in one statement; the device does not matter."""
    sums: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for day, which, currency, amount in amounts:
        sums[(day, *which[:5], currency)] += amount
    if not sums:
        return
    columns = [list(column) for column in zip(*sums, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO campaigns_revenue ({_KEYS}, amount) SELECT * FROM unnest("  # noqa: S608 - our own names
            "%s::date[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::numeric[])",
            [*columns, list(sums.values())],
        )


def carry_over(moved: Iterable[tuple[int, Of, Of]]) -> None:
    """What the conversions of these messages were worth is counted by (message, as it was, as it is) there now."""
    ways = {message: (old[:5], new[:5]) for message, old, new in moved if old[:5] != new[:5]}
    if not ways:
        return
    rows = Conversion.objects.filter(message__in=ways, value__isnull=False)
    amounts = []
    for message, at, currency, value in rows.values_list("message_id", "at", "currency", "value"):
        old, new = ways[message]
        amounts += [(day_of(at), Of(*old), currency, -value), (day_of(at), Of(*new), currency, value)]
    add(amounts)


_KEYS = "day, origin_id, content_id, provider_id, country, language, currency"
_SQUASH = f"""
WITH gone AS (
    DELETE FROM campaigns_revenue WHERE id IN (
        SELECT id FROM campaigns_revenue WHERE loose ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
    ) RETURNING {_KEYS}, amount
), squashed AS (
    INSERT INTO campaigns_revenue AS kept ({_KEYS}, amount, loose)
    SELECT {_KEYS}, sum(amount), false FROM gone GROUP BY {_KEYS} ORDER BY {_KEYS}
    ON CONFLICT ({_KEYS}) WHERE NOT loose DO UPDATE SET amount = kept.amount + excluded.amount
)
SELECT count(*) FROM gone
"""  # noqa: S608 - our own names


def squash(now: datetime) -> bool:
    """Squash one slice of differences, as `counting.squash` does. Returns whether there may be more."""
    with connection.cursor() as cursor:
        cursor.execute(_SQUASH, [SLICE])
        return cursor.fetchone()[0] == SLICE
