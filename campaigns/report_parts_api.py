"""The reports on links and on recipients' domains, as resources of the API."""

from typing import Any

from django import forms
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.models.domain_count import DOMAIN_METRICS
from campaigns.origins import all_places
from campaigns.reports import domains as domain_report
from campaigns.reports import links as link_report
from campaigns.reports.domains import Domain
from campaigns.reports.forms import DomainForm, ReportForm
from campaigns.reports.query import PERIODS
from contacts.days import day_of

PERIOD = [
    OpenApiParameter("period", enum=list(PERIODS), description="30d, if nothing is said; custom with since and until."),
    OpenApiParameter("since", OpenApiTypes.DATE, description="The first day, in the installation’s time zone."),
    OpenApiParameter("until", OpenApiTypes.DATE, description="The last day."),
]


def valid(form: forms.Form, request: Request, *names: str) -> None:
    """Refuses what the form refuses, and parameters that the resource does not know."""
    if unknown := sorted(set(request.query_params) - {"format", *names}):
        raise ValidationError({name[:50]: ["There is no such parameter."] for name in unknown})
    if not form.is_valid():
        raise ValidationError({name: [str(text) for text in texts] for name, texts in form.errors.items()})


class PlaceSerializer(serializers.Serializer):
    key = serializers.CharField()
    name = serializers.CharField()


class LinkSerializer(serializers.Serializer):
    url = serializers.CharField()
    number = serializers.IntegerField(help_text="Which link of its message, from 0.")
    content = serializers.IntegerField(help_text="The words that it stands in.")
    subject = serializers.CharField()
    scenario = PlaceSerializer(allow_null=True)
    campaign = PlaceSerializer(allow_null=True)
    node = PlaceSerializer(allow_null=True)
    clicks = serializers.IntegerField(help_text="Messages in which it was clicked.")
    people = serializers.IntegerField(help_text="Contacts who clicked it for the first time.")
    sent = serializers.IntegerField(help_text="Messages with it that were sent in the period.")
    rate = serializers.FloatField(allow_null=True, help_text="Clicks of sent, as a share of one.")


class LinkReportSerializer(serializers.Serializer):
    since = serializers.DateField()
    until = serializers.DateField()
    truncated = serializers.BooleanField(help_text=f"There may be more than these {link_report.MOST}.")
    links = LinkSerializer(many=True)


class LinkReportViewSet(viewsets.ViewSet):
    """Which links were clicked, the most often clicked first."""

    scope = "reports"

    @extend_schema(
        parameters=[
            *PERIOD,
            OpenApiParameter("scenario", description="Only this scenario: its id."),
            OpenApiParameter("campaign", description="Only this campaign: its id."),
        ],
        responses=LinkReportSerializer,
    )
    def list(self, request: Request) -> Response:
        form = ReportForm(request.query_params)
        valid(form, request, "period", "since", "until", "scenario", "campaign")
        since, until = form.days(day_of(timezone.now()))
        found = link_report.clicked(since, until, link_report.origins(all_places(), form.of_origin))
        links = [
            {
                "url": one.url,
                "number": one.number,
                "content": one.content.pk,
                "subject": one.content.subject,
                **{name: _place(getattr(one.place, name)) for name in ("scenario", "campaign", "node")},
                "clicks": one.clicks,
                "people": one.people,
                "sent": one.sent,
                "rate": one.rate,
            }
            for one in found
        ]
        truncated = len(found) >= link_report.MOST
        return Response({"since": since, "until": until, "truncated": truncated, "links": links})


def _place(named: Any) -> dict[str, str] | None:
    return {"key": named.key, "name": named.label} if named else None


Counts = type("DomainCounts", (serializers.Serializer,), {name: serializers.IntegerField() for name in DOMAIN_METRICS})
Shares = type(
    "DomainShares",
    (serializers.Serializer,),
    {name: serializers.FloatField(allow_null=True) for name in Domain("", dict.fromkeys(DOMAIN_METRICS, 0)).shares},
)


class DomainSerializer(serializers.Serializer):
    domain = serializers.CharField()
    counts = Counts()
    shares = Shares(help_text="Of what was sent, as shares of one; of bounces, of what was sent or bounced.")
    is_bad = serializers.BooleanField(help_text="So many bounces or complaints that its mailboxes may turn us away.")


class DomainReportSerializer(serializers.Serializer):
    since = serializers.DateField()
    until = serializers.DateField()
    truncated = serializers.BooleanField(help_text=f"There may be more than these {domain_report.MOST}.")
    total = DomainSerializer(help_text="Of all domains, whose name is empty then.")
    domains = DomainSerializer(many=True)


class DomainReportViewSet(viewsets.ViewSet):
    """How mails fare by the domain of their recipients, those with the most mails first."""

    scope = "reports"

    @extend_schema(
        parameters=[
            *PERIOD,
            OpenApiParameter("provider", int, description="Only what went through this provider: its id."),
            OpenApiParameter("q", description="Only domains with these letters."),
        ],
        responses=DomainReportSerializer,
    )
    def list(self, request: Request) -> Response:
        form = DomainForm(request.query_params)
        valid(form, request, *form.fields)
        since, until = form.days(day_of(timezone.now()))
        provider = form.cleaned_data["provider"]
        rows, total = domain_report.domains(since, until, provider and provider.pk, form.cleaned_data["q"])
        truncated = len(rows) >= domain_report.MOST
        domains = [_domain(one) for one in rows]
        told = {"since": since, "until": until, "truncated": truncated, "total": _domain(total), "domains": domains}
        return Response(told)


def _domain(one: Domain) -> dict[str, Any]:
    return {"domain": one.name, "counts": one.counts, "shares": one.shares, "is_bad": one.is_bad}
