"""The segments resource of the API."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from contacts import segments
from contacts.api_shapes import SHOWN, ContactSerializer
from contacts.models import Contact, Segment
from contacts.rule_api import RuleActions, RuleField
from contacts.segment_parts_api import SegmentParts, may_see_contacts
from contacts.segments import deleting, overlapping, saving
from contacts.segments.patience import TooLong, patience
from contacts.why_api import WhyActions

SAMPLE = 10


class SegmentSerializer(serializers.ModelSerializer):
    name = serializers.CharField(max_length=200)
    kind = serializers.ChoiceField(
        choices=Segment.Kind.choices,
        required=False,
        help_text="“static” is a fixed list, which has no rule of its own.",
    )
    rule = RuleField(required=False)
    sentence = serializers.SerializerMethodField(help_text="The rule in words.")

    class Meta:
        model = Segment
        fields = ["id", "name", "description", "kind", "rule", "sentence", "size", "counted_at", "created_at"]
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

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        had = self.instance
        kind = given.pop("kind", had.kind if had else Segment.Kind.DYNAMIC)
        if had and kind != had.kind:
            raise serializers.ValidationError({"kind": ["A segment stays what it is. Make a copy of it instead."]})
        if kind == Segment.Kind.STATIC:
            if "rule" in given and not (had and given["rule"] == had.rule):
                raise serializers.ValidationError({"rule": ["A fixed list has no rule; put contacts into it."]})
            given.pop("rule", None)
        elif "rule" not in given and not self.partial:
            raise serializers.ValidationError({"rule": ["This field is required."]})
        self.kind = kind
        return given

    def create(self, validated: dict[str, Any]) -> Segment:
        if self.kind == Segment.Kind.STATIC:
            return _named(
                lambda: saving.create_list(validated["name"], timezone.now(), validated.get("description", ""))
            )
        return self._saved(Segment(), validated)

    def update(self, instance: Segment, validated: dict[str, Any]) -> Segment:
        return self._saved(instance, validated)

    def _saved(self, segment: Segment, validated: dict[str, Any]) -> Segment:
        for name, item in validated.items():
            setattr(segment, name, item)
        try:
            _named(lambda: saving.save(segment))
        except segments.InvalidRule as error:  # what it refers to was changed meanwhile
            raise serializers.ValidationError({"rule": error.problems}) from error
        except Segment.DoesNotExist as error:
            raise NotFound from error
        return segment


def _named(saved: Callable[[], Any]) -> Any:
    """What is saved, unless the name was taken meanwhile."""
    try:
        return saved()
    except saving.NameTaken as error:
        raise serializers.ValidationError({"name": [str(error)]}) from error


class RuleSerializer(serializers.Serializer):
    rule = RuleField()


class PreviewSerializer(serializers.Serializer):
    count = serializers.IntegerField()
    sentence = serializers.CharField()
    sample = ContactSerializer(many=True)


class OverlapSerializer(serializers.Serializer):
    everybody = serializers.IntegerField(help_text="In any of the segments.")
    segments = serializers.ListField(child=serializers.DictField(), help_text="“id” and “size” of each.")
    parts = serializers.ListField(
        child=serializers.DictField(), help_text="“in” and “not_in” (ids), “size”, and the “rule” of a segment of them."
    )


class SegmentFilter(filters.FilterSet):
    name = filters.CharFilter(lookup_expr="icontains")

    kind = filters.ChoiceFilter(choices=Segment.Kind.choices)

    class Meta:
        model = Segment
        fields = ["name", "kind"]


class SegmentViewSet(RuleActions, WhyActions, SegmentParts, viewsets.ModelViewSet):
    """Groups of contacts: those who match a rule tree at any time, and fixed lists."""

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
        """How many contacts match a rule tree now, exactly, and (for keys with the scope contacts:read) some of them.
        Nothing is saved."""
        asked = RuleSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        rule = asked.validated_data["rule"]
        sample: list[Contact] = []
        try:
            with patience():
                count, ids = segments.count_and_some(rule, timezone.now(), SAMPLE if may_see_contacts(request) else 0)
                sample = list(Contact.objects.filter(pk__in=ids).order_by("pk").prefetch_related(*SHOWN))
        except TooLong as error:
            raise serializers.ValidationError({"detail": [str(error)]}) from error
        shown: dict[str, Any] = {"count": count, "sentence": segments.sentence(rule)}
        return Response({**shown, "sample": ContactSerializer(sample, many=True).data})

    preview.reads = True  # type: ignore[attr-defined]

    @extend_schema(
        parameters=[OpenApiParameter("segments", str, required=True, description="Two or three ids, as in 3,7.")],
        responses=OverlapSerializer,
        filters=False,
    )
    @action(detail=False, pagination_class=None)
    def overlap(self, request: Request) -> Response:
        """How many contacts are in two or three segments at once, and in one of them alone; exactly."""
        texts = request.query_params.get("segments", "").split(",")
        chosen = list(dict.fromkeys(int(text) for text in texts if text.isdecimal() and len(text) < 19))
        by_id = Segment.objects.in_bulk(chosen)
        if len(by_id) != len(texts) or not overlapping.FEWEST <= len(texts) <= overlapping.MOST:
            raise serializers.ValidationError({"segments": ["Name two or three different segments, as in 3,7."]})
        try:
            found = overlapping.overlap([by_id[pk] for pk in chosen], timezone.now())
        except (segments.InvalidRule, TooLong) as error:
            raise serializers.ValidationError({"detail": [str(error)]}) from error
        return Response(
            {
                "everybody": found.everybody,
                "segments": [{"id": segment.pk, "size": size} for segment, size, _ in found.sizes],
                "parts": [
                    {"in": _pks(part.inside), "not_in": _pks(part.outside), "size": part.size, "rule": part.rule}
                    for part in found.parts
                ],
            }
        )


def _pks(found: Iterable[Segment]) -> list[int]:
    return [segment.pk for segment in found]
