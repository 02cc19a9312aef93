"""Says through which provider each message goes, and how much every one of them takes now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from campaigns import connections, limiting
from campaigns.claiming import Limits
from campaigns.models import Content, Provider


@dataclass(frozen=True)
class Routes:
    """`usual`: what each channel's messages go through unless they name another provider; no channel without one."""

    usual: dict[str, Provider]
    limits: Limits | None

    def provider_of(self, content: Content) -> Provider:
        """The one that the content names while it is enabled, else the channel's."""
        named = content.provider
        return named if named and named.enabled and named.channel == content.channel else self.usual[content.channel]


def routes(now: datetime) -> Routes:
    """How messages go at this moment: one query, and one more where providers have limits."""
    enabled = list(Provider.objects.filter(enabled=True).order_by("-is_default", "pk"))
    usual = _usual(enabled, now)
    return Routes(usual, _limits(enabled, usual, now) if usual else None)


def _usual(enabled: Sequence[Provider], now: datetime) -> dict[str, Provider]:
    """No channel whose provider rests."""
    found: dict[str, Provider] = {}
    for provider in enabled:
        found.setdefault(provider.channel, provider)
    return {channel: provider for channel, provider in found.items() if not connections.is_resting(provider, now)}


def _limits(enabled: Sequence[Provider], usual: dict[str, Provider], now: datetime) -> Limits | None:
    quotas = limiting.open_to(enabled, now)
    through = {channel: provider.pk for channel, provider in usual.items()}
    return Limits(through, [provider.pk for provider in enabled], quotas) if quotas else None
