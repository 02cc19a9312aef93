"""The segments resource of the API."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from contacts import segments
from contacts.api_shapes import SHOWN, ContactSerializer
from contacts.models import Segment
from contacts.segments import deleting, saving

SAMPLE = 10


@extend_schema_field({"type": "object", "nullable": True, "additionalProperties": True})
class RuleField(serializers.Field):
    """A rule tree; null, {} and {"all": []} are everybody."""

    def to_internal_value(self, rule: Any) -> Any:
        owner = getattr(self.root, "instance", None)
        problems = segments.problems(rule, segments.Scope(segment=owner.pk if isinstance(owner, Segment) else None))
        if problems:
            raise serializers.ValidationError(problems)
        return rule or {"all": []}

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        """null is a tree too."""
        return super().validate_empty_values({} if data is None else data)

    def to_representation(self, rule: Any) -> Any:
        return rule


class SegmentSerializer(serializers.ModelSerializer):
    name = serializers.CharField(max_length=200)
    rule = RuleField()
    sentence = serializers.SerializerMethodField(help_text="The rule in words.")

    class Meta:
        model = Segment
        fields = ["id", "name", "description", "rule", "sentence", "size", "counted_at", "created_at"]
        read_only_fields = ["size", "counted_at", "created_at"]

    def get_sentence(self, segment: Segment) -> str:
        return segments.sentence(segment.rule)

    def validate_name(self, name: str) -> str:
        taken = Segment.objects.filter(name__iexact=name)
        if self.instance is not None:
            taken = taken.exclude(pk=self.instance.pk)
        if taken.exists():
            raise serializers.ValidationError("Another segment has this name.")
        return name

    def create(self, validated: dict[str, Any]) -> Segment:
        return self._saved(Segment(), validated)

    def update(self, instance: Segment, validated: dict[str, Any]) -> Segment:
        return self._saved(instance, validated)

    def _saved(self, segment: Segment, validated: dict[str, Any]) -> Segment:
        for name, item in validated.items():
            setattr(segment, name, item)
        saving.save(segment)
        return segment


class RuleSerializer(serializers.Serializer):
    rule = RuleField()


class PreviewSerializer(serializers.Serializer):
    count = serializers.IntegerField()
    sentence = serializers.CharField()
    sample = ContactSerializer(many=True)


class SegmentFilter(filters.FilterSet):
    name = filters.CharFilter(lookup_expr="icontains")

    class Meta:
        model = Segment
        fields = ["name"]


class SegmentViewSet(viewsets.ModelViewSet):
    """Groups of contacts that keep themselves up to date by a rule tree."""

    scope = "segments"
    queryset: QuerySet[Segment] = Segment.objects.all()
    serializer_class = SegmentSerializer
    filterset_class = SegmentFilter
    lookup_value_regex = "[0-9]{1,18}"

    def perform_destroy(self, segment: Segment) -> None:
        try:
            deleting.delete(segment)
        except deleting.InUse as refusal:
            raise serializers.ValidationError({"detail": [str(refusal)]}) from None

    @extend_schema(request=RuleSerializer, responses=PreviewSerializer, filters=False)
    @action(detail=False, methods=["post"], pagination_class=None)
    def preview(self, request: Request) -> Response:
        """How many contacts match a rule tree now, exactly, and some of them. Nothing is saved."""
        asked = RuleSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        rule = asked.validated_data["rule"]
        found = segments.audience(rule, timezone.now())
        sample = found.prefetch_related(*SHOWN)[:SAMPLE]
        shown: dict[str, Any] = {"count": found.count(), "sentence": segments.sentence(rule)}
        return Response({**shown, "sample": ContactSerializer(sample, many=True).data})

    preview.reads = True  # type: ignore[attr-defined]
