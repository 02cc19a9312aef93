"""The fields by which a page asks what messages are meant to achieve: an objective, or none."""

from typing import Any

from django import forms
from django.conf import settings

from contacts import segments
from contacts.segments.forms import RuleField
from flows import objectives
from flows.nodes._fields import segment_field

OF_EVENTS = ("event", "filter", "value_property", "currency_property")
# The kinds that are no deed of a message's own, and so are credited to one.
CREDITED = ("event", "segment")


class GoalForm(forms.Form):
    """`objective` is what it says, `{}` for nothing. `nothing` says what that means."""

    kind = forms.ChoiceField(required=False, label="Conversion")
    event = forms.CharField(
        required=False,
        max_length=100,
        label="Event",
        widget=forms.TextInput(attrs={"placeholder": "order.placed", "autocomplete": "off"}),
    )
    segment = segment_field(empty="Choose one")
    filter = RuleField(required=False, label="Only if", scope=segments.Scope(event=True))
    value_property = forms.CharField(
        required=False,
        max_length=100,
        label="Property with its value",
        help_text="Such as value. Empty: only how many is counted.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    currency_property = forms.CharField(
        required=False,
        max_length=100,
        label="Property with its currency",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    touch = forms.ChoiceField(
        required=False,
        label="Credited to the last message that the contact",
        choices=[("sent", "was sent"), ("opened", "opened"), ("clicked", "clicked")],
        help_text="Before it happened; no other message counts it.",
    )
    within_days = forms.IntegerField(
        required=False, min_value=1, max_value=objectives.MOST_DAYS, label="Within days of the message"
    )

    def __init__(self, *args: Any, nothing: str, kept: dict[str, Any] | None = None, **kwargs: Any) -> None:
        self.kept = kept or {}
        super().__init__(*args, initial=self.kept, **kwargs)
        self.fields["kind"].choices = [("", nothing), *objectives.KINDS.items()]  # type: ignore[attr-defined]
        self.fields["currency_property"].help_text = f"Such as currency. Where it says nothing: {settings.CURRENCY}."
        self.fields["segment"].required = self.fields["event"].required = False

    @property
    def asked(self) -> str:
        return str(self["kind"].value() or "")

    def clean(self) -> dict[str, Any]:
        kind = self.cleaned_data.get("kind")
        for name in OF_EVENTS:
            if kind != "event":
                self.errors.pop(name, None)
        if kind != "segment":
            self.errors.pop("segment", None)
        if kind not in CREDITED:
            self.errors.pop("touch", None)
        if not kind:
            self.errors.pop("within_days", None)
        if kind == "event" and not self.cleaned_data.get("event") and "event" not in self.errors:
            self.add_error("event", "Name the event.")
        if kind == "segment" and not self.cleaned_data.get("segment") and "segment" not in self.errors:
            self.add_error("segment", "Choose a segment.")
        return self.cleaned_data

    @property
    def objective(self) -> dict[str, Any]:
        data = self.cleaned_data
        kind = data.get("kind")
        if not kind:
            return {}
        names = {"event": (*OF_EVENTS, "touch"), "segment": ("segment", "touch")}.get(kind, ())
        return {name: data[name] for name in ("kind", *names, "within_days") if data.get(name) not in (None, "", {})}
