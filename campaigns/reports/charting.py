"""Draws a report: which columns or bars stand where, in per cent of the picture, for templates to print as SVG."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from campaigns.reports.names import day_label
from campaigns.reports.query import LABELS, RATES, TIMES, times
from campaigns.reports.reporting import Report, Row

MOST_SERIES, MOST_BARS, MOST_MARKS = 6, 15, 6
EDGE = 0.04  # half a label, as a share of the picture
OTHER = "Others"


@dataclass(frozen=True)
class Part:
    """A rectangle; numbers are per cent of the plot. `series` is 1 to 6, or 0 for what is left over."""

    x: str
    y: str
    width: str
    height: str
    series: int
    title: str


@dataclass(frozen=True)
class Bar:
    label: str
    value: str
    parts: list[Part]


@dataclass(frozen=True)
class Chart:
    """`columns` over time, or else `bars`. `ticks` are (y, label), `marks` (x, label, where the label is anchored)."""

    title: str
    summary: str
    columns: list[Part]
    ticks: list[tuple[str, str]]
    marks: list[tuple[str, str, str]]
    bars: list[Bar]
    legend: list[tuple[int, str]]


def chart(report: Report, column: str) -> Chart | None:
    """None where there is nothing to draw."""
    groups = report.query.groups
    if len(groups) == 2 and column in RATES:
        column = RATES[column][0]  # shares cannot be piled up
    across = next((n for n, group in enumerate(groups) if group in TIMES), 0)
    series = _series(report, 1 - across, column) if len(groups) == 2 else {}
    piles = _piles(report.rows, across, column, series if len(groups) == 2 else None)
    peak = max((sum(pile.values()) for pile in piles.values()), default=0)
    if peak <= 0:
        return None
    legend = [(n, label) for label, n in series.items()]
    if len(groups) == 2 and any(0 in pile for pile in piles.values()):
        legend.append((0, OTHER))
    title = f"{LABELS[column]} by {' and '.join(group for group in groups)}"
    names = dict(legend)
    if groups[across] in TIMES:
        return _columns(report, piles, peak, across, column, title, legend, names)
    return _bars(report, piles, peak, across, column, title, legend, names)


def _series(report: Report, place: int, column: str) -> dict[str, int]:
    """The names of the largest groups in the given place, numbered from 1."""
    sums: dict[str, float] = defaultdict(float)
    for row in report.rows:
        sums[row.of[place].label] += max(row.value(column) or 0, 0)
    largest = sorted((label for label in sums if sums[label]), key=lambda label: -sums[label])
    most = MOST_SERIES if len(largest) <= MOST_SERIES else MOST_SERIES - 1
    return {label: n + 1 for n, label in enumerate(largest[:most])}


Piles = dict[str, dict[int, float]]


def _piles(rows: Sequence[Row], across: int, column: str, series: dict[str, int] | None) -> Piles:
    """Per key of the axis: series → value."""
    piles: Piles = {}
    for row in rows:
        number = 1 if series is None else series.get(row.of[1 - across].label, 0)
        pile = piles.setdefault(row.of[across].key, {})
        value = max(row.value(column) or 0, 0)
        if value or series is None:
            pile[number] = pile.get(number, 0) + value
    return piles


def _columns(
    report: Report, piles: Piles, peak: float, across: int, column: str, title: str, legend: Any, names: dict[int, str]
) -> Chart:
    group = report.query.groups[across]
    days = list(times(group, date.fromisoformat(min(piles)), date.fromisoformat(max(piles))))
    keys = [day.isoformat() for day in days]
    labels = {day.isoformat(): day_label(group, day) for day in days}
    piles = {key: piles.get(key, {}) for key in keys}
    top, step = _scale(peak, column in RATES)
    wide = 100 / len(keys)
    parts = []
    for place, key in enumerate(keys):
        filled = 0.0
        for number in sorted(piles[key], key=lambda n: n or MOST_SERIES + 1):
            value = piles[key][number]
            height = 100 * value / top
            said = f"{labels[key]}{', ' + names[number] if number in names else ''}: {number_text(value, column)}"
            parts.append(
                Part(_n((place + 0.1) * wide), _n(100 - filled - height), _n(0.8 * wide), _n(height), number, said)
            )
            filled += height
    every = max(1, math.ceil(len(keys) / MOST_MARKS))
    marks = [
        (_n((place + 0.5) * wide), _short(group, key), _anchor(place, len(keys)))
        for place, key in enumerate(keys)
        if place % every == 0
    ]
    ticks = [(_n(100 - 100 * n * step / top), number_text(n * step, column)) for n in range(round(top / step) + 1)]
    best = max(keys, key=lambda key: sum(piles[key].values()))
    most = number_text(sum(piles[best].values()), column)
    summary = f"{title}. The most: {most}, {labels[best]}. All numbers are in the table below."
    return Chart(title, summary, parts, ticks, marks, [], legend)


def _bars(
    report: Report, piles: Piles, peak: float, across: int, column: str, title: str, legend: Any, names: dict[int, str]
) -> Chart:
    labels = {row.of[across].key: row.of[across].label for row in report.rows}
    largest = sorted(piles, key=lambda key: -sum(piles[key].values()))[:MOST_BARS]
    bars = []
    for key in largest:
        filled, parts = 0.0, []
        for number in sorted(piles[key], key=lambda n: n or MOST_SERIES + 1):
            width = 100 * piles[key][number] / peak
            said = f"{names[number]}: {number_text(piles[key][number], column)}" if number in names else ""
            parts.append(Part(_n(filled), "0", _n(width), "100", number, said))
            filled += width
        bars.append(Bar(labels[key], number_text(sum(piles[key].values()), column), parts))
    return Chart(title, f"{title}, the largest first.", [], [], [], bars, legend)


def _scale(peak: float, is_rate: bool) -> tuple[float, float]:
    """A round top for the axis and the distance of its lines."""
    least = 0.0001 if is_rate else 1
    rough = max(peak / 4, least)
    magnitude = 10 ** math.floor(math.log10(rough))
    step = next(factor * magnitude for factor in (1, 2, 2.5, 5, 10) if factor * magnitude >= rough)
    if not is_rate:
        step = math.ceil(step)
    return step * math.ceil(peak / step), step


def number_text(value: float, column: str) -> str:
    if column in RATES:
        return f"{100 * value:.1f} %"
    return f"{value:,.0f}"


def _short(group: str, key: str) -> str:
    day = date.fromisoformat(key)
    return f"{day:%b %Y}" if group == "month" else f"{day.day} {day:%b}"


def _anchor(place: int, count: int) -> str:
    """Under the first or the last of many narrow columns, half a label would stick out of the picture."""
    x = (place + 0.5) / count
    return "start" if x < EDGE else "end" if x > 1 - EDGE else "middle"


def _n(number: float) -> str:
    """As an SVG attribute, in any language."""
    return f"{number:.3f}".rstrip("0").rstrip(".")
