"""The suppressions resource of the API."""

from dataclasses import asdict
from typing import Any

from django.core.exceptions import ValidationError as Invalid
from django.db.models import QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from contacts import suppressing
from contacts.consent import suppress
from contacts.models import Suppression
from contacts.models.consent import Channel


class SuppressionSerializer(serializers.ModelSerializer):
    address = serializers.CharField(
        max_length=254, help_text="An email address, a whole domain (“@example.com”), or a phone number."
    )

    class Meta:
        model = Suppression
        fields = ["id", "channel", "address", "reason", "at"]
        read_only_fields = ["at"]

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        try:
            data["address"] = suppressing.clean_address(data["channel"], data["address"])
        except Invalid as error:
            raise serializers.ValidationError({"address": error.messages}) from error
        return data

    def create(self, data: dict[str, Any]) -> Suppression:
        """Suppressing an address again changes nothing, and answers with what is kept."""
        suppress(data["channel"], [data["address"]], data.get("reason") or "api", timezone.now())
        return suppressing.kept(data["channel"], data["address"])


class SuppressionListSerializer(serializers.Serializer):
    """Many at once: one address or domain on a line, behind a comma why, as in a CSV file."""

    channel = serializers.ChoiceField(choices=Channel.choices)
    addresses = serializers.ListField(
        child=serializers.CharField(max_length=254), max_length=suppressing.MOST_ROWS, allow_empty=False
    )
    reason = serializers.CharField(max_length=200, required=False, allow_blank=True)


class SuppressionFilter(filters.FilterSet):
    address = filters.CharFilter(lookup_expr="iexact")
    search = filters.CharFilter("address", "icontains")

    class Meta:
        model = Suppression
        fields = ["channel"]


class SuppressionViewSet(
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    mixins.ListModelMixin,
    viewsets.GenericViewSet,
):
    """Addresses and domains that are never written to, whatever consent says. A domain is meant exactly: its
    subdomains are not."""

    scope = "suppressions"
    serializer_class = SuppressionSerializer
    filterset_class = SuppressionFilter

    def get_queryset(self) -> QuerySet[Suppression]:
        return Suppression.objects.all()

    @extend_schema(parameters=[OpenApiParameter("why", str, description="Why it may be written to again: it is kept.")])
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        why = " ".join(request.query_params.get("why", "").replace("\0", "").split())
        suppressing.lift(self.get_object(), why or "api", f"API key {request.auth}", timezone.now())
        return Response(status=204)

    @extend_schema(
        request=SuppressionListSerializer,
        responses=inline_serializer(
            "SuppressionListResult",
            {
                "added": serializers.IntegerField(),
                "known": serializers.IntegerField(),
                "refused": serializers.IntegerField(),
                "refusals": serializers.ListField(help_text="The first of them: line, text and why."),
            },
        ),
        filters=False,
    )
    @action(detail=False, methods=["post"], pagination_class=None)
    def bulk(self, request: Request) -> Response:
        """Suppress many addresses; good ones are kept though others are refused."""
        given = SuppressionListSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        rows = [[address] for address in data["addresses"]]
        result = suppressing.take_in(data["channel"], enumerate(rows, 1), data.get("reason") or "api", timezone.now())
        return Response(asdict(result))
