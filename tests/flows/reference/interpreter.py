"""Walks one contact through a graph on a virtual clock: plain Python, no batches, no database, no shortcuts.

Known node types: all of them, but of on_date only a date for all, and of repeat only rhythms of days and weeks in a
zone of their own; a new version keeps the trigger and its times. Known rules: tag, attribute (equals), consent, event,
message (opened or clicked, of a node of this scenario), property (greater), and all, any, not.
What happens at a moment takes those out who reached the objective by it, then lets in; after it come the runs of the
trigger, and then the waits that end.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tests.flows.reference.drawing import Drawing
from tests.flows.reference.shapes import Happening, Message, Pass, Person, Settings, Walk
from tests.flows.reference.walker import Walker

__all__ = ["Happening", "Message", "Pass", "Person", "Settings", "Walk", "walk", "walk_together"]


def walk(
    graph: dict[str, Any],
    person: Person,
    happenings: Iterable[Happening],
    start: datetime,
    until: datetime,
    settings: Settings | None = None,
    draw: Callable[[dict[str, Any]], str] | None = None,
) -> Walk:
    """What becomes of a person between the scenario's start and `until`, both included.

    `draw` says which port of an A/B test (by the node as it is drawn) chance has given the person.
    """
    return walk_together(graph, [person], happenings, start, until, settings, [draw])[0]


def walk_together(
    graph: dict[str, Any],
    people: Sequence[Person],
    happenings: Iterable[Happening],
    start: datetime,
    until: datetime,
    settings: Settings | None = None,
    draws: Sequence[Any] | None = None,
) -> list[Walk]:
    """The same for several people, who have to do with each other only where what is overdue is spread over time."""
    drawing, happened, said = Drawing(graph), sorted(happenings, key=lambda h: h.at), settings or Settings()
    chances = draws or [None] * len(people)
    walkers = [
        Walker(drawing, person, happened, start, until, said, draw)
        for person, draw in zip(people, chances, strict=True)
    ]
    while True:
        moments = [moment for walker in walkers if (moment := walker.next_moment()) is not None]
        if not moments:
            break
        now = min(moments)
        for h in happened:
            if h.at == now and h.presses == "resume" and h.policy[0] == "spread":
                _spread(walkers, now, timedelta(hours=h.policy[1]))
        for walker in walkers:
            while walker.next_moment() == now:
                walker.step(now)
    walks = [walker.told() for walker in walkers]
    if any(h.policy[0] == "spread" for h in happened) and any(walk.ambiguous for walk in walks):
        # Where one of them is at the resume decides when the others go on.
        walks = [replace(walk, ambiguous=True) for walk in walks]
    return walks


def _spread(walkers: Sequence["Walker"], now: datetime, span: timedelta) -> None:
    """Everybody who is overdue goes on in turn, by when they were due, and then by when they came in."""
    if not walkers[0].paused:
        return
    overdue = [
        (walked.due, walked.entered_at, place, number, walked)
        for place, walker in enumerate(walkers)
        for number, walked in enumerate(walker.passes)
        if walked.inside and walked.due < now
    ]
    for n, (*_, walked) in enumerate(sorted(overdue, key=lambda row: row[:-1])):
        walked.due = now + span * n / len(overdue)
