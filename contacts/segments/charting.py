"""Draws the size of a segment over time, and how many came and went: where each column stands, in per cent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from contacts.segments.history import Day

MOST_COLUMNS = 92  # more days than that are drawn by the week
FEWEST_COLUMNS = 14  # fewer leave room for those to come, so that one day is no wall
MARKS = 6


@dataclass(frozen=True)
class Column:
    x: str
    width: str
    y: str
    height: str
    came: str  # the heights of those who came and who left, per cent of their half
    came_y: str
    went: str
    words: str


@dataclass(frozen=True)
class Chart:
    """`marks` are (x, label, where the label is anchored), `ticks` (y, number)."""

    columns: list[Column]
    ticks: list[tuple[str, int]]
    marks: list[tuple[str, str, str]]
    most_moved: int
    entered: int
    left: int
    grown: int
    unit: str
    days: list[Day]


def chart(days: Sequence[Day]) -> Chart | None:
    """None where nothing is known yet."""
    if not days:
        return None
    unit, columns = _columns(days)
    top = max(max(day.size for day in columns), 1)
    moved = max(max(day.entered, day.left) for day in columns)
    room = 100 / max(len(columns), FEWEST_COLUMNS)
    drawn = []
    for place, day in enumerate(columns):
        height = max(100 * day.size / top, 0.0)
        came, went = (100 * n / max(moved, 1) for n in (day.entered, day.left))
        words = f"{_words(day, unit)}: {day.size:,} in it, {day.entered:,} entered, {day.left:,} left"
        x, width = _n((place + 0.1) * room), _n(0.8 * room)
        drawn.append(Column(x, width, _n(100 - height), _n(height), _n(came), _n(100 - came), _n(went), words))
    every = -(-max(len(columns), FEWEST_COLUMNS) // MARKS)
    marks = [
        (_n((place + 0.5) * room), f"{columns[place].day.day} {columns[place].day:%b}", _anchor((place + 0.5) * room))
        for place in range(0, len(columns), every)
    ]
    entered, left = sum(day.entered for day in days), sum(day.left for day in days)
    ticks = [("0", top), ("50", top // 2), ("100", 0)] if top > 1 else [("0", top), ("100", 0)]
    return Chart(drawn, ticks, marks, moved, entered, left, days[-1].size - days[0].size, unit, list(days))


def _columns(days: Sequence[Day]) -> tuple[str, list[Day]]:
    if len(days) <= MOST_COLUMNS:
        return "day", list(days)
    weeks: dict[object, Day] = {}
    for day in days:
        monday = day.day - timedelta(days=day.day.weekday())
        had = weeks.get(monday)
        entered, left = (had.entered, had.left) if had else (0, 0)
        weeks[monday] = Day(monday, day.size, entered + day.entered, left + day.left)
    return "week", list(weeks.values())


def _words(day: Day, unit: str) -> str:
    text = f"{day.day.day} {day.day:%b %Y}"
    return text if unit == "day" else f"Week of {text}"


def _anchor(x: float) -> str:
    return "start" if x < 3 else "end" if x > 97 else "middle"


def _n(number: float) -> str:
    """As an SVG attribute, in any language."""
    return f"{number:.3f}".rstrip("0").rstrip(".")
