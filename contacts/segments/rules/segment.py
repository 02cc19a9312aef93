"""Whether a contact is in another segment."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django import forms

from contacts.models import Segment as SegmentModel
from contacts.remembering import remembered
from contacts.segments import compiler, gathering
from contacts.segments.comparison_form import PickField
from contacts.segments.picking import Choice, named
from contacts.segments.rules.base import Config, RuleForm, RuleKind, truth, unknown_keys
from contacts.segments.where import Gathered, Scope, Where


class SegmentForm(RuleForm):
    within = forms.TypedChoiceField(label="Contact", choices=[("true", "is in"), ("false", "is not in")], coerce=truth)

    def __init__(self, config: Config, scope: Scope) -> None:
        super().__init__(config, scope)
        self.fields["in"] = self.fields.pop("within")
        self.fields["id"] = PickField("segments", "Name of a segment", name_of, label="Segment")


class Segment(RuleKind):
    label = "Segment"
    icon = "chart-pie"
    order = 50
    Form = SegmentForm
    keys = {
        "id": "The id of another segment.",
        "in": "true, or false for those who are not in it. Default: true.",
    }
    example = {"rule": "segment", "id": 4}

    def problems(self, config: Config, scope: Scope) -> list[str]:
        found = list(unknown_keys(config, *self.keys))
        if not isinstance(config.get("in", True), bool):
            found.append("“in” of a segment rule is true or false.")
        chosen = config.get("id")
        if not _is_id(chosen):
            return [*found, "Choose a segment."]
        if chosen not in scope.known:
            return [*found, "A segment that the rule refers to no longer exists."]
        if chosen == scope.segment or chosen in scope.inside:
            return [*found, "A segment cannot contain itself, not even through other segments."]
        return found + [
            f"Segment “{name_of(chosen)}”: {text}"
            for text in compiler.problems_inside(scope.known[chosen], scope.of_segment(chosen))
        ]

    def sql(self, config: Config, now: datetime, scope: Scope) -> Where:
        """The other rule in full, not its members: it holds for the same moment and costs one query in all."""
        inside = compiler.compiled(scope.known[config["id"]], now, scope.of_segment(config["id"]))
        return inside if config.get("in", True) else ~inside

    def gathered(self, config: Config, now: datetime, scope: Scope) -> Gathered | None:
        inside = gathering.gathered(scope.known[config["id"]], now, scope.of_segment(config["id"]))
        return inside if inside is None or config.get("in", True) else ~inside

    def inner(self, config: Config, scope: Scope) -> tuple[Any, Scope]:
        return scope.known[config["id"]], scope.of_segment(config["id"])

    def suggestions(self, of: str, words: str, field: str) -> list[Choice] | None:
        return named(SegmentModel.objects.order_by("name"), words) if of == "segments" else None

    def moved_by(self, config: Config) -> Collection[str]:
        """The other segment's rules are looked at themselves."""
        return []

    def drifts(self, config: Config) -> bool:
        return False

    def sentence(self, config: Config) -> str:
        word = "is in" if config.get("in", True) else "is not in"
        return f"{word} the segment “{name_of(config.get('id')) or '…'}”"

    def sentence_not(self, config: Config, scope: Scope) -> str:
        return self.sentence({**config, "in": not config.get("in", True)})


def _is_id(item: Any) -> bool:
    return isinstance(item, int) and not isinstance(item, bool) and 0 < item < 2**63


def name_of(segment_id: Any) -> str:
    if not _is_id(segment_id):
        return ""
    named = SegmentModel.objects.filter(pk=segment_id).values_list("name", flat=True)
    return remembered(("name of segment", segment_id), lambda: named.first() or "")


kind = Segment()
