"""How often and how lately something happened, as rules about it ask: checked, said in words, compared in SQL."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from contacts.segments.where import Gathered, Where, fill, value

UNITS = {
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
    "weeks": timedelta(weeks=1),
    "months": timedelta(days=30),
    "years": timedelta(days=365),
}
SIGNS = {">=": "at least", "=": "exactly", "<=": "at most", ">": "more than", "<": "fewer than"}
_OPPOSITE = {">=": "<", "<=": ">", "=": "<>", ">": "<=", "<": ">="}
_LONGEST = timedelta(days=36500)
_MOST = 1_000_000


def is_within(item: Any) -> bool:
    """Whether it is such as `{"amount": 30, "unit": "days"}`."""
    return (
        isinstance(item, dict)
        and set(item) == {"amount", "unit"}
        and isinstance(item["unit"], str)
        and item["unit"] in UNITS
        and _is_whole(item["amount"], 1, _LONGEST // UNITS[item["unit"]])
    )


def is_count(item: Any) -> bool:
    """Whether it is such as `{"op": ">=", "n": 2}`."""
    return (
        isinstance(item, dict)
        and set(item) == {"op", "n"}
        and isinstance(item["op"], str)
        and item["op"] in SIGNS
        and _is_whole(item["n"], 0, _MOST)
    )


def problems(count: Any, within: Any) -> list[str]:
    """What is wrong with either, where it is given."""
    found = []
    if count is not None and not is_count(count):
        found.append("Say how often as a comparison and a whole number, such as at least 2 times.")
    if within is not None and not is_within(within):
        found.append(f"Say how lately as an amount and a unit: {', '.join(UNITS)}.")
    return found


def since(within: dict[str, Any], now: datetime) -> datetime:
    return now - UNITS[within["unit"]] * within["amount"]


def count_words(count: Any) -> str:
    """` at least 2 times`, or nothing."""
    if not is_count(count):
        return ""
    return f" {SIGNS[count['op']]} {count['n']} {'time' if count['n'] == 1 else 'times'}"


def within_words(within: Any) -> str:
    """` in the last 30 days`, or nothing."""
    if not is_within(within):
        return ""
    amount, unit = within["amount"], within["unit"]
    return f" in the last {unit.removesuffix('s') if amount == 1 else f'{amount} {unit}'}"


def counted(such: Where, his: str, column: str, count: dict[str, Any], few: bool) -> Where:
    """Whether a contact has so many of the rows that `such` gives ("FROM … WHERE …"); nobody's count is NULL.

    `column` holds the contact's id, `his` joins the row to the contact at hand.
    """
    op, n = count["op"], count["n"]
    if few:
        # One more than is asked for is enough to know, and is read from an index on the contact.
        times = f"(SELECT count(*) FROM (SELECT 1 {{0}} AND {his} LIMIT {{1}}) AS so_many)"  # noqa: S608
        return fill(f"({times} {op} {{2}})", such, value(n + 1), value(n))
    found = gathered(such, column, count)
    # All counts at once, then a join: for a whole audience that is several times faster than a probe per contact.
    inside = fill('EXISTS (SELECT 1 FROM ({0}) AS so_many WHERE so_many.id = "contacts_contact"."id")', found.chosen)
    return ~inside if found.others else inside


def gathered(such: Where, column: str, count: dict[str, Any]) -> Gathered:
    """Those contacts by their ids."""
    op, n = count["op"], count["n"]
    # Those without any such row may match too: everybody but those whose count is another.
    others = _holds_for_none(op, n)
    counts = f"SELECT id FROM {{0}} GROUP BY id HAVING count(*) {_OPPOSITE[op] if others else op} {{1}}"  # noqa: S608
    found = in_order(such, column, lambda rows: fill(counts, rows, value(n)))
    return replace(found, others=others)


def in_order(such: Where, column: str, chosen: Callable[[Where], Where], more: str = "") -> Gathered:
    """Whom `chosen` picks from a table of rows: each has the id of its contact (and `more`), in the order of ids.

    Where there are many, sorting numbers takes half as long as looking each of them up in a hash table, and several
    workers can share it."""
    rows = f"(SELECT {column} AS id{more and ', '}{more} {{0}} ORDER BY 1) AS each"

    def among(contacts: Where) -> Where:
        return chosen(fill(rows, fill(f"{{0}} AND {column} IN ({{1}})", such, contacts)))

    return Gathered(chosen(fill(rows, such)), among=among)


def _holds_for_none(op: str, n: int) -> bool:
    return {">=": n <= 0, "<=": n >= 0, "=": n == 0, ">": n < 0, "<": n > 0}[op]


def _is_whole(item: Any, lowest: int, highest: int) -> bool:
    return isinstance(item, int) and not isinstance(item, bool) and lowest <= item <= highest
