"""What a new version means to one person's passes: who is sent elsewhere, waits anew, or goes on after the end."""

from collections.abc import Iterator
from datetime import datetime

from tests.flows.reference.drawing import Drawing, changed_waits, opened
from tests.flows.reference.shapes import Edit, Pass


def displaced(passes: list[Pass], new: Drawing) -> list[Pass]:
    return [walked for walked in passes if walked.inside and walked.node not in new.nodes]


def retimed(passes: list[Pass], old: Drawing, new: Drawing, edit: Edit, now: datetime) -> list[Pass]:
    """Those who rest at a changed wait. Who waits for an event and is due already may have had it."""
    changed = changed_waits(old, new) if edit.retime else set()
    return [
        walked
        for walked in passes
        if walked.state == "waiting"
        and walked.node in changed
        and (walked.due > now or new.nodes[walked.node]["type"] == "wait")
    ]


def finished(passes: list[Pass], old: Drawing, new: Drawing, edit: Edit) -> Iterator[tuple[Pass, str]]:
    """The person's last pass, where it came to an end that leads on now, and the node there. Nobody is inside."""
    if not edit.backfill or not passes or any(walked.inside for walked in passes):
        return
    last = passes[-1]
    ways = [(node, outcome) for _, node, outcome in last.steps[-2:] if outcome != "end"]
    if last.state == "completed" and ways and ways[-1] in opened(old, new):
        target = new.onward(*ways[-1])
        assert target
        yield last, target
