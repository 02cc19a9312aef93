"""Says through which provider each message goes, which one takes over, and how much every one of them takes now."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, Value

from campaigns.delivery import breaker, connections, limiting
from campaigns.delivery.claiming import Limits
from campaigns.models import Budget, Content, Price, Provider, TopicRoute

# What finds no way is looked at again after this, unless what it belongs to is paused meanwhile.
NO_WAY = timedelta(seconds=30)


@dataclass(frozen=True)
class Routes:
    """`usual`: what each channel's messages go through unless their content or topic names another provider; no channel
    without one. `ways`: who takes what goes through a provider now: itself, one that takes over, or None.

    `claims` are the channels of which anything can go at this moment.
    """

    usual: Mapping[str, Provider]
    now: datetime
    enabled: Mapping[int, Provider] = field(default_factory=dict)
    topics: Mapping[tuple[str, str], int] = field(default_factory=dict)
    ways: Mapping[int, Provider | None] = field(default_factory=dict)
    limits: Limits | None = None
    claims: Collection[str] = ()
    budgeted: bool = False

    def chosen(self, channel: str, provider_id: int | None, topic: str) -> Provider | None:
        """The one that is named while it is enabled, else the topic's, else the channel's. None: nobody is enabled."""
        named = self.enabled.get(provider_id or 0)
        if named and named.channel == channel:
            return named
        about = self.topics.get((channel, topic.lower())) if topic else None
        return self.enabled[about] if about else self.usual.get(channel)

    def provider_of(self, content: Content) -> Provider | None:
        """Who takes it now; None: the one it goes through is left alone, and nobody takes over."""
        found = self.chosen(content.channel, content.provider_id, content.topic)
        return self.ways[found.pk] if found else None

    def after(self, provider: Provider) -> Provider | None:
        """Who takes over when this one turns out to be away."""
        chain = _chain(provider, self.enabled)
        return next((each for each in chain if each.pk != provider.pk and _takes(each, self.now)), None)

    def waits(self, content: Content, attempts: int) -> dict[str, Any]:
        """What its outcome says while there is no way for it."""
        found = self.chosen(content.channel, content.provider_id, content.topic)
        reason = breaker.sentence(found) if found else ""
        return {"reason": reason, "attempts": attempts, "due_at": self.now + NO_WAY}


def routes(now: datetime) -> Routes:
    """How messages go at this moment: one query, and one or two more where providers have limits."""
    enabled = {provider.pk: provider for provider in _enabled()}
    usual: dict[str, Provider] = {}
    for provider in enabled.values():
        usual.setdefault(provider.channel, provider)
    topics = {
        (provider.channel, topic.lower()): provider.pk for provider in enabled.values() for topic in provider.topics
    }
    full = limiting.used_up(enabled.values(), now)
    ways = {pk: _way(provider, enabled, full, now) for pk, provider in enabled.items()}
    claims = sorted({p.channel for pk, p in enabled.items() if ways[pk] and not p.is_unpaid})
    limits = _limits(enabled, usual, ways, topics, claims, now) if claims else None
    return Routes(usual, now, enabled, topics, ways, limits, claims, any(p.budgeted for p in enabled.values()))


def only(provider: Provider, known: Routes) -> Routes:
    """Everything goes through this one: for its probe."""
    ways = dict.fromkeys([*known.enabled, provider.pk], provider)
    return Routes(known.usual, known.now, known.enabled, known.topics, ways, None, (), known.budgeted)


def _enabled() -> Sequence[Any]:
    """With all that decides on their messages, in one query. The default comes first in its channel."""
    empty = Budget.objects.filter(limited=True, short_of__gt=F("balance"))
    priced = Price.objects.filter(channel=OuterRef("channel"), amount__gt=0)
    return list(
        Provider.objects.filter(enabled=True)
        .select_related("breaker")
        .annotate(
            topics=ArraySubquery(TopicRoute.objects.filter(provider=OuterRef("pk")).values("topic")),
            budgeted=Exists(Budget.objects.annotate(one=Value(1))),
            is_unpaid=Exists(empty) & Exists(priced),
        )
        .order_by("-is_default", "pk")
    )


def _chain(provider: Provider, enabled: Mapping[int, Provider]) -> Iterator[Provider]:
    """The provider and those that take over one after the other, each once."""
    seen = set[int]()
    following: Provider | None = provider
    while following is not None and following.pk not in seen:
        seen.add(following.pk)
        yield following
        following = enabled.get(following.fallback_id or 0)


def _way(provider: Provider, enabled: Mapping[int, Provider], full: set[int], now: datetime) -> Provider | None:
    """Where all have had their day's worth, the first that works: what is left waits for its next day."""
    working = [each for each in _chain(provider, enabled) if _takes(each, now)]
    return next((each for each in working if each.pk not in full), working[0] if working else None)


def _takes(provider: Provider, now: datetime) -> bool:
    return not breaker.is_open(provider) and not connections.is_resting(provider, now)


def _limits(
    enabled: Mapping[int, Provider],
    usual: Mapping[str, Provider],
    ways: Mapping[int, Provider | None],
    topics: Mapping[tuple[str, str], int],
    claims: Sequence[str],
    now: datetime,
) -> Limits | None:
    taken = limiting.open_to(enabled.values(), now)
    quotas = {}
    for pk, way in ways.items():
        if way is None:
            quotas[pk] = 0
        elif breaker.on_trial(way):
            quotas[pk] = min(taken.get(way.pk, 1), 1)
        elif way.pk in taken:
            quotas[pk] = taken[way.pk]
    through = {channel: usual[channel].pk for channel in claims}
    return Limits(through, list(enabled), quotas, topics) if quotas else None
