"""The operators' commands in the API: what they take, and what they answer."""

from dataclasses import asdict
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from flows import clearing, leaving, pausing, requeueing, scheduling, starting, stopping
from flows.models import Execution
from flows.overdue import MOST_HOURS, SEND, SKIP, SPREAD, Policy

MAX_ID = 2**63 - 1


class OverdueSerializer(serializers.Serializer):
    """What to do with the work that has become overdue meanwhile."""

    overdue = serializers.ChoiceField(choices=[SEND, SKIP, SPREAD], default=SEND)
    older_than_hours = serializers.DecimalField(
        max_digits=6, decimal_places=2, min_value=0, max_value=MOST_HOURS, required=False,
        help_text="With “skip”: messages that are late by more than this are not sent.",
    )  # fmt: skip
    spread_hours = serializers.DecimalField(
        max_digits=6, decimal_places=2, min_value=0, max_value=MOST_HOURS, required=False,
        help_text="With “spread”: everything overdue is done evenly over this time, in its order.",
    )  # fmt: skip

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        name = {SKIP: "older_than_hours", SPREAD: "spread_hours"}.get(data["overdue"])
        if name and name not in data:
            raise serializers.ValidationError({name: [f"“{data['overdue']}” needs this."]})
        data["policy"] = Policy(data["overdue"], float(data[name]) if name else 0)
        return data


class StartSerializer(OverdueSerializer):
    at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="When it starts by itself, instead of now."
    )


class RequeueSerializer(serializers.Serializer):
    node = serializers.CharField(max_length=50, required=False, help_text="All who failed or are stuck at this node.")
    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=MAX_ID), max_length=requeueing.SLICE, required=False,
        help_text="Or those of these executions.",
    )  # fmt: skip
    all = serializers.BooleanField(required=False, help_text="Or all of the scenario: true.")

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if len(data) != 1 or data.get("all") is False:
            raise serializers.ValidationError("Give either “node”, “ids” or “all”.")
        data.pop("all", None)
        return data


class CommandsMixin(GenericViewSet):
    """Commands that are not possible in the scenario's state are answered with 409 and a sentence."""

    def _told(self, request: Request, serializer: type[serializers.Serializer]) -> dict[str, Any]:
        body = serializer(data=request.data)
        body.is_valid(raise_exception=True)
        return body.validated_data

    def _moved(self, command: Any, *told: Any) -> Response:
        scenario = self.get_object()
        command(scenario, *told)
        return Response(self.get_serializer(scenario).data)

    @extend_schema(request=StartSerializer)
    @action(detail=True, methods=["post"])
    def start(self, request: Request, pk: str | None = None) -> Response:
        """Let contacts in from now on, or from `at` on; who was kept in a stop goes on by the choice of `overdue`, as
        in `resume`."""
        scenario, told, now = self.get_object(), self._told(request, StartSerializer), timezone.now()
        if at := told.get("at"):
            scheduling.schedule(scenario, at, now, told["policy"])
        else:
            starting.start(scenario, now, told["policy"])
        return Response(self.get_serializer(scenario).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def unschedule(self, request: Request, pk: str | None = None) -> Response:
        """It does not start by itself."""
        return self._moved(scheduling.unschedule, timezone.now())

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str | None = None) -> Response:
        """Nobody enters, nobody moves, nothing is sent."""
        return self._moved(pausing.pause, timezone.now())

    @extend_schema(request=OverdueSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str | None = None) -> Response:
        """Everybody goes on; what has become overdue in the pause by the choice of `overdue`. Where very much is to be
        skipped or spread, the scenario stays as it is until that is done: `catching_up` says how far it has come, and
        `pause` keeps it from going on."""
        scenario = self.get_object()
        pausing.resume(scenario, timezone.now(), self._told(request, OverdueSerializer)["policy"])
        return Response(self.get_serializer(scenario).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: str | None = None) -> Response:
        """Nobody enters any more; who is inside leaves, or is kept where the scenario's settings say so."""
        return self._moved(stopping.stop, timezone.now())

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def clear(self, request: Request, pk: str | None = None) -> Response:
        """Everybody who is inside leaves, and what is queued for them is not sent."""
        return self._moved(clearing.clear, timezone.now())

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["delete"], url_path=r"executions/(?P<execution>[0-9]{1,18})")
    def execution(self, request: Request, pk: str | None = None, execution: str = "") -> Response:
        """Take one contact out."""
        scenario = self.get_object()
        leaving.remove(scenario, get_object_or_404(Execution, scenario=scenario, pk=execution), timezone.now())
        return Response(status=204)

    @extend_schema(
        request=RequeueSerializer,
        responses=inline_serializer(
            "Requeued", {name: serializers.IntegerField() for name in ("requeued", "refused", "left")}
        ),
    )
    @action(detail=True, methods=["post"], url_path="executions/requeue")
    def requeue(self, request: Request, pk: str | None = None) -> Response:
        """Let the failed and the stuck go on. Refused are those who are inside again by another pass, and those among
        `ids` who have neither failed nor are stuck. Of very many only the first are put back at once: `left` are looked
        at from here on, and the scenario's `requeueing` says how many are still left."""
        scenario = self.get_object()
        done = requeueing.requeue(scenario, timezone.now(), **self._told(request, RequeueSerializer))
        return Response(asdict(done))
