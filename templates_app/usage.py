"""Finds out what uses a thing of this app or of campaigns, in every app that has a module which can say so.

Such a module has `uses(pk) -> list[Use]`; it is found by its name, so that nothing is imported from the left.
"""

from dataclasses import dataclass
from importlib import import_module

from django.apps import apps
from django.utils.module_loading import module_has_submodule


@dataclass(frozen=True)
class Use:
    """Something that refers to a thing: what it is called, and its page."""

    label: str
    url: str


def uses_of_template(pk: int) -> list[Use]:
    """What would miss a template, from the apps' `template_uses` modules."""
    return _asked("template_uses", pk)


def uses_of_provider(pk: int) -> list[Use]:
    """What names a provider, from the apps' `provider_uses` modules."""
    return _asked("provider_uses", pk)


def _asked(module: str, pk: int) -> list[Use]:
    return [
        use
        for app in apps.get_app_configs()
        if app.module is not None and module_has_submodule(app.module, module)
        for use in import_module(f"{app.name}.{module}").uses(pk)
    ]
