"""What the API says of one segment besides its rule, and how it fills fixed lists."""

from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from contacts import matching
from contacts.api_shapes import ContactSerializer
from contacts.days import day_of
from contacts.imports.csv_sniffing import Unreadable
from contacts.models import Contact, Event, Membership, Placement, Segment
from contacts.segments import filling, history, placing, using
from contacts.segments.saving import NameTaken
from contacts.segments.where import InvalidRule

SOURCE = "api"
MOST = 10_000
DEFAULT_DAYS = 30
Shown = dict[str, Any]


class MembersSerializer(serializers.Serializer):
    add = serializers.ListField(required=False, help_text="Ids, or objects with id, email, phone or external_id.")
    remove = serializers.ListField(required=False, help_text="The same, of those who are to be taken out.")


class MembersChangedSerializer(serializers.Serializer):
    added = serializers.IntegerField(help_text="Who was not in it before.")
    removed = serializers.IntegerField()
    failed = serializers.ListField(help_text="“of” (add or remove), “index” and “errors” of whom nobody is.")


class SizesSerializer(serializers.Serializer):
    day = serializers.DateField()
    size = serializers.IntegerField(help_text="At the end of the day; of today: now.")
    entered = serializers.IntegerField()
    left = serializers.IntegerField()


class ChangeSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    contact = serializers.IntegerField(source="contact_id")
    what = serializers.SerializerMethodField()
    at = serializers.DateTimeField()
    by = serializers.SerializerMethodField(help_text="Who did it; empty where rules did.")

    def get_what(self, event: Event) -> str:
        return event.name.removeprefix("segment.")

    def get_by(self, event: Event) -> str:
        return str(event.properties.get("source", ""))


class UseSerializer(serializers.Serializer):
    what = serializers.CharField(help_text="As in “Campaign”.")
    name = serializers.CharField()
    url = serializers.CharField(help_text="Its page.")


class PlacementSerializer(serializers.ModelSerializer):
    class Meta:
        model = Placement
        fields = [
            "id", "name", "state", "error", "percent", "rows_read", "placed", "repeated", "created", "unknown",
            "unknown_rows", "created_at",
        ]  # fmt: skip


class CopySerializer(serializers.Serializer):
    name = serializers.CharField(max_length=200)

    def validate_name(self, name: str) -> str:
        if Segment.objects.filter(name__iexact=name).exists():
            raise serializers.ValidationError("Another segment has this name.")
        return name


def may_see_contacts(request: Request) -> bool:
    """Who they are is told to keys that may read contacts; how many they are, to all that may read segments."""
    return bool(request.auth.allows("contacts:read"))


def must(request: Request, scope: str) -> None:
    if not request.auth.allows(scope):
        raise PermissionDenied(f"This API key also needs the scope {scope} for this.")


