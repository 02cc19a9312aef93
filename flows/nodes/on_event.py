"""Trigger: lets contacts in when something happens to them."""

from typing import Any

from contacts import segments
from contacts.segments.forms import RuleField
from flows.nodes._events import EventField, event_label
from flows.nodes._form import NodeForm
from flows.nodes.base import Trigger


class OnEvent(Trigger):
    label = "On Event"
    hint = "Contacts enter when something happens to them."
    order = 30
    icon = "radio"

    class Form(NodeForm):
        event = EventField()
        filter = RuleField(
            required=False,
            label="Only when",
            help_text="Asks about the event’s properties and the contact. Empty: always. "
            "Events of a segment have its number as the property segment, and its name as name.",
            scope=segments.Scope(event=True),
        )

    def summary(self, config: dict[str, Any]) -> str:
        name = config.get("event")
        if not isinstance(name, str) or not name:
            return "No event yet"
        shown = event_label(name)
        return f"{shown}, filtered" if config.get("filter") else shown

    def event(self, config: dict[str, Any]) -> str | None:
        return config.get("event") or None


node = OnEvent()
