"""Rules about the scenarios that a contact is in, has completed, or has never entered."""

from collections.abc import Collection
from datetime import datetime

from django import forms

from contacts.segments.rules.base import Config, RuleForm, RuleKind, unknown_keys
from contacts.segments.where import Scope, Where
from flows.models import INSIDE, ExecutionState, Scenario

ASKS = {"inside": "is inside", "completed": "has completed", "never_entered": "never entered"}
MAX_ID = 2**63 - 1


class ScenarioForm(RuleForm):
    # Called "is" in the tree, which is no name for a Python attribute.
    def __init__(self, config: Config, scope: Scope) -> None:
        super().__init__(config, scope)
        self.fields["is"] = forms.ChoiceField(label="Contact", choices=list(ASKS.items()))
        self.fields["id"] = forms.TypedChoiceField(
            label="Scenario", coerce=int, choices=[("", "Choose one"), *Scenario.objects.values_list("pk", "name")]
        )


class ScenarioRule(RuleKind):
    key = "scenario"
    label = "Scenario"
    icon = "workflow"
    order = 70
    Form = ScenarioForm

    def problems(self, config: Config, scope: Scope) -> list[str]:
        found = list(unknown_keys(config, "id", "is"))
        scenario, asked = config.get("id"), config.get("is", "inside")
        if not isinstance(scenario, int) or isinstance(scenario, bool) or not 0 < scenario <= MAX_ID:
            found.append("Choose a scenario.")
        elif not Scenario.objects.filter(pk=scenario).exists():
            found.append("The scenario of a rule no longer exists.")
        if not isinstance(asked, str) or asked not in ASKS:
            found.append(f"“is” of a scenario rule is one of: {', '.join(ASKS)}.")
        return found

    def sql(self, config: Config, now: datetime, scope: Scope) -> Where:
        """One probe of the index on contacts per contact, or a join."""
        asked = config.get("is", "inside")
        states = {"inside": INSIDE, "completed": (ExecutionState.COMPLETED,)}.get(asked, tuple(ExecutionState))
        entered = Where(
            'EXISTS (SELECT 1 FROM flows_execution fe WHERE fe.contact_id = "contacts_contact"."id"'
            " AND fe.scenario_id = %s AND fe.state = ANY(%s))",
            (config["id"], [str(state) for state in states]),
        )
        return ~entered if asked == "never_entered" else entered

    def moved_by(self, config: Config) -> Collection[str]:
        return ["scenario.entered", "scenario.completed"]

    def drifts(self, config: Config) -> bool:
        """Passes are only told where somebody listens, and leaving before an end never is."""
        return True

    def sentence(self, config: Config) -> str:
        chosen = config.get("id")
        known = isinstance(chosen, int) and not isinstance(chosen, bool) and 0 < chosen <= MAX_ID
        found = Scenario.objects.filter(pk=chosen).first() if known else None
        return f"{ASKS.get(str(config.get('is', 'inside')), '…')} the scenario “{found or '…'}”"


kinds = [ScenarioRule()]