class SegmentParts(GenericViewSet[Segment]):
    """Actions of one segment; `contacts.segment_api.SegmentViewSet` has the others."""

    @extend_schema(request=MembersSerializer, responses=MembersChangedSerializer, filters=False)
    @action(detail=True, methods=["post"])
    def members(self, request: Request, pk: str | None = None) -> Response:
        """Put contacts into a fixed list, and take others out; up to 10,000 in one call."""
        segment = self._list()
        asked = MembersSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        if sum(map(len, asked.validated_data.values())) > MOST:
            raise serializers.ValidationError({"detail": [f"At most {MOST:,} contacts in one call."]})
        failed: list[Shown] = []
        changed = {}
        for name, place in (("add", placing.add), ("remove", placing.remove)):
            ids, unknown = matching.find(asked.validated_data.get(name, []))
            changed[name] = place(segment, ids, timezone.now(), SOURCE) if ids else 0
            failed += [{"of": name, **each} for each in unknown]
        return Response({"added": changed["add"], "removed": changed["remove"], "failed": failed})

    @extend_schema(request=None, responses=ContactSerializer(many=True), filters=False)
    @members.mapping.get
    def members_list(self, request: Request, pk: str | None = None) -> Response:
        """Who is in it, as far as that has been worked out, newest contacts first. Needs contacts:read too."""
        must(request, "contacts:read")
        inside = Membership.objects.filter(segment_id=self.get_object().pk).values("contact_id")
        contacts = Contact.objects.filter(pk__in=inside).prefetch_related("consents", "contact_tags__tag")
        return self._paged(contacts, ContactSerializer)

    @extend_schema(
        parameters=[
            OpenApiParameter("from", date, description="The first day; 30 days where it is left out."),
            OpenApiParameter("to", date, description="The last day; today where it is left out."),
        ],
        responses=SizesSerializer(many=True),
        filters=False,
    )
    @action(detail=True, pagination_class=None)
    def sizes(self, request: Request, pk: str | None = None) -> Response:
        """How large it was day by day, from when that is known, and how many entered and left."""
        segment, today = self.get_object(), day_of(timezone.now())
        last = _day(request, "to") or today
        first = _day(request, "from") or last - timedelta(days=DEFAULT_DAYS - 1)
        return Response(SizesSerializer(history.days(segment, first, min(last, today)), many=True).data)

    @extend_schema(
        parameters=[OpenApiParameter("what", str, enum=list(history.WHAT))],
        responses=ChangeSerializer(many=True),
        filters=False,
    )
    @action(detail=True)
    def changes(self, request: Request, pk: str | None = None) -> Response:
        """Who entered and who left, the latest first."""
        what = request.query_params.get("what", "")
        if what and what not in history.WHAT:
            raise serializers.ValidationError({"what": [f"One of {', '.join(history.WHAT)}."]})
        return self._paged(history.changes(self.get_object(), what), ChangeSerializer)

    @extend_schema(responses=UseSerializer(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def uses(self, request: Request, pk: str | None = None) -> Response:
        """What uses it; while there is anything, it cannot be deleted."""
        return Response(UseSerializer(using.uses(self.get_object().pk), many=True).data)

    @extend_schema(request=CopySerializer, filters=False)
    @action(detail=True, methods=["post"], pagination_class=None)
    def copy(self, request: Request, pk: str | None = None) -> Response:
        """A fixed list of whoever is in it now. It is filled after the answer: see its `files/`."""
        asked = CopySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            made = filling.copy(self.get_object(), asked.validated_data["name"], timezone.now(), SOURCE)
        except InvalidRule as error:
            raise serializers.ValidationError({"detail": error.problems}) from error
        except NameTaken as error:
            raise serializers.ValidationError({"name": [str(error)]}) from error
        return Response(self.get_serializer(made).data, 201)

    @extend_schema(
        request={
            "multipart/form-data": inline_serializer(
                "SegmentFile", {"file": serializers.FileField(), "create": serializers.BooleanField(default=False)}
            )
        },
        responses={202: PlacementSerializer},
        filters=False,
    )
    @action(detail=True, methods=["post"], parser_classes=[MultiPartParser, FormParser], pagination_class=None)
    def files(self, request: Request, pk: str | None = None) -> Response:
        """Put those into a fixed list whom a CSV file names by email, phone or external id. It is read after the
        answer; with `create`, those who are unknown become contacts, for which the key needs contacts:write too."""
        segment, file = self._list(), request.data.get("file")
        if file is None or not hasattr(file, "chunks"):
            raise serializers.ValidationError({"file": ["Send a CSV file under this name, as multipart/form-data."]})
        creating = str(request.data.get("create", "")).lower() in ("true", "1", "yes")
        if creating:
            must(request, "contacts:write")
        try:
            lot = filling.upload(segment, file.name, file.chunks(), timezone.now(), SOURCE, creating)
        except Unreadable as error:
            raise serializers.ValidationError({"file": [str(error)]}) from error
        return Response(PlacementSerializer(lot).data, 202)

    @extend_schema(request=None, responses=PlacementSerializer(many=True), filters=False)
    @files.mapping.get
    def files_list(self, request: Request, pk: str | None = None) -> Response:
        """The files and copies that filled it lately, and how far each has got."""
        lots = Placement.objects.filter(segment=self.get_object()).order_by("-pk")[:20]
        return Response(PlacementSerializer(lots, many=True).data)

    def _list(self) -> Segment:
        segment = self.get_object()
        if not segment.is_static:
            raise NotFound("This segment has rules; only a fixed list takes contacts in by hand.")
        return segment

    def _paged(self, rows: QuerySet[Any], shape: type[serializers.BaseSerializer[Any]]) -> Response:
        return self.get_paginated_response(shape(self.paginate_queryset(rows), many=True).data)


def _day(request: Request, name: str) -> date | None:
    text = request.query_params.get(name, "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise serializers.ValidationError({name: ["Write a date as 2026-03-31."]}) from None
