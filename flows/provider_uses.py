"""Tells which scenarios name a provider, in their newest graph."""

from flows import template_uses
from templates_app.usage import Use


def uses(provider_id: int) -> list[Use]:
    return template_uses.uses(provider_id, key="provider")
