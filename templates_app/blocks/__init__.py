"""What an email is put together from, one module per kind of block; adding a kind is adding a module here."""

import pkgutil
from functools import cache
from importlib import import_module

from templates_app.blocks.base import Block


@cache
def registry() -> dict[str, Block]:
    """Every kind by its key, in the order of the palette. A module named base or starting with _ is none."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name != "base" and not module.name.startswith("_"):
            kind = import_module(f"{__name__}.{module.name}").block
            kind.key = module.name
            found[module.name] = kind
    return dict(sorted(found.items(), key=lambda item: item[1].order))
