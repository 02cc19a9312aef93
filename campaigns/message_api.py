"""The messages resource of the API: the send ledger, to be read."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import serializers, viewsets

from campaigns import reviewing
from campaigns.filters import MessageFilter
from campaigns.models import Message, MessageState


class MessageSerializer(serializers.ModelSerializer):
    contact = serializers.IntegerField(source="contact_id", read_only=True)
    status = serializers.ChoiceField(source="state", choices=MessageState.choices, read_only=True)
    reason = serializers.SerializerMethodField(help_text="Why it failed, was skipped or still waits; empty otherwise.")
    origin = serializers.CharField(source="origin.key", read_only=True)
    scenario = serializers.SerializerMethodField(help_text="The id of the scenario that it belongs to, if any.")
    node = serializers.SerializerMethodField(help_text="The node, or the campaign’s step or variant, that sent it.")
    campaign = serializers.SerializerMethodField(help_text="The id of the campaign that it belongs to, if any.")
    recipient = serializers.SerializerMethodField(help_text="The contact’s present address on the channel.")
    subject = serializers.SerializerMethodField(help_text="The subject; for an SMS its text.")
    provider = serializers.IntegerField(source="provider_id", read_only=True, allow_null=True)

    class Meta:
        model = Message
        fields = [
            "id", "contact", "channel", "status", "reason", "origin", "scenario", "node", "campaign", "recipient",
            "subject", "provider", "provider_message_id", "parts", "queued_at", "due_at", "sent_at", "delivered_at",
            "opened_at", "clicked_at", "bounced_at", "complained_at", "failed_at", "unsubscribed_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_reason(self, message: Message) -> str:
        return self.context["reasons"](message)

    def get_scenario(self, message: Message) -> int | None:
        return _number(message, "scenario")

    def get_campaign(self, message: Message) -> int | None:
        return _number(message, "campaign")

    def get_node(self, message: Message) -> str | None:
        kind, _, rest = message.origin.key.partition(":")
        return rest.partition(":")[2] or None if kind in ("scenario", "campaign") else None

    def get_recipient(self, message: Message) -> str:
        return (message.contact.phone if message.channel == "sms" else message.contact.email) or ""

    def get_subject(self, message: Message) -> str:
        return reviewing.subject_of(message)


class MessageViewSet(viewsets.ReadOnlyModelViewSet):
    """Every email and SMS that was asked for, and what became of it."""

    scope = "messages"
    queryset: QuerySet[Message] = Message.objects.select_related("origin", "contact", "content").order_by("-id")
    serializer_class = MessageSerializer
    filterset_class = MessageFilter

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "reasons": reviewing.Reasons(timezone.now())}


def _number(message: Message, kind: str) -> int | None:
    """ "scenario:12:n7" → 12."""
    parts = message.origin.key.split(":")
    return int(parts[1]) if parts[0] == kind and len(parts) > 1 and parts[1].isdecimal() else None
