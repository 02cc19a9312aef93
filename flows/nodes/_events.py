"""The field in which an event is named, and how the built-in ones are called."""

from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

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
    "topic.subscribed": "Subscribed to a topic",
    "topic.unsubscribed": "Unsubscribed from a topic",
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


class EventField(forms.CharField):
    """The name of an event."""

    widget = EventInput

    def __init__(self, **kwargs: Any) -> None:
        kwargs = {"help_text": "A built-in event, or the name of one of your own such as order.placed.", **kwargs}
        super().__init__(max_length=100, label="Event", **kwargs)


def event_label(name: str) -> str:
    return BUILT_IN.get(name, f"“{name}”")
