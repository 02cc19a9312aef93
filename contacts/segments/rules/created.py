"""When a contact was created: on certain dates, or so many days ago."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from contacts.segments import actual, comparing, operators, times
from contacts.segments.comparison_form import TimeForm
from contacts.segments.operands import Moment
from contacts.segments.rules.base import Config, RuleKind, unknown_keys
from contacts.segments.where import Scope, Where

_AT = '"contacts_contact"."created_at"'


class CreatedForm(TimeForm):
    def __init__(self, config: Config, scope: Scope) -> None:
        super().__init__(config, scope)
        self.ask_time("op", "value", "Created")


class Created(RuleKind):
    label = "Created"
    icon = "calendar-plus"
    order = 60
    Form = CreatedForm
    keys = {
        "op": "A comparison of dates.",
        "value": "What it is compared with; “comparisons” says what each takes.",
    }
    example = {"rule": "created", "op": "in_last_days", "value": 30}

    def problems(self, config: Config, scope: Scope) -> list[str]:
        return [*unknown_keys(config, *self.keys), *times.problems(config.get("op"), config.get("value"))]

    def sql(self, config: Config, now: datetime, scope: Scope) -> Where:
        return comparing.sql(Moment(_AT), config["op"], config.get("value"), now)

    def held(self, config: Config, now: datetime, scope: Scope) -> Where:
        return Where(f"to_jsonb({_AT})")

    def told(self, config: Config, held: Any) -> str:
        return f"on {actual.moment(held)}"

    def moved_by(self, config: Config) -> Collection[str]:
        return []

    def drifts(self, config: Config) -> bool:
        return operators.drifts(config["op"])

    def sentence(self, config: Config) -> str:
        return f"was created {times.words(config.get('op'), config.get('value'))}"

    def sentence_not(self, config: Config, scope: Scope) -> str:
        return self.sentence(config).replace("was", "was not", 1)


kind = Created()
