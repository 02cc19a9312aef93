"""The scenarios resource of the API."""

from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema, extend_schema_field, inline_serializer
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from contacts import json_limits, matching, periods
from contacts.days import day_of
from flows import (
    cloning,
    configuring,
    deleting,
    objectives,
    overdue,
    period_stats,
    publishing,
    requeueing,
    saving,
    starting,
    stats,
    triggering,
    validation,
)
from flows.chains.editing import ELSEWHERE
from flows.commands_api import CommandsMixin
from flows.graph import saved_trigger
from flows.models import Execution, ExecutionState, Scenario
from flows.version_api import Problems, VersionActions, base_of, object_in


class Progress(serializers.Serializer):
    done = serializers.IntegerField(help_text="Contacts and messages that have been dealt with.")
    total = serializers.IntegerField()


class ScenarioSerializer(serializers.ModelSerializer):
    trigger = serializers.SerializerMethodField(help_text="The type of the trigger node, or null.")
    version = serializers.IntegerField(source="flow.number", default=None, read_only=True)
    catching_up = serializers.SerializerMethodField(
        help_text="How far it has come with what is overdue, after which it goes on; or null."
    )
    requeueing = serializers.SerializerMethodField(help_text="How many are still to be put back into the queue.")

    class Meta:
        model = Scenario
        fields = [
            "id",
            "name",
            "description",
            "state",
            "objective",
            "reentry",
            "reentry_hours",
            "exits",
            "follows",
            "most_rounds",
            "keeps_when_stopped",
            "priority",
            "trigger",
            "version",
            "created_at",
            "started_at",
            "starts_at",
            "state_reason",
            "catching_up",
            "requeueing",
        ]
        read_only_fields = ["state", "created_at", "started_at", "starts_at", "state_reason"]

    def get_trigger(self, scenario: Scenario) -> str | None:
        trigger = saved_trigger(scenario.flow.graph) if scenario.flow else None
        return trigger["type"] if trigger else None

    @extend_schema_field(Progress(allow_null=True))
    def get_catching_up(self, scenario: Scenario) -> dict[str, int] | None:
        return overdue.progress(scenario)

    def get_requeueing(self, scenario: Scenario) -> int:
        return requeueing.left(scenario)

    def validate_name(self, name: str) -> str:
        if "\x00" in name:
            raise serializers.ValidationError("A name cannot hold NUL characters.")
        return name

    def validate_objective(self, objective: Any) -> Any:
        if problems := objectives.problems(objective):
            raise serializers.ValidationError([problem.message for problem in problems])
        return objective

    def validate(self, fields: dict[str, Any]) -> dict[str, Any]:
        given = {name: getattr(self.instance, name) for name in ("reentry", "reentry_hours") if self.instance} | fields
        if problems := configuring.problems(given):
            raise serializers.ValidationError(problems)
        return fields

    def update(self, scenario: Scenario, fields: dict[str, Any]) -> Scenario:
        configuring.change(scenario, fields)
        return scenario


class ScenarioFilter(filters.FilterSet):
    search = filters.CharFilter(field_name="name", lookup_expr="icontains")

    class Meta:
        model = Scenario
        fields = ["state"]


class ExecutionSerializer(serializers.ModelSerializer):
    contact = serializers.IntegerField(source="contact_id", read_only=True)
    version = serializers.IntegerField(source="flow.number", read_only=True)

    class Meta:
        model = Execution
        fields = ["id", "contact", "version", "state", "node", "due_at", "entered_at", "finished_at", "error"]


class ExecutionFilter(filters.FilterSet):
    contact = filters.NumberFilter(field_name="contact_id")

    class Meta:
        model = Execution
        fields = ["node", "state", "contact"]


class TriggerSerializer(serializers.Serializer):
    contacts = serializers.ListField(
        child=serializers.JSONField(),
        min_length=1,
        max_length=10_000,
        help_text="Ids, or objects with id, email, phone or external_id.",
    )
    context = serializers.DictField(required=False, default=dict)  # type: ignore[assignment]  # a name of ours

    def validate_context(self, context: dict[str, Any]) -> dict[str, Any]:
        if problem := json_limits.object_problem(context):
            raise serializers.ValidationError(problem)
        return context


