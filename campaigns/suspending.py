"""Pauses what needs a provider that is left alone, or a budget that is empty, and lets it go on when that may be.

`flows.suspending` does the same with scenarios: each kind of sender says through `Senders` what runs and what it sends.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db.models import Q

from campaigns.delivery import breaker, routing
from campaigns.delivery.routing import Routes
from campaigns.models import Breaker, BreakerState, Budget, Campaign, CampaignState, Content, Price, Provider
from campaigns.models.campaign import Kind

ERROR, BALANCE = CampaignState.PAUSED_ERROR.value, CampaignState.PAUSED_BALANCE.value


@dataclass(frozen=True)
class Sent:
    """What decides on the way of a message."""

    channel: str
    provider_id: int | None
    topic: str


@dataclass(frozen=True)
class Senders:
    """One kind of what sends: the `prefix` of its origins; what each one that runs sends, by its id; which of some are
    paused because of an error; and how they are suspended and resumed."""

    prefix: str
    running: Callable[[], Mapping[int, Collection[Sent]]]
    failing: Callable[[Collection[int]], Collection[int]]
    suspend: Callable[[Iterable[int], str, str, datetime], list[int]]
    resume: Callable[[int, datetime], object]


def follow(senders: Senders, now: datetime) -> bool:
    """One slice: suspend and resume what has to be. One query while all providers work and the budget is not empty."""
    open_or_held = Breaker.objects.filter(~Q(state=BreakerState.CLOSED) | ~Q(holds=[]))
    empty = _empty_budget()
    troubled = list(open_or_held.select_related("provider"))
    if troubled or empty:
        routes = routing.routes(now)
        running = senders.running()
        if empty:
            priced = _priced()
            poor = [pk for pk, sent in running.items() if any(one.channel in priced for one in sent)]
            senders.suspend(poor, BALANCE, no_money(empty), now)
        for each in troubled:
            _follow(senders, each, routes, running, now)
    return False


def _empty_budget() -> Budget | None:
    found = Budget.objects.first()
    return found if found and found.is_empty else None


def _priced() -> set[str]:
    return set(Price.objects.filter(amount__gt=0).values_list("channel", flat=True))


def _follow(
    senders: Senders,
    found: Breaker,
    routes: Routes,
    running: Mapping[int, Collection[Sent]],
    now: datetime,
) -> None:
    held = {int(key.removeprefix(senders.prefix)) for key in found.holds if key.startswith(senders.prefix)}
    held = set(senders.failing(held)) if held else held
    provider = routes.enabled.get(found.provider_id)
    if provider is not None and routes.ways[provider.pk] is None:
        needing = [pk for pk, sent in running.items() if any(_goes_through(one, provider, routes) for one in sent)]
        held |= set(senders.suspend(needing, ERROR, breaker.sentence(provider), now))
    elif found.provider.resumes_itself:
        for pk in sorted(held):
            senders.resume(pk, now)
        held = set()
    elif found.state == BreakerState.CLOSED:
        held = set()  # the operator resumes them
    breaker.hold(found.provider_id, senders.prefix, [f"{senders.prefix}{pk}" for pk in sorted(held)])


def _goes_through(sent: Sent, provider: Provider, routes: Routes) -> bool:
    chosen = routes.chosen(sent.channel, sent.provider_id, sent.topic)
    return chosen is not None and chosen.pk == provider.pk


def obstacles(sent: Collection[Sent], now: datetime) -> list[str]:
    """Why something that sends this would not get far, as sentences: a provider that is left alone, and no money."""
    routes = routing.routes(now)
    chosen = {routes.chosen(one.channel, one.provider_id, one.topic) for one in sent} - {None}
    blocked = [each for each in chosen if each and routes.ways[each.pk] is None and breaker.is_open(each)]
    found = [f"{breaker.sentence(each)} Try it or close it on its page first." for each in blocked]
    empty = _empty_budget()
    if empty and any(one.channel in _priced() for one in sent):
        found.append(no_money(empty))
    return found


def no_money(found: Budget) -> str:
    needed = found.short_of or Decimal(0)
    return (
        f"The budget is used up: {_money(found.balance)} are left, and the next message costs {_money(needed)}."
        " Top it up, then resume."
    )


def _money(amount: Decimal) -> str:
    digits = max(2, -int(amount.normalize().as_tuple().exponent)) if amount else 2
    return f"{amount:,.{digits}f} {settings.CURRENCY}"


def sending() -> dict[int, list[Sent]]:
    """What each one-time campaign that is being sent sends, by its id."""
    campaigns = Campaign.objects.filter(state=CampaignState.SENDING, kind=Kind.MAILING)
    named = dict(campaigns.values_list("pk", "contents"))
    contents = Content.objects.in_bulk({pk for chosen in named.values() for pk in chosen.values()})
    return {
        pk: [_sent(contents[content]) for content in chosen.values() if content in contents]
        for pk, chosen in named.items()
    }


def failing(ids: Collection[int]) -> list[int]:
    """Those of the campaigns that are paused because of an error."""
    return list(Campaign.objects.filter(pk__in=ids, state=CampaignState.PAUSED_ERROR).values_list("pk", flat=True))


def sent_by(campaign: Campaign) -> list[Sent]:
    """What a campaign that has begun sends."""
    return [_sent(content) for content in Content.objects.filter(pk__in=campaign.contents.values())]


def _sent(content: Content) -> Sent:
    return Sent(content.channel, content.provider_id, content.topic)
