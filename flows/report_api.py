"""The reports on a scenario as resources of the API: how far contacts came, and what became of those of a week."""

from dataclasses import asdict

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.report_parts_api import PERIOD, valid
from campaigns.reports.query import PERIODS
from contacts.days import day_of
from flows.cohorts import cohorts
from flows.funnel import funnel
from flows.models import Scenario
from flows.report_forms import WEEKS, CohortForm, FunnelForm

SCENARIO = OpenApiParameter("scenario", int, required=True, description="Its id.")


class StageSerializer(serializers.Serializer):
    node = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    text = serializers.CharField()
    reached = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True, help_text="Of those who entered, as a share of one.")
    went_on = serializers.IntegerField()
    waiting = serializers.IntegerField()
    ended = serializers.IntegerField(help_text="They came to their end here.")
    lost = serializers.IntegerField(help_text="They left before an end, or failed.")
    drop_off = serializers.FloatField(allow_null=True, help_text="Those who came here and no further.")


class FunnelSerializer(serializers.Serializer):
    scenario = serializers.IntegerField()
    since = serializers.DateField(allow_null=True)
    until = serializers.DateField(allow_null=True)
    stages = StageSerializer(many=True)


class FunnelViewSet(viewsets.ViewSet):
    """How far contacts came in a scenario, node by node in the order of the way through it."""

    scope = "reports"

    @extend_schema(
        parameters=[
            SCENARIO,
            OpenApiParameter("period", enum=["all", *PERIODS], description="all, if nothing is said."),
            *PERIOD[1:],
        ],
        responses=FunnelSerializer,
    )
    def list(self, request: Request) -> Response:
        form = FunnelForm(request.query_params)
        valid(form, request, *form.fields)
        scenario = _scenario(form)
        since, until = form.asked_days(day_of(timezone.now()))
        stages = StageSerializer(funnel(scenario, since, until), many=True).data
        return Response({"scenario": scenario.pk, "since": since, "until": until, "stages": stages})


class CohortSerializer(serializers.Serializer):
    week = serializers.DateField(help_text="The Monday of the week in which they entered.")
    entered = serializers.IntegerField()
    done = serializers.ListField(
        child=serializers.IntegerField(),
        help_text="How many had completed by the end of that week, and of each that followed.",
    )


class CohortsSerializer(serializers.Serializer):
    scenario = serializers.IntegerField()
    cohorts = CohortSerializer(many=True)


class CohortViewSet(viewsets.ViewSet):
    """Those who entered a scenario in the same week, the newest first, and how many of them had completed it when."""

    scope = "reports"

    @extend_schema(
        parameters=[SCENARIO, OpenApiParameter("weeks", enum=list(WEEKS), description="12, if nothing is said.")],
        responses=CohortsSerializer,
    )
    def list(self, request: Request) -> Response:
        form = CohortForm(request.query_params)
        valid(form, request, *form.fields)
        scenario = _scenario(form)
        found = [
            {name: part for name, part in asdict(one).items() if name != "to_come"}
            for one in cohorts(scenario, timezone.now(), form.asked_weeks)
        ]
        return Response({"scenario": scenario.pk, "cohorts": found})


def _scenario(form: FunnelForm | CohortForm) -> Scenario:
    scenario = form.cleaned_data["scenario"]
    if scenario is None:
        raise ValidationError({"scenario": ["Name a scenario by its id."]})
    return scenario
