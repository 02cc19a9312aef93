"""The reports resource of the API: messages counted by whatever the reports' page groups by, as JSON or CSV."""

from typing import Any

from django.http import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.conversion_stats import plain
from campaigns.models.day_count import METRICS
from campaigns.reports import export, reporting
from campaigns.reports.forms import ReportForm
from campaigns.reports.query import FILTERS, GROUPS, PERIODS, RATES
from contacts.days import day_of

Counts = type("Counts", (serializers.Serializer,), {name: serializers.IntegerField() for name in METRICS})
Rates = type(
    "Rates",
    (serializers.Serializer,),
    {
        name: serializers.FloatField(allow_null=True, help_text=f"{counted} of {' and '.join(of)}, as a share of one.")
        for name, (counted, of) in RATES.items()
    },
)


class GroupSerializer(serializers.Serializer):
    by = serializers.ChoiceField(choices=list(GROUPS))
    key = serializers.CharField(help_text="A date, an id, a code; empty where there is no such thing.")
    name = serializers.CharField()


class RowSerializer(serializers.Serializer):
    groups = GroupSerializer(many=True)
    counts = Counts()
    rates = Rates()
    revenue = serializers.DictField(child=serializers.CharField(), help_text="By currency, exact.")


class TotalSerializer(serializers.Serializer):
    counts = Counts()
    rates = Rates()
    revenue = serializers.DictField(child=serializers.CharField(), help_text="By currency, exact.")


class ReportSerializer(serializers.Serializer):
    since = serializers.DateField()
    until = serializers.DateField()
    by = serializers.ListField(child=serializers.ChoiceField(choices=list(GROUPS)))
    filters = serializers.DictField(child=serializers.CharField())
    total = TotalSerializer(help_text="Counts every message once.")
    overlaps = serializers.BooleanField(help_text="A message counts in several rows, as with segments.")
    truncated = serializers.BooleanField(
        help_text="There are more rows; those with the most sent messages are given. The CSV has all."
    )
    rows = RowSerializer(many=True)


class CsvRenderer(BaseRenderer):
    """Chooses CSV, which the view writes by itself; errors stay JSON."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(self, data: Any, media_type: str | None = None, context: Any = None) -> bytes:
        return JSONRenderer().render(data, "application/json", context)


PARAMETERS = [
    OpenApiParameter("by", enum=list(GROUPS), description="What to group by; day, if nothing is said."),
    OpenApiParameter("then", enum=list(GROUPS), description="What to group by besides."),
    OpenApiParameter("period", enum=list(PERIODS), description="30d, if nothing is said; custom with since and until."),
    OpenApiParameter("since", OpenApiTypes.DATE, description="The first day, in the installation’s time zone."),
    OpenApiParameter("until", OpenApiTypes.DATE, description="The last day."),
    OpenApiParameter("sort", description="name or a count or a rate; “-” in front: the largest first."),
    *(OpenApiParameter(name, description=f"Only this {label.lower()}: its key.") for name, label in FILTERS.items()),
]


class ReportViewSet(viewsets.ViewSet):
    """What became of messages, grouped and narrowed down, counted on the day on which it happened."""

    scope = "reports"
    renderer_classes = [JSONRenderer, CsvRenderer]

    @extend_schema(
        parameters=PARAMETERS,
        responses={
            (200, "application/json"): ReportSerializer,
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, "The same rows, with ?format=csv."),
        },
    )
    def list(self, request: Request) -> Response | HttpResponseBase:
        form = ReportForm(request.query_params)
        known = {*form.fields, "format"}
        if unknown := sorted(set(request.query_params) - known):
            raise ValidationError({name[:50]: ["There is no such parameter."] for name in unknown})
        if not form.is_valid():
            raise ValidationError({name: [str(text) for text in texts] for name, texts in form.errors.items()})
        report = reporting.report(form.query(day_of(timezone.now())))
        if isinstance(request.accepted_renderer, CsvRenderer):
            return export.response(report, form.order)
        query = report.query
        return Response(
            {
                "since": query.since,
                "until": query.until,
                "by": query.groups,
                "filters": query.filters,
                "total": {
                    "counts": report.total.counts,
                    "rates": report.total.rates,
                    "revenue": plain(dict(report.total.revenue)),
                },
                "overlaps": report.overlaps,
                "truncated": report.truncated,
                "rows": [
                    {
                        "groups": [
                            {"by": group, "key": named.key, "name": named.label}
                            for group, named in zip(query.groups, row.of, strict=True)
                        ],
                        "counts": row.counts,
                        "rates": row.rates,
                        "revenue": plain(dict(row.revenue)),
                    }
                    for row in report.sorted(form.order)
                ],
            }
        )
