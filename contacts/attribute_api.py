"""The attributes resource of the API: definitions, and what they make of contacts' attributes in its documentation."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.attributes import saving
from contacts.attributes.defining import definitions
from contacts.attributes.saving import LONGEST_CHOICE, MOST_CHOICES
from contacts.models import Attribute

SOURCE = "api"


class DefinitionSerializer(serializers.Serializer):
    """An attribute. What is written is checked by `contacts.attributes.saving`, which serves the pages too."""

    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField(max_length=100, help_text="The key in a contact’s attributes; it cannot be changed.")
    # The framework's own `label` names a field; this shape is never one.
    label = serializers.CharField(required=False, allow_blank=True, max_length=100)  # type: ignore[assignment]
    description = serializers.CharField(required=False, allow_blank=True, max_length=500)
    type = serializers.ChoiceField(choices=Attribute.Type.choices)
    choices = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_CHOICE),
        required=False,
        help_text=f"Up to {MOST_CHOICES}. What a choice may be; what may be in a list, where [] lets anything in.",
    )
    position = serializers.IntegerField(read_only=True)
    size = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="How many contacts have a value, as of the last count."
    )
    unfit = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="How many of the values do not fit the definition."
    )
    counted_at = serializers.DateTimeField(read_only=True, allow_null=True)
    created_at = serializers.DateTimeField(read_only=True)


class DefinitionFilter(filters.FilterSet):
    name = filters.CharFilter(lookup_expr="iexact")
    type = filters.ChoiceFilter(choices=Attribute.Type.choices)

    class Meta:
        model = Attribute
        fields = ["name", "type"]


@extend_schema(tags=["attributes"])
class AttributeViewSet(viewsets.ReadOnlyModelViewSet):
    """Definitions of attributes. A value that does not fit is refused wherever it comes in."""

    scope = "attributes"
    queryset: QuerySet[Attribute] = Attribute.objects.all()
    serializer_class = DefinitionSerializer
    filterset_class = DefinitionFilter
    lookup_value_regex = "[0-9]{1,18}"

    def create(self, request: Request) -> Response:
        return Response(self._saved(Attribute(), request), status=201)

    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        """Change the fields given.

        Where the type changes, or choices go, values that do not fit any more stay; `unfit` tells how many there are
        as soon as they have been counted.
        """
        return Response(self._saved(self.get_object(), request))

    @extend_schema(
        parameters=[OpenApiParameter("values", str, enum=["keep", "remove"], description="What becomes of them.")],
        responses={204: None},
    )
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        """Give up a definition. Its values stay with the contacts, unless `values=remove` says otherwise."""
        what = request.query_params.get("values", "keep")
        if what not in ("keep", "remove"):
            raise serializers.ValidationError({"values": ["This is keep or remove."]})
        saving.delete(self.get_object(), timezone.now(), what == "remove", SOURCE)
        return Response(status=204)

    def _saved(self, row: Attribute, request: Request) -> Any:
        given = request.data
        if not isinstance(given, dict):
            raise serializers.ValidationError({"detail": ["An attribute is an object with a name and a type."]})
        unknown = given.keys() - set(DefinitionSerializer().fields)
        if unknown:
            raise serializers.ValidationError({str(name)[:100]: ["Attributes have no such field."] for name in unknown})
        return self.get_serializer(saving.save(row, given, timezone.now())).data


class DefinedAttributes(OpenApiSerializerFieldExtension):
    """Names the defined attributes and their types in the documentation of contacts."""

    target_class = "contacts.api_shapes.ContactAttributesField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {
            "type": "object",
            "description": "Keys and values of your own. Those that are defined (see /attributes/) hold a value of "
            "their type: numbers as numbers, dates as YYYY-MM-DD, moments in ISO 8601, kept in UTC. null removes one.",
            "properties": {each.name: each.schema for each in definitions()},
            "additionalProperties": True,
        }
