"""Forms of scenarios that are no node's."""

from django import forms

from flows.models import Scenario, ScenarioState


class NewScenarioForm(forms.ModelForm):
    class Meta:
        model = Scenario
        fields = ["name", "description"]
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}


class ScenarioSettingsForm(forms.ModelForm):
    class Meta:
        model = Scenario
        fields = ["name", "description", "reentry"]
        labels = {"reentry": "A contact may enter"}
        widgets = {"description": forms.Textarea(attrs={"rows": 2}), "reentry": forms.RadioSelect}


class ScenarioListFilter(forms.Form):
    q = forms.CharField(required=False, label="Search", widget=forms.TextInput(attrs={"type": "search"}))
    state = forms.ChoiceField(required=False, choices=[("", "All states"), *ScenarioState.choices])
