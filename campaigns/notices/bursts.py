"""Finds clicks of which a service tells that came faster than anybody clicks: as for those that we see ourselves.

What came with an earlier batch counts for it, and keeps what it was judged to be: only who sees a click as it happens
can take it back to the moment.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from campaigns.models import Hit, Notice, What
from campaigns.notices.changing import link_of
from campaigns.tracking.machines import BURST_LINKS, BURST_TIME

# When, which link, and the notice that tells it; of what is kept already there is none.
Click = tuple[datetime, int, Notice | None]


def machine_made(notices: Iterable[Notice], messages: Mapping[int, int]) -> set[int]:
    """The ids of notices that belong to a burst, their message's id by their own: clicks on so many different links of
    one message within so short a time, and opens by the same agent in it. One query, or none."""
    clicks: dict[int, list[Click]] = defaultdict(list)
    opens: dict[int, list[Notice]] = defaultdict(list)
    for notice in notices:
        message = messages.get(notice.pk)
        if message is None:
            continue
        if notice.what == What.OPENED:
            opens[message].append(notice)
        elif notice.what == What.CLICKED and (number := link_of(notice.url, message)) is not None:
            clicks[message].append((notice.at, number, notice))
    if not clicks:
        return set()
    kept = Hit.objects.filter(message__in=list(clicks), number__isnull=False)
    for message, at, number in kept.values_list("message_id", "at", "number"):
        clicks[message].append((at, number, None))
    found: set[int] = set()
    for message, visits in clicks.items():
        for window in _bursts(visits):
            told = [notice for _, _, notice in window if notice]
            agents, first, last = {notice.agent for notice in told}, window[0][0], window[-1][0]
            found |= {notice.pk for notice in told}
            found |= {one.pk for one in opens[message] if one.agent in agents and first <= one.at <= last}
    return found


def _bursts(visits: list[Click]) -> Iterable[list[Click]]:
    ordered = sorted(visits, key=lambda click: click[0])
    start = 0
    for end, (at, _, _) in enumerate(ordered):
        while at - ordered[start][0] >= BURST_TIME:
            start += 1
        window = ordered[start : end + 1]
        if len({number for _, number, _ in window}) >= BURST_LINKS:
            yield window
