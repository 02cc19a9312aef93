"""The contacts and events resources of the API."""

from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from contacts import double_opt_in, receiving, saving
from contacts.api_shapes import (
    SHOWN,
    BulkResultSerializer,
    BulkSerializer,
    ContactSerializer,
    EventsResultSerializer,
    EventsSerializer,
    listed,
)
from contacts.consent_api import ConsentHistory, proof, vouched
from contacts.filters import ContactFilter
from contacts.models import Contact

SOURCE = "api"


class ContactViewSet(ConsentHistory, viewsets.ReadOnlyModelViewSet):
    """People. Email, phone and external id are each unique, and a contact has at least one of them.

    `topics` are what they said about subscription topics, `{"news": {"email": "subscribed"}}`; where nothing was said
    the topic's policy decides.
    """

    scope = "contacts"
    serializer_class = ContactSerializer
    filterset_class = ContactFilter
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[Contact]:
        return Contact.objects.prefetch_related(*SHOWN)

    def create(self, request: Request) -> Response:
        return self._shown(saving.create(vouched(request.data), timezone.now(), SOURCE, proof(request)), 201)

    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        """Change the fields given.

        Attributes are merged and null removes one; tags become exactly the list given; consent
        changes for the channels given.
        """
        return self._change(request, replace=False)

    def update(self, request: Request, pk: str | None = None) -> Response:
        """Replace the profile.

        Fields left out are emptied and attributes become exactly those given. Tags and consent that are left out stay.
        """
        return self._change(request, replace=True)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        """Delete a contact with their timeline, tags and consent."""
        saving.delete([self.get_object().pk])
        return Response(status=204)

    @extend_schema(request=BulkSerializer, responses=BulkResultSerializer, filters=False)
    @action(detail=False, methods=["post"], pagination_class=None)
    def bulk(self, request: Request) -> Response:
        """Update or create up to 10,000 contacts, found by external_id, else by email, else by phone.

        Good rows are saved though others fail. Attributes are merged, tags are added, empty identifiers are ignored.
        Every row is counted once; contacts whom it finds count as updated, also where it says nothing new about them.
        """
        rows = listed(request.data, "contacts")
        result = saving.upsert(rows, timezone.now(), SOURCE, proof=proof(request), refuse=double_opt_in.refused)
        return Response(
            {
                "created": result.created,
                "updated": result.updated + result.unchanged,
                "failed": [asdict(failure) for failure in result.failed],
            }
        )

    def _change(self, request: Request, replace: bool) -> Response:
        try:
            contact = self.get_object()
            given = vouched(request.data, contact)
            contact = saving.update(contact, given, timezone.now(), SOURCE, replace, proof(request))
        except Contact.DoesNotExist:
            raise NotFound from None
        return self._shown(contact)

    def _shown(self, contact: Contact, status: int = 200) -> Response:
        return Response(self.get_serializer(contact).data, status=status)


class EventViewSet(viewsets.GenericViewSet[Any]):
    """What happened to contacts, as reported by other programs."""

    scope = "events"
    pagination_class = None

    @extend_schema(request=EventsSerializer, responses={202: EventsResultSerializer})
    def create(self, request: Request) -> Response:
        """Record up to 10,000 events; good ones are kept though others fail. A `key` that is known is a duplicate."""
        received = receiving.receive(listed(request.data, "events"), timezone.now())
        return Response(asdict(received), status=202)
