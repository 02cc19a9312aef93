"""Tries a provider that was left alone, after its back-off: one worker brings it one message, or only calls on it."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q

from campaigns import providers
from campaigns.delivery import breaker, connections
from campaigns.delivery.claiming import LEASE, Claim, claim_one
from campaigns.delivery.routing import Routes
from campaigns.models import Breaker, Provider

# Messages that turn out not to be sent, as for want of consent, say nothing of the provider; so many are looked at.
MOST = 20


def due(routes: Routes, now: datetime) -> Iterator[Provider]:
    """The providers whose probe is due, each for one worker only: it has the probe in hand from here on."""
    for provider in routes.enabled.values():
        if breaker.is_open(provider) and _takes(provider.pk, now):
            yield provider


def _takes(provider_id: int, now: datetime) -> bool:
    lapsed = Q(state=breaker.HALF_OPEN, probed_until__lt=now)
    waiting = Breaker.objects.filter(Q(state=breaker.OPEN, probes_at__lte=now) | lapsed, provider=provider_id)
    return bool(waiting.update(state=breaker.HALF_OPEN, probed_until=now + LEASE))


def claim(provider: Provider, routes: Routes, now: datetime) -> Claim:
    """One message for it, also of what is paused because of it; without any, the claim is empty."""
    usual = routes.usual[provider.channel].pk
    found = breaker.of(provider)
    holds = list(found.holds) if found else []
    return claim_one(now, provider.pk, usual, provider.channel, list(routes.enabled), holds)


def is_decided(provider: Provider) -> bool:
    return not Breaker.objects.filter(provider=provider, state=breaker.HALF_OPEN).exists()


def call(provider: Provider, now: datetime) -> None:
    """Nothing is there to be sent: see whether it answers. Where its kind cannot tell, the next message will."""
    connections.close(provider.pk)
    result = providers.of(provider).probe(provider)
    if result is None:
        Breaker.objects.filter(provider=provider, state=breaker.HALF_OPEN).update(probed_until=None)
    else:
        breaker.learn(provider, [result], now)