class ScenarioViewSet(VersionActions, CommandsMixin, viewsets.ModelViewSet):
    """Scenarios; their graphs are read and written under `flow/`."""

    scope = "scenarios"
    queryset = Scenario.objects.select_related("flow").order_by("-id")
    serializer_class = ScenarioSerializer
    filterset_class = ScenarioFilter
    http_method_names = ["get", "post", "put", "patch", "delete", "head", "options"]

    def get_queryset(self) -> QuerySet[Scenario]:
        """A chain of mailings is listed among the campaigns."""
        found = super().get_queryset()
        return found.filter(campaign=None) if self.action == "list" else found

    def get_object(self) -> Scenario:
        scenario = super().get_object()
        of_contacts = self.action in ("execution", "requeue", "clone")
        if scenario.campaign_id and self.request.method not in SAFE_METHODS and not of_contacts:
            raise starting.WrongState(f"{ELSEWHERE} See campaigns/{scenario.campaign_id}/steps/.")
        return scenario

    def handle_exception(self, error: Exception) -> Response:
        if isinstance(error, (saving.Invalid, starting.NotReady)):
            problems = [asdict(problem) for problem in error.problems]
            return Response({"detail": str(error), "problems": problems}, status=400)
        if isinstance(error, triggering.WrongTrigger):
            return Response({"detail": str(error)}, status=400)
        if isinstance(error, (saving.Conflict, saving.Busy, saving.NoDraft, starting.WrongState)):
            return Response({"detail": str(error)}, status=409)
        return super().handle_exception(error)

    def perform_create(self, serializer: Any) -> None:
        user = self.request.user if getattr(self.request.user, "pk", None) else None
        with transaction.atomic():
            objectives.keep(serializer.save(created_by=user))

    def perform_destroy(self, scenario: Scenario) -> None:
        deleting.delete(scenario)

    @extend_schema(
        request=OpenApiTypes.OBJECT,
        responses={200: OpenApiTypes.OBJECT, 400: Problems},
    )
    @action(detail=True, methods=["get", "put"])
    def flow(self, request: Request, pk: str | None = None) -> Response:
        """The live graph. PUT saves a new version, or answers 400 with the problems of the graph; `"draft": true` saves
        an unfinished one all the same. With `version` in the body it is refused (409) when another version was saved
        in the meantime, and always while the scenario runs: then keep a `draft/` and `publish/` it. Where contacts are
        inside, `redirects`, `retime` and `backfill` answer what `publish/` asks. `problems` in the answer are what
        still keeps the scenario from starting."""
        scenario = self.get_object()
        if request.method == "PUT":
            self._save_flow(scenario, request)
        graph = scenario.flow.graph if scenario.flow else {"nodes": [], "edges": []}
        problems = [asdict(problem) for problem in starting.check(scenario, timezone.now())]
        version = scenario.flow.number if scenario.flow else None
        return Response({**graph, "version": version, "problems": problems})

    def _save_flow(self, scenario: Scenario, request: Request) -> None:
        sent = object_in(request)
        base, answers = base_of(sent), publishing.answers(sent)
        graph = {key: sent[key] for key in ("nodes", "edges") if key in sent}
        if sent.get("draft") is not True and (problems := validation.problems(graph, launching=False)):
            raise saving.Invalid(problems)
        saving.save(scenario, graph, scenario.objective, request.user, base, timezone.now(), answers)

    @extend_schema(request=None, responses={201: ScenarioSerializer})
    @action(detail=True, methods=["post"])
    def clone(self, request: Request, pk: str | None = None) -> Response:
        copy = cloning.clone(self.get_object(), request.user, timezone.now())
        return Response(self.get_serializer(copy).data, status=201)

    @extend_schema(
        request=TriggerSerializer,
        responses={
            202: inline_serializer(
                "Triggered", {"entered": serializers.IntegerField(), "failed": serializers.ListField()}
            )
        },
    )
    @action(detail=True, methods=["post"])
    def trigger(self, request: Request, pk: str | None = None) -> Response:
        """Let contacts in through `api.call`; `context` is what templates and conditions read as `event.*`."""
        body = TriggerSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        found, failed = matching.find(body.validated_data["contacts"])
        entered = triggering.call(self.get_object(), found, body.validated_data["context"], timezone.now())
        return Response({"entered": entered, "failed": failed}, status=202)

    @extend_schema(
        responses=OpenApiTypes.OBJECT,
        parameters=[
            OpenApiParameter("from", OpenApiTypes.DATE, description="The first day of `period`."),
            OpenApiParameter("to", OpenApiTypes.DATE, description="Its last day; today where only `from` is given."),
            OpenApiParameter("period", enum=list(periods.PRESETS), description="Instead of `from` and `to`."),
        ],
    )
    @action(detail=True)
    def stats(self, request: Request, pk: str | None = None) -> Response:
        """Counts per node since the beginning: entered, waiting, left by port, sent, skipped, failed, opened, clicked,
        converted. The scenario and each node have a `conversion_rate` (of what was sent) and a `revenue` by currency; a
        node whose ports are compared has `variants` with rate, confidence interval and the probability to be the best,
        and a `verdict` in words.

        With `from` and `to` (both included, days in the installation's time zone) or `period` also `period`:
        `{"from", "to", "totals": {metric: n}, "days": [{"day", metric: n, …}], "nodes": {id: {metric: n}}}`. Of passes,
        the scenario's metrics are entered, completed, exited and failed; of messages sent, delivered, opened, clicked,
        bounced, complained, unsubscribed, skipped, messages_failed, unknown and converted."""
        scenario = self.get_object()
        report = stats.report(scenario)
        if {"from", "to", "period"} & request.query_params.keys():
            try:
                period = periods.asked(request.query_params, day_of(timezone.now()))
            except periods.Unreadable as error:
                raise serializers.ValidationError({"period": [str(error)]}) from None
            report["period"] = period_stats.report(scenario, period)
        return Response(report)

    @extend_schema(
        responses=ExecutionSerializer(many=True),
        parameters=[
            OpenApiParameter("node", description="The id of the node where they stand."),
            OpenApiParameter("state", enum=ExecutionState.values),
            OpenApiParameter("contact", int, description="A contact's id."),
        ],
    )
    @action(detail=True, filterset_class=None)
    def executions(self, request: Request, pk: str | None = None) -> Response:
        found: QuerySet[Execution] = Execution.objects.filter(scenario=self.get_object()).select_related("flow")
        filtered = ExecutionFilter(request.query_params, found, request=request)
        if not filtered.is_valid():
            raise serializers.ValidationError(filtered.errors)
        page = self.paginate_queryset(filtered.qs)
        return self.get_paginated_response(ExecutionSerializer(page, many=True).data)
