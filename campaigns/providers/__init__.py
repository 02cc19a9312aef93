"""The kinds of providers: a module of this package is one kind, or has a table of many that differ in few words."""

import pkgutil
from functools import cache
from importlib import import_module

from campaigns.models import Provider
from campaigns.providers.base import Kind


@cache
def registry() -> dict[str, Kind]:
    """Every kind by its key. A module whose name starts with _ or is base is none."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name == "base" or module.name.startswith("_"):
            continue
        imported = import_module(f"{__name__}.{module.name}")
        kinds: dict[str, Kind] = getattr(imported, "kinds", None) or {module.name: imported.kind}
        for key, kind in kinds.items():
            kind.key = key
            found[key] = kind
    return dict(sorted(found.items(), key=lambda item: (item[1].order, item[1].label)))


def of(provider: Provider) -> Kind:
    """The kind that speaks for a provider."""
    return registry()[provider.kind]


def for_channel(channel: str) -> Provider | None:
    """The provider that a channel's messages go through unless they name one: the default if it is enabled, else the
    oldest enabled one."""
    return Provider.objects.filter(channel=channel, enabled=True).order_by("-is_default", "pk").first()


def available(channel: str) -> bool:
    """Whether messages of the channel can be sent at all."""
    return Provider.objects.filter(channel=channel, enabled=True).exists()
