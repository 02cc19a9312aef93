"""Everything the clock starts, on one screen."""

import logging
import time

from django.utils import timezone
from django.utils.module_loading import import_string

from config import beats
from contacts.lanes import nudge

logger = logging.getLogger(__name__)

# A lane's slices, in turn. Each takes `now`, does one short batch in its own transactions and returns whether more
# may be waiting.
LANES: dict[str, list[str]] = {
    "advance": [
        "flows.scheduling.begin_scheduled",
        "flows.catching_up.catch_up",
        "flows.requeueing.go_on",
        "flows.listening.listen",
        "flows.entering.plan",
        "flows.entering.admit",
        "flows.settling.settle",
        "flows.errands.run",
        "flows.engine.advance",
        "flows.clearing.take_out",
        "flows.starting.complete",
        "campaigns.mailings.commands.begin_scheduled",
        "campaigns.mailings.queueing.queue",
        "campaigns.mailings.deciding.decide",
        "campaigns.mailings.queueing.finish",
        "campaigns.mailings.queueing.withdraw",
        "campaigns.mailings.commands.follow",
        "flows.suspending.follow",
    ],
    "send": ["campaigns.delivery.sending.work"],
    "segments": [
        "campaigns.notices.applying.apply",
        "contacts.segments.following.follow",
        "contacts.segments.refreshing.refresh",
        "campaigns.converting.convert",
        "flows.crediting.credit",
    ],
    "upkeep": [
        "contacts.imports.converting.work",
        "contacts.imports.importing.work",
        "contacts.people.bulk_editing.work",
        "contacts.people.lingering.settle",
        "contacts.people.pairing.search",
        "contacts.imports.undoing.work",
        "contacts.attributes.sweeping.work",
        "campaigns.mailings.audience_files.work",
        "contacts.segments.filling.work",
        "contacts.search.sort_in",
        "config.upkeep.prune",
        "flows.deleting.sweep_up",
        "flows.pruning.steps",
        "flows.pruning.events",
        "flows.pruning.hits",
        "campaigns.counting.squash",
        "campaigns.revenue.squash",
        "campaigns.notices.keeping.forget",
        "campaigns.budget.settle_lost",
        "campaigns.courtesy.recent.prune",
        "flows.counting.squash",
        "contacts.segments.sizing.refresh",
    ],
}

# No task runs longer than this: it hands what is left to the next one.
SLICE_SECONDS = 3.0


def work(lane: str) -> None:
    """Drain a lane for a few seconds, then hand the rest to a fresh task."""
    until = time.monotonic() + SLICE_SECONDS
    more = True
    while more and time.monotonic() < until and not beats.stopping():
        more = False
        for path in LANES[lane]:
            more = _slice(path) or more
    if more and not beats.stopping():
        nudge(lane)


def _slice(path: str) -> bool:
    """Whether more may be waiting. A slice that breaks is reported, and does not keep the others from working."""
    try:
        return bool(import_string(path)(timezone.now()))
    except Exception:
        logger.exception("%s failed; the next pulse tries again.", path)
        return False
