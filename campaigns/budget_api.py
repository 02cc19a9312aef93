"""The budget resource of the API: the balance, its limits, topping up, and the ledger."""

from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import funding
from campaigns.models import Budget, LedgerEntry


class BudgetSerializer(serializers.ModelSerializer):
    """`is_empty`: the balance does not pay for the next message, and what costs something is paused."""

    currency = serializers.SerializerMethodField()
    is_empty = serializers.BooleanField(read_only=True)

    class Meta:
        model = Budget
        fields = ["balance", "currency", "limited", "warn_below", "is_empty"]
        read_only_fields = ["balance"]

    def get_currency(self, budget: Budget) -> str:
        return settings.CURRENCY


class TopUpSerializer(serializers.Serializer):
    amount = serializers.DecimalField(
        max_digits=14, decimal_places=2, help_text="Negative to correct an earlier top-up; never more than there is."
    )
    note = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")

    def validate_amount(self, amount: Any) -> Any:
        if not amount:
            raise serializers.ValidationError("Write an amount that is not zero.")
        return amount


class LedgerEntrySerializer(serializers.ModelSerializer):
    class Meta:
        model = LedgerEntry
        fields = ["id", "at", "kind", "amount", "channel", "messages", "note"]


class BudgetViewSet(viewsets.GenericViewSet):
    """What there is to spend on messages. 404 while the budget is off; a POST turns it on."""

    scope = "budget"
    queryset = LedgerEntry.objects.all()
    serializer_class = BudgetSerializer
    pagination_class: Any = None

    def _budget(self) -> Budget:
        return get_object_or_404(Budget, pk=1)

    @extend_schema(responses=BudgetSerializer)
    def list(self, request: Request) -> Response:
        """The balance and the limits."""
        return Response(BudgetSerializer(self._budget()).data)

    @extend_schema(request=None, responses={201: BudgetSerializer})
    def create(self, request: Request) -> Response:
        """Turn the budget on; one that is on stays as it is."""
        return Response(BudgetSerializer(funding.turn_on()).data, status=201)

    @extend_schema(
        request=None, responses=inline_serializer("BudgetOff", {"taken_out": serializers.DecimalField(18, 6)})
    )
    @action(detail=False, methods=["post"], url_path="turn-off")
    def turn_off(self, request: Request) -> Response:
        """Messages are sent whatever they cost from here on; what was left is taken out, which the ledger says."""
        self._budget()
        return Response({"taken_out": str(funding.turn_off(request.user, timezone.now()))})

    @extend_schema(request=BudgetSerializer, responses=BudgetSerializer)
    @action(detail=False, methods=["patch"])
    def limits(self, request: Request) -> Response:
        """Turn the hard limit on or off, and say below which balance Home warns."""
        given = BudgetSerializer(self._budget(), data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        funding.change(**given.validated_data)
        return Response(BudgetSerializer(self._budget()).data)

    @extend_schema(request=TopUpSerializer, responses={201: BudgetSerializer})
    @action(detail=False, methods=["post"], url_path="top-ups")
    def top_ups(self, request: Request) -> Response:
        """Put money in. Not idempotent: each POST is a movement of the ledger."""
        self._budget()
        given = TopUpSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        try:
            budget = funding.top_up(**given.validated_data, user=request.user, now=timezone.now())
        except funding.TooMuch as error:
            raise serializers.ValidationError({"amount": [str(error)]}) from error
        return Response(BudgetSerializer(budget).data, status=201)


class LedgerViewSet(viewsets.ReadOnlyModelViewSet):
    """Every movement of the budget, the newest first."""

    scope = "budget"
    queryset = LedgerEntry.objects.order_by("-id")
    serializer_class = LedgerEntrySerializer
    filterset_fields = ["kind", "channel"]
