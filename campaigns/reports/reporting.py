"""Reports on messages: grouped, narrowed down and summed, from counts and never from the ledger."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import islice

from django.db import connection, transaction

from campaigns.conversion_stats import money
from campaigns.models.day_count import METRICS
from campaigns.origins import Named, Place, all_places
from campaigns.reports.names import belongings, name, names
from campaigns.reports.query import ORIGINS, RATE_OF, RATES, TIMES, Query, rates, times
from campaigns.reports.sql import Statement, revenue_statement, statement

# More rows than this are no report any more; what is left out is said, and stands in the file.
MOST_ROWS = 20_000
SLICE = 2_000
# Days without anything are filled in up to here, so that a chart shows them.
MOST_TIMES = 1_000


@dataclass(frozen=True)
class Row:
    """The names of what it is about (one per group), the counts by metric, what was earned by currency, and the rates
    as shares of one."""

    of: tuple[Named, ...]
    counts: Mapping[str, int]
    revenue: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def rates(self) -> dict[str, float | None]:
        return rates(self.counts)

    @property
    def cells(self) -> list[tuple[int, float | None, bool]]:
        """Each count with the rate that belongs to it, and whether one does."""
        shares = self.rates
        return [(self.counts[metric], shares.get(RATE_OF.get(metric, "")), metric in RATE_OF) for metric in METRICS]

    @property
    def money(self) -> str:
        return money(dict(self.revenue))

    def value(self, column: str) -> float | int | None:
        return self.rates[column] if column in RATES else self.counts[column]


@dataclass(frozen=True)
class Report:
    """`total` counts each message once; `overlaps` says that it may count in several rows, and rows add up to more."""

    query: Query
    rows: list[Row]
    total: Row
    overlaps: bool = False
    truncated: bool = False
    notes: list[str] = field(default_factory=list)

    def sorted(self, by: str) -> list[Row]:
        """By a column or by "name" (of the first group, then the second); "-" in front: the largest first."""
        column, backwards = by.removeprefix("-"), by.startswith("-")
        if column == "name":
            return sorted(self.rows, key=self._order, reverse=backwards)
        known = [row for row in self.rows if row.value(column) is not None]
        unknown = [row for row in self.rows if row.value(column) is None]
        return sorted(known, key=lambda row: row.value(column) or 0, reverse=backwards) + unknown

    def _order(self, row: Row) -> tuple[str, ...]:
        pairs = zip(self.query.groups, row.of, strict=True)
        return tuple(named.key if group in TIMES else named.label.lower() for group, named in pairs)


def report(query: Query) -> Report:
    """A handful of statements whatever is asked. One of them reads counts, another one what was earned."""
    places = all_places() if {*ORIGINS} & query.asked else {}
    origins = _origins(query, places)
    found = dict(_counted(query, places, origins, MOST_ROWS + 1))
    earned = _earned(query, places, origins)
    for keys in earned:
        found.setdefault(keys, dict.fromkeys(METRICS, 0))
    named = _namer(query, places)
    rows = [Row(named(keys), counts, earned.get(keys, {})) for keys, counts in list(found.items())[:MOST_ROWS]]
    overlaps = "segment" in query.groups
    truncated = len(found) > MOST_ROWS
    if overlaps or truncated:
        whole = replace(query, groups=())
        ((_, counts),) = _counted(whole, places, origins, 1)
        total = Row((), counts, _earned(whole, places, origins).get((), {}))
    else:
        sums = map(sum, zip(*(row.counts.values() for row in rows), strict=True)) if rows else [0] * len(METRICS)
        total = Row((), dict(zip(METRICS, sums, strict=True)), _summed(rows))
    if len(query.groups) == 1 and query.groups[0] in TIMES and rows:
        rows = _filled(query, rows)
    made = Report(query, rows, total, overlaps, truncated)
    return replace(made, rows=made.sorted("name"))


def everything(query: Query, by: str) -> Iterator[Row]:
    """All rows of a report of whatever length, as they come from the database: by a count, else by the groups' keys
    (names are not known there); those that only earned something come last. Holds a transaction until it is through."""
    column, direction = by.removeprefix("-"), "DESC" if by.startswith("-") else "ASC"
    keys = list(range(1, len(query.groups) + 1))
    order = [len(keys) + 1 + METRICS.index(column), *keys] if column in METRICS else keys
    with transaction.atomic():
        places = all_places() if {*ORIGINS} & query.asked else {}
        origins = _origins(query, places)
        earned = _earned(query, places, origins)
        named = _namer(query, places)
        asked = _asked(query, places, origins)
        asked.add("ORDER BY " + ", ".join(f"{place} {direction}" for place in order))
        with connection.cursor() as plain:
            plain.execute("SET LOCAL jit = off")
        with connection.connection.cursor(name="report") as cursor:
            cursor.itersize = SLICE
            cursor.execute(asked.sql, asked.values)
            for found, counts in _read(query, cursor):
                yield Row(named(found), counts, earned.pop(found, {}))
        for found, amounts in earned.items():
            yield Row(named(found), dict.fromkeys(METRICS, 0), amounts)


def _namer(query: Query, places: Mapping[int, Place]) -> Callable[[tuple[str, ...]], tuple[Named, ...]]:
    """What the keys of a row are called; each is named once."""
    known = {group: names(group, list(places.values())) for group in query.groups if group not in TIMES}
    called: dict[tuple[str, str], Named] = {}

    def one(group: str, key: str) -> Named:
        if (group, key) not in called:
            called[group, key] = name(group, key, known.get(group, {}))
        return called[group, key]

    return lambda keys: tuple(one(group, key) for group, key in zip(query.groups, keys, strict=True))


def _origins(query: Query, places: Mapping[int, Place]) -> list[int] | None:
    """Those that the filters leave over; None if there is no such filter."""
    asked = {name: value for name, value in query.filters.items() if name in ORIGINS}
    if not asked:
        return None
    return [pk for pk, place in places.items() if all(value in belongings(n, place) for n, value in asked.items())]


def _counted(
    query: Query, places: Mapping[int, Place], origins: Sequence[int] | None, most: int
) -> Iterator[tuple[tuple[str, ...], dict[str, int]]]:
    asked = _asked(query, places, origins)
    if query.groups:
        asked.add("ORDER BY sum(c.sent) DESC LIMIT %s", most)
    with transaction.atomic(), connection.cursor() as cursor:
        # Compiling takes longer than these sums do.
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(asked.sql, asked.values)
        yield from _read(query, cursor.fetchall())


def _asked(query: Query, places: Mapping[int, Place], origins: Sequence[int] | None) -> Statement:
    asked = statement(query, _keys(query, places), origins)
    asked.add("HAVING " + " OR ".join(f"sum(c.{metric}) <> 0" for metric in METRICS) if query.groups else "")
    return asked


def _read(query: Query, rows: Iterable[tuple]) -> Iterator[tuple[tuple[str, ...], dict[str, int]]]:
    width = len(query.groups)
    for row in rows:
        yield _plain(row[:width]), dict(zip(METRICS, (n or 0 for n in row[width:]), strict=True))


def _summed(rows: Sequence[Row]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        for currency, amount in row.revenue.items():
            sums[currency] += amount
    return dict(sums)


def _keys(query: Query, places: Mapping[int, Place]) -> dict[str, list[tuple[int, str]]]:
    return {
        group: [(pk, key) for pk, place in places.items() for key in belongings(group, place)]
        for group in query.groups
        if group in ORIGINS
    }


def _plain(keys: Sequence[date | str | None]) -> tuple[str, ...]:
    """A provider, a template that is not there has no key."""
    return tuple(key.isoformat() if isinstance(key, date) else key or "" for key in keys)


def _earned(
    query: Query, places: Mapping[int, Place], origins: Sequence[int] | None
) -> dict[tuple[str, ...], dict[str, Decimal]]:
    """What conversions were worth, by keys and currency."""
    asked = revenue_statement(query, _keys(query, places), origins)
    found: dict[tuple[str, ...], dict[str, Decimal]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(asked.sql, asked.values)
        for *keys, currency, amount in cursor.fetchall():
            found[_plain(keys)][currency] = amount
    return dict(found)


def _filled(query: Query, rows: list[Row]) -> list[Row]:
    """With the days, weeks or months on which nothing happened, from the first one to the end of the period."""
    (group,) = query.groups
    known = {row.of[0].key: row for row in rows}
    nothing = dict.fromkeys(METRICS, 0)
    # Not from the first day of a period that is longer than anything was sent.
    since = max(query.since, date.fromisoformat(min(known)))
    days = list(islice(times(group, since, query.until), MOST_TIMES + 1))
    if len(days) > MOST_TIMES:
        return rows
    fresh = [Row((name(group, day.isoformat(), {}),), nothing) for day in days if day.isoformat() not in known]
    return [*rows, *fresh]
