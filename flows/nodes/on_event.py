"""Trigger: lets contacts in when something happens to them."""

from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from contacts import segments
from contacts.segments.forms import RuleField
from flows.nodes._form import NodeForm
from flows.nodes.base import Trigger

BUILT_IN = {
    "contact.created": "Contact created",
    "contact.updated": "Contact updated",
    "tag.added": "Tag added",
    "tag.removed": "Tag removed",
    "segment.entered": "Segment entered",
    "segment.left": "Segment left",
    "email.sent": "Email sent",
    "email.delivered": "Email delivered",
    "email.opened": "Email opened",
    "email.clicked": "Email clicked",
    "email.bounced": "Email bounced",
    "email.complained": "Email reported as spam",
    "email.unsubscribed": "Unsubscribed from email",
    "sms.sent": "SMS sent",
    "sms.delivered": "SMS delivered",
    "sms.failed": "SMS failed",
    "sms.clicked": "SMS clicked",
    "sms.replied": "SMS replied to",
    "sms.unsubscribed": "Unsubscribed from SMS",
    "scenario.entered": "Scenario entered",
    "scenario.completed": "Scenario completed",
    "api.call": "Called through the API",
}


class EventInput(forms.TextInput):
    """A text control that proposes the built-in events; any other name may be typed."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        proposals = f"{name}-proposals"
        control = super().render(name, value, {**(attrs or {}), "list": proposals}, renderer)
        options = format_html_join("", '<option value="{}">{}</option>', BUILT_IN.items())
        return format_html('{}<datalist id="{}">{}</datalist>', control, proposals, options)


class OnEvent(Trigger):
    label = "On Event"
    hint = "Contacts enter when something happens to them."
    order = 30
    icon = "radio"

    class Form(NodeForm):
        event = forms.CharField(
            max_length=100,
            label="Event",
            widget=EventInput,
            help_text="A built-in event, or the name of one of your own such as order.placed.",
        )
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
        shown = BUILT_IN.get(name, f"“{name}”")
        return f"{shown}, filtered" if config.get("filter") else shown

    def event(self, config: dict[str, Any]) -> str | None:
        return config.get("event") or None


node = OnEvent()
