"""Says what messages belong to: their scenario or campaign, the node and the variant, by the key of their origin.

Asked of every app that has a module `origin_names`, which knows the keys that it has made: its function
`places(keys) -> {key: Place}` says what they are called, and leaves out those that are not its own.
"""

from collections.abc import Collection
from dataclasses import dataclass
from importlib import import_module

from django.apps import apps
from django.utils.module_loading import module_has_submodule

from campaigns.models import Origin


@dataclass(frozen=True)
class Named:
    """Something that messages belong to; `url` is where its page is, if it has one."""

    key: str
    label: str
    url: str = ""


@dataclass(frozen=True)
class Place:
    """What an origin belongs to. `segments` are the ids of those whose members it is meant for."""

    label: str
    campaign: Named | None = None
    scenario: Named | None = None
    node: Named | None = None
    variant: Named | None = None
    segments: tuple[int, ...] = ()

    @property
    def url(self) -> str:
        whole = self.scenario or self.campaign
        return whole.url if whole else ""

    @classmethod
    def of(
        cls, whole: Named, is_scenario: bool, part: Named | None, variant: Named | None, segments: Collection[int]
    ) -> "Place":
        """A place called after its whole and the part of it."""
        inner = part or variant
        return cls(
            f"{whole.label} · {inner.label}" if inner else whole.label,
            campaign=None if is_scenario else whole,
            scenario=whole if is_scenario else None,
            node=part,
            variant=variant,
            segments=tuple(sorted(set(segments))),
        )


def places(keys: Collection[str]) -> dict[str, Place]:
    """A place for each of the keys, in a fixed number of queries. What nobody knows is called by its key."""
    found = {key: Place(key) for key in keys}
    for app in apps.get_app_configs():
        if app.module is not None and module_has_submodule(app.module, "origin_names"):
            found |= import_module(f"{app.name}.origin_names").places(keys)
    return found


def all_places() -> dict[int, Place]:
    """The place of every origin that there is, by the origin's id."""
    keys = dict(Origin.objects.values_list("pk", "key"))
    known = places(keys.values())
    return {pk: known[key] for pk, key in keys.items()}
