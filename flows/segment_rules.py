"""Rules about the scenarios that a contact is in, has been through, or has never entered."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django import forms

from contacts.remembering import remembered
from contacts.segments import actual, spans
from contacts.segments.comparison_form import PickField
from contacts.segments.picking import Choice, named
from contacts.segments.rules.base import Config, RuleKind, unknown_keys
from contacts.segments.span_form import SpanForm
from contacts.segments.where import Scope, Where, fill, value
from flows.models import INSIDE, ExecutionState, Scenario

# What may be asked: the words of a sentence, the states of a pass that proves it, and the moment that "within" means.
ASKS = {
    "inside": ("is inside", INSIDE, "entered_at"),
    "entered": ("has entered", tuple(ExecutionState), "entered_at"),
    "completed": ("has completed", (ExecutionState.COMPLETED,), "finished_at"),
    "exited": ("left before the end", (ExecutionState.EXITED,), "finished_at"),
    "failed": ("failed in", (ExecutionState.FAILED,), "finished_at"),
    "never_entered": ("never entered", tuple(ExecutionState), "entered_at"),
}
# The same in a sentence, and what in it makes the opposite.
_SAID = {**{key: f"{words} {{}}" for key, (words, _, _) in ASKS.items()}, "exited": "left {} before the end"}
_DENIED = {
    "inside": ("is inside", "is not inside"),
    "entered": ("has entered", "has not entered"),
    "completed": ("has completed", "has not completed"),
    "exited": ("left", "did not leave"),
    "failed": ("failed", "did not fail"),
    "never_entered": ("never entered", "has entered"),
}
MAX_ID = 2**63 - 1
_PASSED = 'EXISTS (SELECT 1 FROM flows_execution fe WHERE fe.contact_id = "contacts_contact"."id" AND {0})'


class ScenarioForm(SpanForm):
    # Called "is" in the tree, which is no name for a Python attribute.
    def __init__(self, config: Config, scope: Scope) -> None:
        super().__init__(config, scope)
        asked = [(key, words) for key, (words, _, _) in ASKS.items()]
        choice = forms.ChoiceField(label="Contact", choices=asked, widget=forms.Select(attrs={"data-redraw": ""}))
        self.fields["is"] = choice
        self.fields["id"] = PickField("scenarios", "Name of a scenario", _name, label="Scenario")
        if self.initial.get("is", "inside") in ("inside", "never_entered"):
            for key in ("within__unit", "within__amount"):
                self.fields.pop(key, None)
        for key in ("count__op", "count__n"):
            self.fields.pop(key, None)
        self.order_fields(["is", "id"])


class ScenarioRule(RuleKind):
    key = "scenario"
    label = "Scenario"
    icon = "workflow"
    order = 70
    Form = ScenarioForm
    keys = {
        "id": "The id of a scenario.",
        "is": "inside (default), entered, completed, exited (left before the end), failed or never_entered.",
        "within": "How lately, as in an event rule; not of inside and never_entered.",
    }
    example = {"rule": "scenario", "id": 2, "is": "completed"}

    def problems(self, config: Config, scope: Scope) -> list[str]:
        found = list(unknown_keys(config, *self.keys))
        scenario, asked = config.get("id"), config.get("is", "inside")
        if not _is_id(scenario):
            found.append("Choose a scenario.")
        elif not _name(scenario):
            found.append("The scenario of a rule no longer exists.")
        if not isinstance(asked, str) or asked not in ASKS:
            found.append(f"“is” of a scenario rule is one of: {', '.join(ASKS)}.")
        elif config.get("within") is not None and asked in ("inside", "never_entered"):
            found.append(f"A rule about who {ASKS[asked][0]} a scenario asks nothing of when.")
        return found + spans.problems(None, config.get("within"))

    def sql(self, config: Config, now: datetime, scope: Scope) -> Where:
        """One probe of the index on contacts per contact, or a join."""
        asked = config.get("is", "inside")
        _, states, moment = ASKS[asked]
        such = fill("fe.scenario_id = {0} AND fe.state = ANY({1})", value(config["id"]), value([*map(str, states)]))
        if config.get("within"):
            such = such & fill(f"fe.{moment} >= {{0}}", value(spans.since(config["within"], now)))
        found = fill(_PASSED, such)
        return ~found if asked == "never_entered" else found

    def held(self, config: Config, now: datetime, scope: Scope) -> Where:
        """How often the contact entered it, and the newest pass."""
        return fill(
            "(SELECT jsonb_build_object('times', count(*) OVER (), 'state', fe.state, 'entered', fe.entered_at,"
            " 'finished', fe.finished_at) FROM flows_execution fe"
            ' WHERE fe.contact_id = "contacts_contact"."id" AND fe.scenario_id = {0} ORDER BY fe.id DESC LIMIT 1)',
            value(config["id"]),
        )

    def told(self, config: Config, held: Any) -> str:
        if held is None:
            return "never entered it"
        state = ExecutionState(held["state"]).label.lower()
        since = f"{state} on {actual.moment(held['finished'])}" if held["finished"] else f"is inside, {state}"
        return f"entered it {actual.times(held['times'])}, last on {actual.moment(held['entered'])}: {since}"

    def moved_by(self, config: Config) -> Collection[str]:
        return ["scenario.entered", "scenario.completed"]

    def drifts(self, config: Config) -> bool:
        """Passes are only told where somebody listens, and leaving before an end never is."""
        return True

    def sentence(self, config: Config) -> str:
        chosen, asked = config.get("id"), str(config.get("is", "inside"))
        name = _name(chosen) if _is_id(chosen) else ""
        return _SAID.get(asked, "… {}").format(f"the scenario “{name or '…'}”") + spans.within_words(
            config.get("within")
        )

    def sentence_not(self, config: Config, scope: Scope) -> str:
        return self.sentence(config).replace(*_DENIED[str(config.get("is", "inside"))], 1)

    def suggestions(self, of: str, words: str, field: str) -> list[Choice] | None:
        return named(Scenario.objects.order_by("-pk"), words) if of == "scenarios" else None


def _is_id(item: Any) -> bool:
    return isinstance(item, int) and not isinstance(item, bool) and 0 < item <= MAX_ID


def _name(scenario: Any) -> str:
    found = Scenario.objects.filter(pk=scenario)
    return remembered(("name of scenario", scenario), lambda: str(found.first() or ""))


kinds = [ScenarioRule()]
