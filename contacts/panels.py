"""Sections of a contact's page that apps further left add: their messages, their scenarios."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string

from contacts.models import Contact


@dataclass(frozen=True)
class Panel:
    """`context` gives what `template` needs to show about one contact."""

    title: str
    template: str
    context: Callable[[Contact, HttpRequest], dict[str, Any]]
    order: int = 0


_panels: list[Panel] = []


def register(panel: Panel) -> None:
    """Called in an AppConfig's `ready`."""
    _panels.append(panel)
    _panels.sort(key=lambda known: known.order)


def drawn(contact: Contact, request: HttpRequest) -> list[dict[str, str]]:
    """Title and HTML of each panel."""
    return [
        {
            "title": panel.title,
            "html": render_to_string(panel.template, {"contact": contact, **panel.context(contact, request)}, request),
        }
        for panel in _panels
    ]
