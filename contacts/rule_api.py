"""Rule trees in the API: a field that takes them, and what may stand in them."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from contacts import segments
from contacts.models import Segment
from contacts.segments import compiler, tree
from contacts.segments.operators import OPERATORS
from contacts.segments.registry import registry

TREE = (
    "A rule tree: `{“all”: […]}`, `{“any”: […]}` and `{“not”: {…}}`, nested as you like, around rules such as"
    " `{“rule”: “tag”, “name”: “vip”}`. null, {} and `{“all”: []}` are everybody. `GET /api/v1/segments/rules/` tells"
    " every kind of rule with its keys and an example."
)
TAKES = {
    "text": "A text, a number, or true or false.",
    "list": "A list of them.",
    "order": "A number, a date (2026-03-01) or a moment (2026-03-01T09:00:00Z; without an offset in Waypost's zone).",
    "pair": "A list of two of those, the lower one first; both belong to it.",
    "date": "A date or a moment. Of a date all the day is meant, in Waypost's zone.",
    "days": "A whole number of days: of 24 hours for moments, of Waypost's calendar for dates; 0 is today.",
    "nothing": "Nothing.",
}


@extend_schema_field({"type": "object", "nullable": True, "additionalProperties": True, "description": TREE})
class RuleField(serializers.Field):
    """A rule tree; null, {} and {"all": []} are everybody."""

    def to_internal_value(self, rule: Any) -> Any:
        owner = getattr(self.root, "instance", None)
        scope = segments.Scope(segment=owner.pk if isinstance(owner, Segment) else None)
        problems = segments.problems(rule, scope)
        if problems:
            raise serializers.ValidationError(_placed(rule, scope, problems))
        return rule or {"all": []}

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        """null is a tree too."""
        return super().validate_empty_values({} if data is None else data)

    def to_representation(self, rule: Any) -> Any:
        return rule


def _placed(rule: Any, scope: segments.Scope, problems: list[str]) -> list[str]:
    """With where in the tree each rule stands that is wrong."""
    wrong = compiler.wrong_rules(rule, scope)
    said = {text for _, text in wrong}
    places = list(tree.places(rule)) if wrong else []
    return [
        *(text for text in problems if text not in said),
        *(f"{places[n]}: {text}" if places[n] else text for n, text in wrong),
    ]


class KindSerializer(serializers.Serializer):
    rule = serializers.CharField(help_text="The value of “rule”.")
    words = serializers.CharField()
    keys = serializers.DictField(child=serializers.CharField(), help_text="What else it has, and what that says.")
    example = serializers.DictField()


class ComparisonSerializer(serializers.Serializer):
    op = serializers.CharField()
    words = serializers.CharField()
    value = serializers.CharField(help_text="What it is compared with.")
    dates = serializers.BooleanField(help_text="Whether it can be asked of a moment, such as created_at.")


class RulesSerializer(serializers.Serializer):
    kinds = KindSerializer(many=True)
    comparisons = ComparisonSerializer(many=True)


class RuleActions:
    """Actions of the segments resource."""

    @extend_schema(responses=RulesSerializer, filters=False)
    @action(detail=False, methods=["get"], pagination_class=None)
    def rules(self, request: Request) -> Response:
        """What may stand in a rule tree: every kind of rule, and every comparison. What is not known of a contact
        matches no comparison, and so matches the negative ones: “not_equals” holds where the attribute is missing.
        Texts are equal in the same case only; “contains”, “starts_with” and “ends_with” pass over case."""
        return Response(
            {
                "kinds": [
                    {"rule": kind.key, "words": kind.label, "keys": kind.keys, "example": kind.example}
                    for kind in registry().values()
                    if kind.example
                ],
                "comparisons": [
                    {"op": each.key, "words": each.label, "value": TAKES[each.takes], "dates": each.of_dates}
                    for each in OPERATORS.values()
                ],
            }
        )
