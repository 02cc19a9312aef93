"""The shapes of contacts and events in the API."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from contacts.consent import ADDRESSES
from contacts.models import ConsentState, Contact, Installation

MOST_ROWS = 10_000
# What a contact is shown with.
SHOWN = ("consents", "topic_consents__topic", "contact_tags__tag")


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string", "enum": ConsentState.values}})
class ConsentField(serializers.Field):
    """{"email": state, "sms": state}. “pending” is only read: POST contacts/ID/ask-consent/ asks for it."""


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "additionalProperties": {"type": "string", "enum": ConsentState.values},
        },
    }
)
class TopicsField(serializers.Field):
    """{"news": {"email": state}}: by key of a topic and channel, what was ever said."""


@extend_schema_field({"type": "object", "additionalProperties": True})
class AttributesField(serializers.Field):
    """Any keys and values."""


class ContactAttributesField(serializers.Field):
    """Any keys and values, those that are defined of their type: `contacts.attribute_api` tells the documentation."""


class ContactSerializer(serializers.Serializer):
    """A contact. What is written is checked by `contacts.cleaning`, which serves files and batches too."""

    id = serializers.IntegerField(read_only=True)
    email = serializers.EmailField(required=False, allow_null=True, max_length=254)
    phone = serializers.CharField(required=False, allow_null=True, help_text="E.164, as in +33612345678.")
    external_id = serializers.CharField(required=False, allow_null=True, max_length=200)
    first_name = serializers.CharField(required=False, allow_blank=True, max_length=200)
    last_name = serializers.CharField(required=False, allow_blank=True, max_length=200)
    timezone = serializers.CharField(
        required=False,
        allow_blank=True,
        help_text="IANA name. Read: the installation's where there is none of their own.",
    )
    language = serializers.CharField(required=False, allow_blank=True, max_length=16)
    attributes = ContactAttributesField(required=False)
    tags = serializers.ListField(child=serializers.CharField(max_length=100), required=False)
    consent = ConsentField(required=False)
    topics = TopicsField(required=False)
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)

    def to_representation(self, contact: Contact) -> dict[str, Any]:
        consent = dict.fromkeys(ADDRESSES, ConsentState.UNKNOWN.value)
        consent.update({row.channel: row.state for row in contact.consents.all()})
        said: dict[str, dict[str, str]] = {}
        for answer in contact.topic_consents.all():
            said.setdefault(answer.topic.key, {})[answer.channel] = answer.state
        return {
            "id": contact.pk,
            "email": contact.email,
            "phone": contact.phone,
            "external_id": contact.external_id,
            "first_name": contact.first_name,
            "last_name": contact.last_name,
            "timezone": contact.timezone or self._house_zone,
            "language": contact.language,
            "attributes": contact.attributes,
            "tags": sorted((mark.tag.name for mark in contact.contact_tags.all()), key=str.lower),
            "consent": consent,
            "topics": said,
            "created_at": contact.created_at.isoformat(),
            "updated_at": contact.updated_at.isoformat(),
        }

    @cached_property
    def _house_zone(self) -> str:
        """The installation's zone, read once for a whole page."""
        row = Installation.objects.only("timezone").first()
        return row.zone_name if row else settings.TIME_ZONE


class FailureSerializer(serializers.Serializer):
    index = serializers.IntegerField()
    # The framework's own `errors` says what is wrong with data; this shape is only ever written.
    errors = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))  # type: ignore[assignment]


class BulkSerializer(serializers.Serializer):
    contacts = ContactSerializer(many=True, help_text=f"Up to {MOST_ROWS:,}.")


class BulkResultSerializer(serializers.Serializer):
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    failed = FailureSerializer(many=True)


class EventContactSerializer(serializers.Serializer):
    """One of these is enough."""

    id = serializers.IntegerField(required=False)
    email = serializers.EmailField(required=False)
    phone = serializers.CharField(required=False)
    external_id = serializers.CharField(required=False)


class EventSerializer(serializers.Serializer):
    contact = EventContactSerializer()
    name = serializers.CharField(max_length=100)
    properties = AttributesField(required=False)
    at = serializers.DateTimeField(required=False, help_text="When it happened; now, when left out.")
    key = serializers.CharField(required=False, max_length=200, help_text="Sent twice, it is recorded once.")


class EventsSerializer(serializers.Serializer):
    events = EventSerializer(many=True, help_text=f"Up to {MOST_ROWS:,}.")


class EventsResultSerializer(serializers.Serializer):
    accepted = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    failed = FailureSerializer(many=True)


def listed(body: Any, name: str) -> list[Any]:
    """The rows of a batch; ValidationError unless they are a list of a bearable length."""
    rows = body.get(name) if isinstance(body, Mapping) else None
    if not isinstance(rows, list):
        raise ValidationError({name: ["This is a list."]})
    if len(rows) > MOST_ROWS:
        raise ValidationError({name: [f"Send at most {MOST_ROWS:,} at once; these are {len(rows):,}."]})
    return rows
