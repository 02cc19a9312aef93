"""Why a contact matches a rule or does not, in the API of segments."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from contacts import segments
from contacts.segment_parts_api import must
from contacts.segments import why
from contacts.segments.why import Verdict


class VerdictSerializer(serializers.Serializer):
    """One rule or group: whether it holds, in words, and what is known of the contact."""

    holds = serializers.BooleanField()
    sentence = serializers.CharField()
    actual = serializers.CharField(help_text="The values that the verdict rests on; empty for a group.")
    join = serializers.CharField(help_text="all, any or not for a group; empty for a rule.")
    parts = serializers.ListField(
        child=serializers.DictField(), help_text="The same for each part of a group, or of another segment."
    )


class WhySerializer(serializers.Serializer):
    contact = serializers.IntegerField()
    matches = serializers.BooleanField()
    sentence = serializers.CharField(help_text="The whole rule in words.")
    why = VerdictSerializer()


class WhyOfRuleSerializer(serializers.Serializer):
    contact = serializers.IntegerField(min_value=1, max_value=2**63 - 1)


class WhyActions:
    """Actions of the segments resource."""

    @extend_schema(
        parameters=[OpenApiParameter("contact", int, required=True, description="The id of a contact.")],
        responses=WhySerializer,
        filters=False,
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def why(self, request: Request, pk: str | None = None) -> Response:
        """Why a contact is in the segment, or is not: the verdict of each of its rules, with the actual values.
        Needs contacts:read too."""
        must(request, "contacts:read")
        segment = self.get_object()  # type: ignore[attr-defined]
        asked = WhyOfRuleSerializer(data={"contact": request.query_params.get("contact")})
        asked.is_valid(raise_exception=True)
        return _explained({"rule": "segment", "id": segment.pk}, asked.validated_data["contact"])


def _explained(rule: Any, contact: int) -> Response:
    try:
        found = why.why(rule, [contact], timezone.now())
    except segments.InvalidRule as error:
        raise serializers.ValidationError({"detail": error.problems}) from None
    if contact not in found:
        raise serializers.ValidationError({"contact": ["There is no contact with this id."]})
    verdict = found[contact]
    shown = verdict.parts[0] if verdict.parts else verdict
    return Response(
        {"contact": contact, "matches": verdict.holds, "sentence": segments.sentence(rule), "why": _shape(shown)}
    )


def _shape(verdict: Verdict) -> dict[str, Any]:
    return {
        "holds": verdict.holds,
        "sentence": verdict.sentence,
        "actual": verdict.actual,
        "join": verdict.join,
        "parts": [_shape(part) for part in verdict.parts],
    }
