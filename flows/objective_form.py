"""The fields by which the canvas asks what a scenario is meant to achieve; its module reads them as JSON."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.forms.boundfield import BoundField

from contacts import segments
from contacts.segments.forms import RuleField
from flows import objectives
from flows.nodes._events import EventField
from flows.nodes._fields import segment_field


class ObjectiveForm(forms.Form):
    """Drawn with a saved objective; what comes of it is checked by `objectives.problems` when it is saved."""

    use_required_attribute = False  # they are required only where they are shown

    kind = forms.ChoiceField(
        label="What should this scenario achieve?",
        required=False,
        choices=[("", "No objective"), *objectives.KINDS.items()],
        widget=forms.RadioSelect,
    )
    event = EventField(required=False)
    segment = segment_field(empty="Choose a segment")
    filter = RuleField(label="Only if", required=False, scope=segments.Scope(event=True))
    value_property = forms.CharField(
        label="Property with its value",
        required=False,
        max_length=100,
        help_text="Such as value. Empty: only how many is counted.",
    )
    currency_property = forms.CharField(label="Property with its currency", required=False, max_length=100)
    touch = forms.ChoiceField(
        label="Credited to the last message that the contact",
        choices=[("sent", "was sent"), ("opened", "opened"), ("clicked", "clicked")],
        help_text="Before it happened; no other message counts it.",
    )
    within_days = forms.IntegerField(
        label="Within days",
        required=False,
        min_value=1,
        max_value=objectives.MOST_DAYS,
        help_text="After the message, for statistics; after entering, for contacts who leave when they reached it.",
    )

    def __init__(self, objective: dict[str, Any]) -> None:
        super().__init__(initial=objective, auto_id="objective-%s")
        self.fields["event"].label = "Name of the event"
        self.fields["event"].required = self.fields["segment"].required = True
        self.fields["currency_property"].help_text = f"Such as currency. Where it says nothing: {settings.CURRENCY}."
        for name in ("event", "value_property", "currency_property"):
            self.fields[name].widget.attrs["autocomplete"] = "off"
        self.fields["event"].widget.attrs["placeholder"] = "order.placed"

    def parts(self) -> Iterator[tuple[str, list[BoundField]]]:
        """The fields but for the kind, with the kinds that each of them goes with."""
        yield "event", [self["event"]]
        yield "segment", [self["segment"]]
        yield "event", [self["filter"]]
        yield "event", [self["value_property"], self["currency_property"]]
        yield "event segment", [self["touch"]]
        yield " ".join(objectives.KINDS), [self["within_days"]]
