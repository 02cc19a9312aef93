"""The objectives resource of the API: what scenarios, campaigns and steps are meant to achieve, and who achieved it."""

from collections.abc import Sequence
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import conversion_stats, objectives
from campaigns.models import Conversion, Objective, ObjectiveKind, Touch
from flows import aiming

PARTS = ["kind", "within_days", "touch", "event", "filter", "value_property", "currency_property", "segment"]


class ObjectiveSerializer(serializers.ModelSerializer):
    filter = serializers.JSONField(required=False, allow_null=True, help_text="A rule tree over event and contact.")
    sentence = serializers.SerializerMethodField(help_text="The objective in words.")
    converted = serializers.SerializerMethodField(help_text="How many of the owner's messages were converted.")
    revenue = serializers.SerializerMethodField(help_text="What that was worth, by currency.")

    class Meta:
        model = Objective
        fields = ["owner", *PARTS, "sentence", "converted", "revenue"]
        read_only_fields = ["owner"]

    def get_sentence(self, objective: Objective) -> str:
        return self.context["sentences"][objective.pk]

    def get_converted(self, objective: Objective) -> int:
        return self.context["achieved"][objective.owner]["converted"]

    def get_revenue(self, objective: Objective) -> dict[str, str]:
        return conversion_stats.plain(self.context["achieved"][objective.owner]["revenue"])


class ConversionSerializer(serializers.ModelSerializer):
    contact = serializers.IntegerField(source="contact_id", read_only=True)
    message = serializers.IntegerField(source="message_id", read_only=True)
    origin = serializers.CharField(source="message.origin.key", read_only=True)
    event = serializers.IntegerField(source="event_id", read_only=True)

    class Meta:
        model = Conversion
        fields = ["id", "contact", "message", "origin", "event", "at", "value", "currency", "first"]
        extra_kwargs = {"first": {"help_text": "By this the message became converted; others add their value."}}


class ObjectiveFilter(django_filters.FilterSet):
    owner = django_filters.CharFilter(method="of_owner", help_text="This owner and its steps.")
    kind = django_filters.ChoiceFilter(choices=ObjectiveKind.choices)

    class Meta:
        model = Objective
        fields: list[str] = []

    def of_owner(self, rows: QuerySet[Objective], name: str, value: str) -> QuerySet[Objective]:
        return rows.filter(Q(owner=value) | Q(owner__startswith=f"{value}:"))


Body = inline_serializer(
    "ObjectiveBody",
    {
        "kind": serializers.ChoiceField(ObjectiveKind.choices),
        "within_days": serializers.IntegerField(
            required=False, min_value=1, max_value=objectives.MOST_DAYS, allow_null=True
        ),
        "touch": serializers.ChoiceField(Touch.choices, required=False, help_text="What counts as being touched."),
        "event": serializers.CharField(required=False, max_length=100, help_text="For “event”: its name."),
        "filter": serializers.JSONField(required=False, allow_null=True),
        "value_property": serializers.CharField(required=False, max_length=100, help_text="Where its value stands."),
        "currency_property": serializers.CharField(required=False, max_length=100),
        "segment": serializers.IntegerField(required=False, help_text="For “segment”: its id."),
    },
)


class ObjectiveViewSet(viewsets.ReadOnlyModelViewSet):
    """Owners are scenarios (`scenario:12`), campaigns (`campaign:3`) and steps of chains with an objective of their own
    (`campaign:3:n2`). An event is credited to the last message of the owner that touched the contact before it."""

    scope = "objectives"
    queryset = Objective.objects.exclude(kind="").order_by("-id")
    serializer_class = ObjectiveSerializer
    filterset_class = ObjectiveFilter
    lookup_field = "owner"
    lookup_value_regex = aiming.OWNER

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(_told(page or []))

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(_told([self.get_object()])[0])

    @extend_schema(request=Body, responses=ObjectiveSerializer)
    def update(self, request: Request, owner: str = "") -> Response:
        """Set the owner's objective, which is the one that its scenario or step shows; it counts from now on."""
        return self._aim(owner, request.data or {"kind": None})

    @extend_schema(request=Body, responses=ObjectiveSerializer)
    def partial_update(self, request: Request, owner: str = "") -> Response:
        """Change the parts given; null takes one away."""
        known = objectives.objective_of(owner)
        given = request.data if isinstance(request.data, dict) else {}
        parts = {part: value for part, value in {**known, **given}.items() if value is not None}
        return self._aim(owner, parts or {"kind": None})

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, owner: str = "") -> Response:
        """The owner has no objective any more. What was counted stays."""
        if not self.get_queryset().filter(owner=owner).exists():
            raise Http404
        self._aim(owner, {})
        return Response(status=204)

    @extend_schema(
        responses=ConversionSerializer(many=True), filters=False, parameters=[OpenApiParameter("contact", int)]
    )
    @action(detail=True, filterset_class=None)
    def conversions(self, request: Request, owner: str = "") -> Response:
        """Who achieved it, newest first, also where it is no objective any more."""
        objective = get_object_or_404(Objective, owner=owner)
        found = Conversion.objects.filter(objective=objective).select_related("message__origin").order_by("-id")
        contact = request.query_params.get("contact", "")
        if contact:
            if not contact.isdecimal() or len(contact) > 18:
                raise serializers.ValidationError({"contact": ["This is not the id of a contact."]})
            found = found.filter(contact=int(contact))
        return self.get_paginated_response(ConversionSerializer(self.paginate_queryset(found), many=True).data)

    def _aim(self, owner: str, body: Any) -> Response:
        """An empty `body` takes the objective away."""
        try:
            wrong = aiming.aim(owner, body)
        except aiming.NoOwner as error:
            raise Http404 from error
        if wrong:
            raise serializers.ValidationError(wrong)
        return Response(_told(list(self.get_queryset().filter(owner=owner)))[0] if body else None)


def _told(rows: Sequence[Objective]) -> Any:
    achieved = conversion_stats.of([row.owner for row in rows])
    words = objectives.sentences(map(objectives.as_json, rows))
    sentences = {row.pk: sentence for row, sentence in zip(rows, words, strict=True)}
    return ObjectiveSerializer(rows, many=True, context={"achieved": achieved, "sentences": sentences}).data
