"""Reports that people have saved, as a resource of the API: a key sees and changes what its owner sees and changes."""

from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.models import SavedReport
from campaigns.reports import saved_reports
from campaigns.reports.forms import ReportForm, SavedReportForm

GIVEN = ("name", "shared", "query", "parameters")
SHOWN = ("id", "owner", "created_at")
NOBODY = "A saved report belongs to somebody. Use an API key that has an owner."


class SavedReportSerializer(serializers.ModelSerializer):
    name = serializers.CharField(max_length=100, help_text="No other report of the same owner is called so.")
    query = serializers.CharField(
        required=False, allow_blank=True, help_text="`reports/?QUERY` makes it; empty: as it comes of itself."
    )
    parameters = serializers.DictField(
        child=serializers.CharField(), required=False, help_text="The same as an object; give one of the two."
    )
    owner = serializers.CharField(source="owner.get_username", read_only=True)
    shared = serializers.BooleanField(required=False, help_text="Everybody sees it; only the owner changes it.")

    class Meta:
        model = SavedReport
        fields = ["id", "name", "owner", "shared", "query", "parameters", "created_at"]
        read_only_fields = ["created_at"]

    def to_representation(self, report: SavedReport) -> dict[str, Any]:
        return {**super().to_representation(_readable(report)), "parameters": dict(parse_qsl(report.query))}


def _readable(report: SavedReport) -> SavedReport:
    report.parameters = {}  # type: ignore[attr-defined]
    return report


class SavedReportViewSet(viewsets.ModelViewSet):
    """What a key’s owner has saved, and what everybody shares; a key without an owner sees what is shared. Who has
    saved a report changes and deletes it, as far as they may on its page."""

    scope = "reports"
    queryset: QuerySet[SavedReport] = SavedReport.objects.order_by("-id")
    serializer_class = SavedReportSerializer
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[SavedReport]:
        return SavedReport.objects.visible(self._owner).order_by("-id")

    @property
    def _owner(self) -> Any:
        return self.request.user or AnonymousUser()

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        if not self._owner.pk:
            raise PermissionDenied(NOBODY)
        self._permit("add")
        report = self._kept(SavedReport(owner=self._owner), request, False)
        return Response(self.get_serializer(report).data, status=201)

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        report = self._changeable("change")
        return Response(self.get_serializer(self._kept(report, request, bool(kwargs.get("partial")))).data)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self._changeable("delete").delete()
        return Response(status=204)

    def _permit(self, what: str) -> None:
        if not self._owner.has_perm(f"campaigns.{what}_savedreport"):
            raise PermissionDenied("The owner of this API key may not do this.")

    def _changeable(self, what: str) -> SavedReport:
        """One that can be seen but belongs to somebody else is refused; any other is not there."""
        report = self.get_object()
        if not self._owner.pk or not SavedReport.objects.changeable(self._owner).filter(pk=report.pk).exists():
            raise PermissionDenied("This report belongs to somebody else.")
        self._permit(what)
        return report

    def _kept(self, report: SavedReport, request: Request, partial: bool) -> SavedReport:
        if not isinstance(request.data, dict):
            raise ValidationError({"detail": ["A saved report is an object."]})
        given = {name: value for name, value in request.data.items() if name not in SHOWN}
        if unknown := sorted(set(given) - set(GIVEN)):
            raise ValidationError({name[:50]: ["A saved report has no such field."] for name in unknown})
        before = {"name": report.name, "shared": report.shared, "query": report.query} if partial else {}
        if "parameters" in given:
            before.pop("query", None)
        checked = SavedReportSerializer(data={"query": "", "shared": False, **before, **given})
        checked.is_valid(raise_exception=True)
        data = checked.validated_data
        query = _query(data["query"], data.get("parameters"))
        form = SavedReportForm({"name": data["name"], "shared": data["shared"]}, instance=report)
        if not form.is_valid():
            raise ValidationError({name: [str(text) for text in texts] for name, texts in form.errors.items()})
        return saved_reports.keep(form.save(commit=False), query, timezone.now())


def _query(query: str, parameters: dict[str, str] | None) -> str:
    """Raises ValidationError for what makes no report."""
    asked = dict(parse_qsl(query)) if parameters is None else parameters
    where = "query" if parameters is None else "parameters"
    if parameters is not None and query and dict(parse_qsl(query)) != parameters:
        raise ValidationError({"parameters": ["This differs from the query. Give one of the two."]})
    form = ReportForm(asked)
    if unknown := sorted(set(asked) - set(form.fields)):
        raise ValidationError({where: [f"{name[:50]}: a report has no such parameter." for name in unknown]})
    if not form.is_valid():
        wrong = [f"{name}: {text}" for name, texts in form.errors.items() for text in texts]
        raise ValidationError({where: wrong})
    if len(found := urlencode(asked)) > saved_reports.LONGEST:
        raise ValidationError({where: ["This is too long."]})
    return found
