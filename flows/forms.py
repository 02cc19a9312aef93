"""Forms of scenarios that are no node's."""

from collections.abc import Sequence
from typing import Any

from django import forms

from contacts import segments
from contacts.segments.forms import RuleField
from flows import configuring, objectives
from flows.models import Reentry, Scenario, ScenarioState
from flows.nodes._fields import segment_field

# What a request may leave out.
SOMETIMES = ("follows", "most_rounds", "priority")


class NewScenarioForm(forms.ModelForm):
    class Meta:
        model = Scenario
        fields = ["name", "description"]
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}


class ScenarioSettingsForm(forms.ModelForm):
    """What `configuring.change` takes, from the dialog; what is left out of a request stays as it is."""

    spaced_amount = forms.IntegerField(required=False, min_value=1, label="Time between two entries")
    spaced_unit = forms.ChoiceField(required=False, choices=[("hours", "Hours"), ("days", "Days")], label="Unit")
    leave_objective = forms.BooleanField(
        required=False,
        label="When they have reached the objective",
    )
    leave_segment = segment_field(
        empty="Nobody",
        help_text="Contacts of this segment do not enter, and leave before the next action.",
    )
    leave_rule = RuleField(
        required=False,
        label="When this becomes true",
        help_text="Asked before each action, such as an email. Empty: nobody leaves by a rule.",
        scope=segments.Scope(origin="scenario"),
    )

    class Meta:
        model = Scenario
        fields = ["name", "description", "reentry", "follows", "most_rounds", "keeps_when_stopped", "priority"]
        labels = {
            "reentry": "A contact may enter",
            "follows": "When the flow is changed",
            "most_rounds": "Going back to an earlier step",
            "keeps_when_stopped": "Keep contacts when the scenario is stopped",
        }
        help_texts = {
            "most_rounds": "So many times at most by the same connection; then the contact leaves.",
            "keeps_when_stopped": "They stay where they are, and go on when it is started again. Otherwise Stop lets "
            "everybody leave.",
        }
        widgets = {
            "description": forms.Textarea(attrs={"rows": 2}),
            "reentry": forms.RadioSelect,
            "follows": forms.RadioSelect,
        }

    def __init__(self, *args: Any, nodes: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        said = objectives.sentence(self.instance.objective)
        self.fields["leave_objective"].help_text = f"Now: {said}. Saving the flow asks what it is."
        self.fields["leave_segment"].label = "Never contacts of the segment"
        self.fields["leave_rule"].nodes = nodes  # type: ignore[attr-defined]  # a RuleField
        for name in SOMETIMES:
            self.fields[name].required = not self.is_bound or name in self.data
        for name in ("spaced_amount", "spaced_unit"):
            self.fields[name].required = not self.is_bound  # else it depends on the mode
        scenario, hours = self.instance, self.instance.reentry_hours or 24
        in_days = hours % 24 == 0
        first = {
            "spaced_amount": hours // 24 if in_days else hours,
            "spaced_unit": "days" if in_days else "hours",
            "leave_objective": scenario.exits.get("objective", False),
            "leave_segment": scenario.exits.get("segment"),
            "leave_rule": scenario.exits.get("rule"),
        }
        self.initial.update(first)

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        for name in SOMETIMES:
            if data.get(name) in (None, "") and name not in self.errors:
                data[name] = self.initial[name]
        for name, sentences in configuring.problems(self._settings()).items():
            field = {"reentry_hours": "spaced_amount", "exits": None}.get(name, name)
            if field not in self.errors:
                self.add_error(field, sentences)
        return data

    def _settings(self) -> dict[str, Any]:
        data = self.cleaned_data
        kept = ("name", "description", "reentry", "follows", "most_rounds", "keeps_when_stopped", "priority")
        hours = (data.get("spaced_amount") or 0) * (24 if data.get("spaced_unit") == "days" else 1)
        exits = {part: data.get(f"leave_{part}") for part in ("objective", "rule", "segment")}
        return {
            **{name: data[name] for name in kept if name in data},
            "reentry_hours": (hours or None) if data.get("reentry") == Reentry.SPACED else None,
            "exits": {part: wanted for part, wanted in exits.items() if wanted},
        }

    def keep(self) -> None:
        configuring.change(self.instance, self._settings())


class ScenarioListFilter(forms.Form):
    q = forms.CharField(required=False, label="Search", widget=forms.TextInput(attrs={"type": "search"}))
    state = forms.ChoiceField(required=False, choices=[("", "All states"), *ScenarioState.choices])
