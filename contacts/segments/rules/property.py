"""What the event under test says: one of its properties, compared with a value."""

from datetime import datetime

from contacts.segments import comparing, operators
from contacts.segments.comparison_form import ComparisonForm
from contacts.segments.operands import Key
from contacts.segments.rules.base import Config, RuleKind, unknown_keys
from contacts.segments.where import Scope, Where


class PropertyForm(ComparisonForm):
    subject = "properties"
    label = "Property"


class Property(RuleKind):
    label = "Event property"
    icon = "braces"
    order = 5
    Form = PropertyForm
    keys = {
        "field": "The name of a property of the event.",
        "op": "A comparison.",
        "value": "What it is compared with; “comparisons” says what each takes.",
    }
    example = {"rule": "property", "field": "amount", "op": "greater", "value": 50}

    def offered(self, scope: Scope) -> bool:
        return scope.event or scope.entry

    def problems(self, config: Config, scope: Scope) -> list[str]:
        if not (scope.event or scope.entry):
            return ["Event properties can only be asked where there is an event."]
        field = config.get("field")
        if not isinstance(field, str) or not field:
            return ["Choose a property of the event."]
        found = list(unknown_keys(config, *self.keys))
        return found + [f"{field}: {text}" for text in operators.problems(config.get("op"), config.get("value"))]

    def sql(self, config: Config, now: datetime, scope: Scope) -> Where:
        """Over the event under test, or the one that let the contact in, or, inside an event rule, that rule's own."""
        return comparing.sql(
            Key('"contacts_event"."properties"', config["field"]), config["op"], config.get("value"), now, scope.few
        )

    def drifts(self, config: Config) -> bool:
        return operators.drifts(config["op"])

    def sentence(self, config: Config) -> str:
        return operators.sentence(str(config.get("field") or "…"), config.get("op"), config.get("value"))

    def sentence_not(self, config: Config, scope: Scope) -> str:
        return operators.sentence(str(config.get("field") or "…"), config.get("op"), config.get("value"), denied=True)

    def countable(self, config: Config) -> bool:
        return False


kind = Property()
