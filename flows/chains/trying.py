"""Tries a chain out before it leaves: a step sent to some addresses, and what all of it would cost.

For either, a step is looked at as the mailing that it would be by itself.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from campaigns.mailings import estimating, testing
from campaigns.mailings.estimating import Estimate
from campaigns.mailings.testing import Tried
from campaigns.models import Campaign, Kind
from flows.chains.compiling import Part

ONLY = "a"


@dataclass(frozen=True)
class Line:
    """What a step comes to at most: if everybody got it who can be written to by its channel. With `exact` it is for
    the first step, of which it is known whom it is for."""

    part: Part
    parts: int
    reachable: int
    cost: Decimal | None
    exact: bool


@dataclass(frozen=True)
class Whole:
    """`first` is the estimate of the first step; `cost` is the most that all steps cost together, None where no price
    is known; `unpriced`: whether some cost something that nobody knows."""

    lines: list[Line]
    first: Estimate
    cost: Decimal | None
    unpriced: bool


def as_mailing(campaign: Campaign, part: Part, narrowed: bool = False) -> Campaign:
    """Not to be saved. With `narrowed`, to those of the audience who match the step's own terms, which may only be
    asked of the first one."""
    found = copy.copy(campaign)
    found.kind, found.channel = str(Kind.MAILING), part.channel
    words = {name: value for name, value in part.message.items() if name not in ("topic", "provider")}
    found.variants = [{**words, "key": ONLY}]
    found.topic, found.schedule, found.test = part.message.get("topic") or "", {"when": "now"}, {}
    found.provider_id = part.message.get("provider") or None  # type: ignore[assignment]
    if narrowed and part.terms:
        rules = [rule for rule in (campaign.audience.get("rule"), part.terms) if rule]
        found.audience = {**campaign.audience, "rule": {"all": rules}}
    return found


def send_test(
    campaign: Campaign, part: Part, recipients: Sequence[str], user_id: int | str, now: datetime
) -> list[Tried]:
    """For real, and counted nowhere. Raises ValidationError for what is no address, or moves.NotReady of mailings."""
    return testing.send_test(as_mailing(campaign, part), recipients, user_id, now)


def estimate(campaign: Campaign, parts: Sequence[Part], now: datetime) -> Whole:
    """Of a chain with at least one step. Counts the audience once for the first step and once for each channel of the
    others. Raises contacts.segments.InvalidRule."""
    first = estimating.estimate(as_mailing(campaign, parts[0], narrowed=True), now)
    lines = [Line(parts[0], first.parts, first.audience.reachable, first.cost, True)]
    known: dict[str, Estimate] = {} if parts[0].terms else {parts[0].channel: first}
    unpriced = bool(first.unpriced)
    for part in parts[1:]:
        mailing = as_mailing(campaign, part)
        if part.channel not in known:
            known[part.channel] = estimating.estimate(mailing, now)
        like, size = known[part.channel], estimating.parts_of(mailing)
        cost = None if like.cost is None else like.cost / like.parts * size
        lines.append(Line(part, size, like.audience.reachable, cost, False))
        unpriced |= bool(like.unpriced)
    costs = [line.cost for line in lines if line.cost is not None]
    return Whole(lines, first, sum(costs, Decimal(0)) if costs else None, unpriced)
