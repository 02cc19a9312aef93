"""Writes the one statement behind a report, over the coarsest counts that know all that is asked.

Names in it are ours; whatever somebody asked for travels as a parameter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from campaigns.models.day_count import METRICS
from campaigns.reports.query import HOMES, ORIGINS, TIMES, Query

# Edges of a period this long are cheaper read by day than a month is by month.
SHORT = 35
_DAYS = {"day": "c.day", "week": "date_trunc('week', c.day)::date", "month": "date_trunc('month', c.day)::date"}
_PLAIN = {"provider": "c.provider_id::text", "country": "c.country", "language": "c.language", "device": "c.device"}


@dataclass
class Statement:
    """SQL with its parameters, grown part by part."""

    parts: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def add(self, sql: str, *values: Any) -> None:
        self.parts.append(sql)
        self.values += values

    @property
    def sql(self) -> str:
        return "\n".join(self.parts)


# Per origin dimension: which origin stands for which keys; an origin may stand for several, as of segments.
Keys = Mapping[str, Sequence[tuple[int, str]]]


def statement(query: Query, keys: Keys, origins: Sequence[int] | None) -> Statement:
    """Rows of (key per group, sum per metric). `keys` for each group of ORIGINS; `origins` where filters leave only
    some over."""
    of_origin = bool(query.asked.intersection({*ORIGINS, "template"})) or origins is not None
    sums = [f"sum(c.{metric})::bigint" for metric in METRICS]
    made = _begun([*(_key(group, of_origin) for group in query.groups), *sums])
    _rows(made, query, of_origin, origins)
    _narrowed(made, query, keys, of_origin)
    made.add(f"GROUP BY {_places(len(query.groups))}" if query.groups else "")
    return made


def revenue_statement(query: Query, keys: Keys, origins: Sequence[int] | None) -> Statement:
    """Rows of (key per group, currency, amount)."""
    made = _begun([*(_key(group, True) for group in query.groups), "c.currency", "sum(c.amount)"])
    made.add("SELECT *, '' AS device FROM campaigns_revenue WHERE day BETWEEN %s AND %s", query.since, _last(query))
    if origins is not None:
        made.add("AND origin_id = ANY(%s::bigint[])", list(origins))
    _narrowed(made, query, keys, True)
    made.add(f"GROUP BY {_places(len(query.groups) + 1)} HAVING sum(c.amount) <> 0")
    return made


def _begun(columns: Sequence[str]) -> Statement:
    made = Statement()
    made.add(f"SELECT {', '.join(columns)} FROM (")  # noqa: S608 - our own names
    return made


def _places(count: int) -> str:
    return ", ".join(str(n + 1) for n in range(count))


def _narrowed(made: Statement, query: Query, keys: Keys, of_origin: bool) -> None:
    """What groups and filters need to know of the rows `c`, and the filters."""
    made.add(") c")
    if of_origin and {"channel", "template"} & query.asked:
        made.add("JOIN campaigns_content k ON k.id = c.content_id")
        if "template" in query.asked:
            made.add("LEFT JOIN templates_app_templateversion v ON v.id = k.template_version_id")
    for group in query.groups:
        if group in ORIGINS:
            ids, names = [pk for pk, _ in keys[group]], [name for _, name in keys[group]]
            made.add(f"JOIN unnest(%s::bigint[], %s::text[]) AS by_{group} (id, key) ON by_{group}.id = c.origin_id",
                     ids, names)  # fmt: skip
    made.add("WHERE true")
    for name, value in query.filters.items():
        if name not in ORIGINS:
            made.add(f"AND coalesce({_key(name, of_origin)}, '') = %s", value)


def _last(query: Query) -> date:
    return _next_month(query.until) - timedelta(days=1) if query.to_the_end else query.until


def _key(group: str, of_origin: object) -> str:
    if group in TIMES:
        return _DAYS[group]
    if group in ORIGINS:
        return f"by_{group}.key"
    if group == "channel":
        return "k.channel" if of_origin else "c.channel"
    return "v.template_id::text" if group == "template" else _PLAIN[group]


def _rows(made: Statement, query: Query, of_origin: bool, origins: Sequence[int] | None) -> None:
    """The counts of the period: those that were squashed into the table, and those that were not yet."""
    homes = [name for name in HOMES if name in query.asked]
    plain = ["provider_id", *homes] if "provider" in query.asked else homes
    counted = ", ".join(METRICS)
    until = _last(query)
    if not of_origin:
        columns = ", ".join([*plain, counted])
        made.add(
            f"SELECT day, channel, {columns} FROM campaigns_homeday"  # noqa: S608 - our own names
            " WHERE day BETWEEN %s AND %s UNION ALL"
            " SELECT day, (SELECT k.channel FROM campaigns_content k WHERE k.id = content_id),"
            f" {columns} FROM campaigns_daycount WHERE loose AND day BETWEEN %s AND %s",
            *[query.since, until] * 2,
        )
        return
    columns = ", ".join(["origin_id", "content_id", *plain, counted])
    only, some = ("", []) if origins is None else (" AND origin_id = ANY(%s::bigint[])", [list(origins)])

    def read(table: str, day: str, since: date, until: date, and_loose: str = "") -> None:
        made.add(
            f"SELECT {day} AS day, {columns} FROM campaigns_{table}"  # noqa: S608 - our own names
            f" WHERE {day} BETWEEN %s AND %s{and_loose}{only}",
            *(since, until, *some),
        )

    if not homes:
        read("originday", "day", query.since, until)
        made.add("UNION ALL")
        read("daycount", "day", query.since, until, " AND loose")
        return
    first, last = _whole_months(query.since, until)
    if first >= last or {"day", "week"} & query.asked or (query.until - query.since).days < SHORT:
        read("daycount", "day", query.since, until)
        return
    read("monthcount", "month", first, last - timedelta(days=1))
    made.add("UNION ALL")
    read("daycount", "day", first, last - timedelta(days=1), " AND loose")
    for start, end in ((query.since, first - timedelta(days=1)), (last, until)):
        if start <= end:
            made.add("UNION ALL")
            read("daycount", "day", start, end)


def _whole_months(since: date, until: date) -> tuple[date, date]:
    """The first day of the first month that lies in the period as a whole, and of the first one after them."""
    first = since if since.day == 1 else _next_month(since)
    return first, (until + timedelta(days=1)).replace(day=1)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
