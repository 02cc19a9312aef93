"""The fields by which a page asks what messages are meant to achieve: an objective, or none."""

from typing import Any

from django import forms

from contacts import segments
from contacts.segments.forms import RuleField
from flows import objectives
from flows.nodes._fields import segment_field


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
    within_days = forms.IntegerField(
        required=False, min_value=1, max_value=objectives.MOST_DAYS, label="Within days of the message"
    )

    def __init__(self, *args: Any, nothing: str, kept: dict[str, Any] | None = None, **kwargs: Any) -> None:
        self.kept = kept or {}
        super().__init__(*args, initial=self.kept, **kwargs)
        self.fields["kind"].choices = [("", nothing), *objectives.KINDS.items()]  # type: ignore[attr-defined]
        self.fields["segment"].required = self.fields["event"].required = False

    @property
    def asked(self) -> str:
        return str(self["kind"].value() or "")

    def clean(self) -> dict[str, Any]:
        kind = self.cleaned_data.get("kind")
        for name in ("event", "filter"):
            if kind != "event":
                self.errors.pop(name, None)
        if kind != "segment":
            self.errors.pop("segment", None)
        if not kind:
            self.errors.pop("within_days", None)
        if kind == "event" and not self.cleaned_data.get("event") and "event" not in self.errors:
            self.add_error("event", "Name the event.")
        if kind == "segment" and not self.cleaned_data.get("segment") and "segment" not in self.errors:
            self.add_error("segment", "Choose a segment.")
        return self.cleaned_data

    @property
    def objective(self) -> dict[str, Any]:
        """What else was set by other means, such as where the value of an event stands, is kept with its kind."""
        data = self.cleaned_data
        kind = data.get("kind")
        if not kind:
            return {}
        names = {"event": ("event", "filter"), "segment": ("segment",)}.get(kind, ())
        own = {*names, "kind", "within_days"}
        others = {"event", "filter", "segment"} - own
        kept = self.kept if self.kept.get("kind") == kind else {}
        found = {name: value for name, value in kept.items() if name not in own | others}
        return found | {name: data[name] for name in own if data.get(name) not in (None, "", {})}
