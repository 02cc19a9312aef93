"""Draws numbers by day as bars: where each stands and how high, for an SVG that the server writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WIDTH, HEIGHT = 240, 40  # of the drawing, in its own units
MOST_BARS = 92  # more days than that are drawn by the week, and more weeks by the month


@dataclass(frozen=True)
class Bar:
    """One or several days: `n` and what of it is not today's, for who counts on while the page is open."""

    x: float
    y: float
    width: float
    height: float
    n: int
    before: int
    words: str
    today: bool


@dataclass(frozen=True)
class Bars:
    bars: list[Bar]
    most: int
    unit: str  # what one bar is: "day", "week" or "month"
    width: int = WIDTH
    height: int = HEIGHT


def drawn(numbers: Sequence[tuple[date, int]], today: date) -> Bars:
    """Of (day, number) in the order of days, without gaps."""
    unit, parts = _parts(numbers)
    most = max((sum(n for _, n in part) for part in parts), default=0)
    room = WIDTH / max(len(parts), 1)
    gap = min(2.0, room * 0.25)
    bars = []
    for place, part in enumerate(parts):
        n = sum(number for _, number in part)
        height = _height(n, most)
        has_today = any(day == today for day, _ in part)
        bars.append(
            Bar(
                round(place * room + gap / 2, 2),
                round(HEIGHT - height, 2),
                round(room - gap, 2),
                height,
                n,
                sum(number for day, number in part if day != today),
                _words(unit, part[0][0], part[-1][0]),
                has_today,
            )
        )
    return Bars(bars, most, unit)


def _height(n: int, most: int) -> float:
    """What is there can be seen, however little it is."""
    return round(max(n * HEIGHT / most, 1.5), 2) if n > 0 else 0


def _parts(numbers: Sequence[tuple[date, int]]) -> tuple[str, list[list[tuple[date, int]]]]:
    if len(numbers) <= MOST_BARS:
        return "day", [[number] for number in numbers]
    unit = "week" if len(numbers) <= 7 * MOST_BARS else "month"
    parts: dict[date, list[tuple[date, int]]] = {}
    for day, n in numbers:
        first = day - timedelta(days=day.weekday()) if unit == "week" else day.replace(day=1)
        parts.setdefault(first, []).append((day, n))
    return unit, list(parts.values())


def _words(unit: str, first: date, last: date) -> str:
    if unit == "day":
        return f"{first:%a} {first.day} {first:%b %Y}"
    if unit == "month":
        return f"{first:%B %Y}"
    return f"{first.day} {first:%b} to {last.day} {last:%b %Y}"
