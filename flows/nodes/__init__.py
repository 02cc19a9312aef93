"""The node types, one module each; adding a type is adding a module to this package."""

import pkgutil
from functools import cache
from importlib import import_module

from flows.nodes.base import Node


@cache
def registry() -> dict[str, Node]:
    """Every node type by its key, in the order of the palette. A module whose name starts with _ or is base is none."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name == "base" or module.name.startswith("_"):
            continue
        kind = import_module(f"{__name__}.{module.name}").node
        kind.key = module.name
        found[module.name] = kind
    return dict(sorted(found.items(), key=lambda item: (item[1].group.order, item[1].order)))
