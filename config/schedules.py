"""Everything the clock starts, on one screen."""

import time

from django.utils import timezone
from django.utils.module_loading import import_string

from contacts.lanes import nudge

# A lane's slices, in turn. Each takes `now`, does one short batch in its own transactions and returns whether more
# may be waiting.
LANES: dict[str, list[str]] = {
    "advance": [],
    "send": [],
    "upkeep": [],
}

# No task runs longer than this: it hands what is left to the next one.
SLICE_SECONDS = 3.0


def work(lane: str) -> None:
    """Drain a lane for a few seconds, then hand the rest to a fresh task."""
    slices = [import_string(path) for path in LANES[lane]]
    until = time.monotonic() + SLICE_SECONDS
    more = True
    while more and time.monotonic() < until:
        more = False
        for piece in slices:
            more = piece(timezone.now()) or more
    if more:
        nudge(lane)
