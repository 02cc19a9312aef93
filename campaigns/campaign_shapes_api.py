"""How campaigns look in the API, and what they can be filtered by."""

from typing import Any

import django_filters
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from campaigns import objectives, testing
from campaigns.mailings.moves import possible
from campaigns.models import AudienceFile, Campaign, CampaignState, Provider
from campaigns.models.campaign import Kind
from contacts.models.consent import Channel

PROBLEMS = inline_serializer(
    "CampaignProblems",
    {"detail": serializers.CharField(), "problems": serializers.ListField(child=serializers.DictField())},
)


class CampaignSerializer(serializers.ModelSerializer):
    """What is given is checked by `campaigns.mailings.saving`, for pages and programs alike."""

    kind = serializers.ChoiceField(choices=Kind.choices, required=False, help_text="Cannot be changed.")
    channel = serializers.ChoiceField(choices=Channel.choices, required=False)
    audience = serializers.JSONField(
        required=False,
        help_text="Who gets it: contacts in one of `segments` (ids), with one of `tags` (names) or in the uploaded"
        " `file` (true); all contacts where none is given. Not who is in a segment of `exclude`, and only who matches"
        " the `rule` tree.",
    )
    variants = serializers.JSONField(
        required=False,
        help_text='1 to 4 of {"key": "a", "template": id} or {"key": "a", "subject", "preheader", "body", "markup"}.',
    )
    test = serializers.JSONField(
        required=False,
        help_text='With several variants: {"share_percent": 20, "wait_hours": 4, "measure": "opened", "clicked",'
        ' "converted" or "revenue"}.',
    )
    schedule = serializers.JSONField(
        required=False,
        help_text='{"when": "now"} or {"when": "at", "at": "2026-12-24T09:00", "timezone": IANA name or "contact"},'
        ' with an optional "spread_hours".',
    )
    provider = serializers.PrimaryKeyRelatedField(queryset=Provider.objects.all(), required=False, allow_null=True)
    objective = serializers.SerializerMethodField(
        help_text="What it is meant to achieve, as a scenario’s objective; {} for nothing. May be given in any state."
    )
    commands = serializers.SerializerMethodField(help_text="What may be done with it in its state.")

    # Of all the campaigns on a page, asked for once.
    _objectives: dict[str, Any] | None = None

    class Meta:
        model = Campaign
        fields = [
            "id", "name", "kind", "channel", "state", "state_reason", "audience", "variants", "test", "winner",
            "winner_reason", "test_numbers", "schedule", "topic", "utm", "provider", "priority", "late_hours",
            "objective", "starts_at", "started_at",
            "finished_at", "decides_at", "audience_count", "resends", "archived_at", "created_at", "commands",
        ]  # fmt: skip
        read_only_fields = [
            "state", "state_reason", "winner", "winner_reason", "test_numbers", "starts_at", "started_at",
            "finished_at", "decides_at", "audience_count", "resends", "archived_at", "created_at",
        ]  # fmt: skip

    def get_objective(self, campaign: Campaign) -> dict[str, Any]:
        if self._objectives is None:
            shown = self.parent.instance if self.parent is not None else [campaign]
            self._objectives = objectives.objectives_of(one.origin for one in shown)
        return self._objectives.get(campaign.origin, {})

    def get_commands(self, campaign: Campaign) -> list[str]:
        never = {"finish", "suspend", *(["resend"] if campaign.kind == Kind.CHAIN else [])}
        return sorted(possible(campaign.state) - never)


class CampaignFilter(django_filters.FilterSet):
    """`q` is a part of the name."""

    q = django_filters.CharFilter(field_name="name", lookup_expr="icontains")
    state = django_filters.MultipleChoiceFilter(choices=CampaignState.choices)
    archived = django_filters.BooleanFilter(field_name="archived_at", lookup_expr="isnull", exclude=True)

    class Meta:
        model = Campaign
        fields = ["kind", "channel"]


class TestSerializer(serializers.Serializer):
    recipients = serializers.ListField(
        child=serializers.CharField(max_length=254), min_length=1, max_length=testing.MOST_RECIPIENTS
    )
    variant = serializers.CharField(max_length=1, required=False, default="", allow_blank=True)
    step = serializers.CharField(
        max_length=50, required=False, default="", allow_blank=True, help_text="The key of a step, of a chain."
    )


class FileReadSerializer(serializers.ModelSerializer):
    """What came of a file of recipients."""

    unknown_rows = serializers.ListField(child=serializers.DictField(), help_text="The first of those.")

    class Meta:
        model = AudienceFile
        fields = ["listed", "repeated", "unknown", "unknown_rows"]


class FileProgressSerializer(FileReadSerializer):
    """How far it is read."""

    class Meta(FileReadSerializer.Meta):
        fields = ["state", "error", "percent", "rows_read", *FileReadSerializer.Meta.fields]
