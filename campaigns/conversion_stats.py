"""Reads how many messages were converted and what that was worth: sums of differences, never a scan of conversions."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

# A prefix covers the origin of that key and those that continue it, found by their index, byte by byte.
_COVERED = """
WITH covered AS MATERIALIZED (
    SELECT p.prefix, o.id FROM unnest(%s::text[]) AS p (prefix) JOIN campaigns_origin o ON o.key = p.prefix
    UNION ALL
    SELECT p.prefix, o.id FROM unnest(%s::text[]) AS p (prefix)
    JOIN campaigns_origin o ON o.key ~>=~ (p.prefix || ':') AND o.key ~<~ (p.prefix || ';')
)
"""
_OF = f"""{_COVERED}
SELECT c.prefix, NULL AS currency, sum(n.n)::numeric FROM covered c
JOIN campaigns_origincount n ON n.origin_id = c.id AND n.metric = 'converted' GROUP BY 1
UNION ALL
SELECT c.prefix, r.currency, sum(r.amount) FROM covered c
JOIN campaigns_revenue r ON r.origin_id = c.id GROUP BY 1, 2 HAVING sum(r.amount) <> 0 ORDER BY 1, 2
"""  # noqa: S608 - our own text


def of(origin_prefixes: Collection[str]) -> dict[str, dict[str, Any]]:
    """Per origin prefix, such as "scenario:12" or "campaign:3:n2": `{"converted": n, "revenue": {currency: Decimal}}`,
    zeros included. One query."""
    found: dict[str, dict[str, Any]] = {prefix: {"converted": 0, "revenue": {}} for prefix in origin_prefixes}
    if not found:
        return {}
    prefixes = list(found)
    with connection.cursor() as cursor:
        cursor.execute(_OF, [prefixes, prefixes])
        for prefix, currency, sum in cursor.fetchall():
            if currency is None:
                found[prefix]["converted"] = int(sum)
            else:
                found[prefix]["revenue"][currency] = sum
    return found


_EARNED = """
SELECT currency, sum(amount) FROM campaigns_revenue
WHERE origin_id = (SELECT id FROM campaigns_origin WHERE key = %s) AND day BETWEEN %s AND %s
GROUP BY 1 HAVING sum(amount) <> 0 ORDER BY 1
"""


def earned(origin_key: str, first: date, last: date) -> dict[str, Decimal]:
    """What the conversions of these days were worth to one origin, by currency. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_EARNED, [origin_key, first, last])
        return dict(cursor.fetchall())


def money(revenue: dict[str, Decimal]) -> str:
    """Amounts in words: "1,234.50 EUR + 20.00 USD"; empty where there are none."""
    return " + ".join(f"{amount:,.2f} {currency}" for currency, amount in sorted(revenue.items()) if amount)


def shown(achieved: dict[str, Any], sent: int) -> dict[str, Any]:
    """What `of` gave for one origin, as pages show it: the number, its "rate" of what was sent, and the "money"."""
    rate = f"{100 * achieved['converted'] / sent:.1f} %" if sent and achieved["converted"] else ""
    return {"converted": achieved["converted"], "rate": rate, "money": money(achieved["revenue"])}


def plain(revenue: dict[str, Decimal]) -> dict[str, str]:
    """Amounts for programs: exact, as texts with at least two decimals."""
    return {currency: _exact(amount) for currency, amount in sorted(revenue.items())}


def _exact(amount: Decimal) -> str:
    short = amount.quantize(Decimal("0.01"))
    return str(short if short == amount else amount.normalize())
