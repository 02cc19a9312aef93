"""The kinds of rules: modules of `rules/` here, and `segment_rules` modules of every installed app."""

import pkgutil
from functools import cache
from importlib import import_module

from django.apps import apps
from django.utils.module_loading import module_has_submodule

from contacts.segments import rules
from contacts.segments.rules.base import RuleKind


@cache
def registry() -> dict[str, RuleKind]:
    """Every kind by its key, in the builder's order."""
    found: list[RuleKind] = []
    for module in pkgutil.iter_modules(rules.__path__):
        if module.name != "base":
            kind = import_module(f"{rules.__name__}.{module.name}").kind
            kind.key = module.name
            found.append(kind)
    for app in apps.get_app_configs():
        if app.module is not None and module_has_submodule(app.module, "segment_rules"):
            found.extend(import_module(f"{app.name}.segment_rules").kinds)
    return {kind.key: kind for kind in sorted(found, key=lambda kind: (kind.order, kind.label))}
