"""The campaigns resource of the API."""

from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiTypes, extend_schema, inline_serializer
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.campaign_commands_api import CommandsMixin
from campaigns.campaign_shapes_api import (
    CampaignFilter,
    CampaignSerializer,
    FileProgressSerializer,
    FileReadSerializer,
    TestSerializer,
)
from campaigns.mailings import audience_files, checks, commands, estimating, saving, testing
from campaigns.mailings import stats as campaign_stats
from campaigns.mailings.moves import NotReady, WrongState
from campaigns.models import Campaign
from campaigns.models.campaign import Kind
from contacts.imports.csv_sniffing import Unreadable

_COUNTED = ("total", "no_address", "suppressed", "no_consent", "no_topic", "capped", "reachable")


class CampaignViewSet(CommandsMixin, viewsets.ModelViewSet):
    """One-time mailings and chains. Commands that are not possible in the campaign's state are answered with 409; what
    keeps it from being sent with 400 and `problems`, field by field."""

    scope = "campaigns"
    queryset: QuerySet[Campaign] = Campaign.objects.select_related("provider").order_by("-id")
    serializer_class = CampaignSerializer
    filterset_class = CampaignFilter
    lookup_value_regex = "[0-9]{1,18}"

    def handle_exception(self, error: Exception) -> Response:
        if isinstance(error, NotReady):
            problems = [asdict(problem) for problem in error.problems]
            return Response({"detail": str(error), "problems": problems}, status=400)
        if isinstance(error, saving.Invalid):
            return Response(error.errors, status=400)
        if isinstance(error, WrongState):
            return Response({"detail": str(error)}, status=409)
        return super().handle_exception(error)

    # What a kind of campaign does in its own way is a method of its own: see `flows.chain_api`.

    def created(self, given: dict[str, Any], kind: str) -> Campaign:
        return saving.create(given, self.request.user, timezone.now(), kind)

    def changed(self, campaign: Campaign, given: dict[str, Any]) -> None:
        saving.change(campaign, given)

    def deleted(self, campaign: Campaign) -> None:
        saving.delete(campaign)

    def carry_out(self, command: str, campaign: Campaign) -> None:
        """Carry out send, schedule, unschedule, pause, resume, cancel, archive or unarchive."""
        getattr(commands, command)(campaign, timezone.now())

    def numbers(self, campaign: Campaign) -> dict[str, Any]:
        return campaign_stats.numbers(campaign)

    def estimated(self, campaign: Campaign) -> dict[str, Any]:
        """Raises NotReady where its audience cannot be told."""
        now = timezone.now()
        problems = checks.problems(campaign, now)
        if any(problem.field == "audience" for problem in problems):
            raise NotReady(problems)
        return {
            **as_json(estimating.estimate(campaign, now)),
            "problems": [asdict(problem) for problem in problems],
            "warnings": [asdict(problem) for problem in checks.warnings(campaign, now)],
        }

    def tried(self, campaign: Campaign, recipients: list[str], variant: str, step: str) -> list[testing.Tried]:
        return testing.send_test(campaign, recipients, self.tester, timezone.now(), variant)

    @property
    def tester(self) -> int | str:
        """Whose tests are counted: the key's owner's, else the key's own."""
        return getattr(self.request.user, "pk", None) or f"key:{getattr(self.request.auth, 'pk', '')}"

    def resent(self, campaign: Campaign) -> Campaign:
        return commands.resend_to_unopened(campaign, self.request.user, timezone.now())

    def copied(self, campaign: Campaign) -> Campaign:
        return commands.clone(campaign, self.request.user, timezone.now())

    def _told(self, request: Request) -> dict[str, Any]:
        """What was sent, without what the API shows and does not take: a campaign that was read and changed may come
        back whole."""
        if not isinstance(request.data, dict):
            raise serializers.ValidationError({"detail": ["A campaign is an object."]})
        shown = {*CampaignSerializer.Meta.read_only_fields, "id", "commands"}
        return {name: value for name, value in request.data.items() if name not in shown}

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        given = self._told(request)
        kind = given.pop("kind", Kind.MAILING)
        if kind not in Kind.values:
            raise saving.Invalid({"kind": [f"A campaign is one of {', '.join(Kind.values)}."]})
        campaign = self.created(given, kind)
        return Response(self.get_serializer(campaign).data, status=201)

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        campaign, given = self.get_object(), self._told(request)
        if given.pop("kind", campaign.kind) != campaign.kind:
            raise saving.Invalid({"kind": ["This cannot be changed. Create another campaign."]})
        if not kwargs.get("partial"):
            empty = Campaign()
            for name in saving.FIELDS:
                given.setdefault(name, getattr(empty, name, None) if name != "provider" else None)
        self.changed(campaign, given)
        return Response(self.get_serializer(campaign).data)

    def perform_destroy(self, campaign: Campaign) -> None:
        self.deleted(campaign)

    @extend_schema(request=None, responses={201: CampaignSerializer})
    @action(detail=True, methods=["post"])
    def clone(self, request: Request, pk: str | None = None) -> Response:
        """A draft with the same contents."""
        return Response(self.get_serializer(self.copied(self.get_object())).data, status=201)

    @extend_schema(request=None, responses={201: CampaignSerializer})
    @action(detail=True, methods=["post"])
    def resend(self, request: Request, pk: str | None = None) -> Response:
        """A draft to those who were sent it and did not open it."""
        return Response(self.get_serializer(self.resent(self.get_object())).data, status=201)

    @extend_schema(
        request=None,
        responses=inline_serializer(
            "CampaignEstimate",
            {
                "audience": inline_serializer(
                    "CampaignAudience",
                    {name: serializers.IntegerField() for name in _COUNTED},
                ),
                "cost": serializers.DecimalField(max_digits=18, decimal_places=6, allow_null=True),
                "currency": serializers.CharField(),
                "unpriced": serializers.IntegerField(help_text="Contacts for whom no price is known."),
                "parts": serializers.IntegerField(help_text="Of an SMS."),
                "seconds": serializers.FloatField(allow_null=True),
                "finishes_at": serializers.DateTimeField(allow_null=True),
                "steps": serializers.ListField(
                    child=serializers.DictField(),
                    required=False,
                    help_text="Of a chain, whose other numbers are those of its first step: what each costs at most.",
                ),
                "problems": serializers.ListField(child=serializers.DictField()),
                "warnings": serializers.ListField(child=serializers.DictField()),
            },
        ),
    )
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def estimate(self, request: Request, pk: str | None = None) -> Response:
        """Who would get it now, what that costs and how long it takes, and what keeps it from being sent."""
        return Response(self.estimated(self.get_object()))

    @extend_schema(request=None, responses=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def stats(self, request: Request, pk: str | None = None) -> Response:
        """What came of it, per variant and in all: queued, sent, delivered, opened, clicked and so on, with the reasons
        of what was skipped, and how far it has got."""
        return Response(self.numbers(self.get_object()))

    @extend_schema(
        request={
            "multipart/form-data": inline_serializer("CampaignFile", {"file": serializers.FileField()}),
        },
        responses={200: FileReadSerializer, 202: FileProgressSerializer},
    )
    @action(
        detail=True,
        methods=["put", "post"],
        url_path="audience-file",
        url_name="audience-file",
        parser_classes=[MultiPartParser, FormParser],
    )
    def audience_file(self, request: Request, pk: str | None = None) -> Response:
        """A CSV file that names contacts by email, phone or external id, as (a part of) the audience. A long one is
        read after the answer, which then is 202: ask with GET until its state is no longer “reading”, for it cannot
        be sent before."""
        file = request.data.get("file")
        if file is None or not hasattr(file, "chunks"):
            raise serializers.ValidationError({"file": ["Send a CSV file under this name, as multipart/form-data."]})
        try:
            read = audience_files.upload(self.get_object(), file.name, file.chunks(), timezone.now())
        except Unreadable as error:
            raise serializers.ValidationError({"file": [str(error)]}) from error
        if read.reading:
            return Response(FileProgressSerializer(read).data, 202)
        return Response(FileReadSerializer(read).data)

    @extend_schema(request=None, responses=FileProgressSerializer)
    @audience_file.mapping.get
    def audience_file_progress(self, request: Request, pk: str | None = None) -> Response:
        """How far the file that was uploaded last is read, and what came of it. 404 where there is none."""
        read = audience_files.of(self.get_object())
        if read is None:
            raise NotFound("No file was uploaded for this campaign.")
        return Response(FileProgressSerializer(read).data)

    @extend_schema(request=None, responses={204: None})
    @audience_file.mapping.delete
    def audience_file_remove(self, request: Request, pk: str | None = None) -> Response:
        """Do without the file; one that is being read is given up."""
        audience_files.remove(self.get_object())
        return Response(status=204)

    @extend_schema(
        request=TestSerializer,
        responses=inline_serializer(
            "CampaignTested",
            {
                "variant": serializers.CharField(),
                "recipient": serializers.CharField(),
                "state": serializers.ChoiceField(choices=["sent", "failed", "bounced", "unknown"]),
                "reason": serializers.CharField(),
            },
            many=True,
        ),
    )
    @action(detail=True, methods=["post"], filterset_class=None, pagination_class=None)
    def test(self, request: Request, pk: str | None = None) -> Response:
        """Send it, or the `step` of a chain, to some addresses for a look: for real, and counted nowhere."""
        body = TestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return Response([asdict(each) for each in self.tried(self.get_object(), **body.validated_data)])


def as_json(found: estimating.Estimate) -> dict[str, Any]:
    return {
        "audience": {**asdict(found.audience), "reachable": found.audience.reachable},
        "cost": None if found.cost is None else str(found.cost),
        "currency": found.currency,
        "unpriced": found.unpriced,
        "parts": found.parts,
        "seconds": found.seconds,
        "finishes_at": found.finishes_at,
    }
