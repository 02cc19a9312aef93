"""What the API tells of consent, and how what programs say of it is proven."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from contacts import consent, consent_history, double_opt_in, topic_consent
from contacts.consent import ADDRESSES, Proof
from contacts.models import ConsentState, Contact
from contacts.visitors import proof_of

MOST = 100


def proof(request: Request) -> Proof:
    """The program that says it, and from where."""
    return proof_of(request, f"API key {request.auth}")


def vouched(given: Any, contact: Contact | None = None) -> Any:
    """The fields of a contact, without the answers that hold anyway: a contact that was read and changed may come back
    with them. Raises ValidationError where the others subscribe somebody who has to confirm. Without a contact, the
    fields are those of a new one."""
    if contact is not None and isinstance(given, Mapping):
        consents = consent.states([contact.pk])[contact.pk]
        shown = {"consent": consents, "topics": topic_consent.of([contact.pk])[contact.pk]}
        given = {name: _news(value, shown[name]) if name in shown else value for name, value in given.items()}
    if errors := double_opt_in.refused(given, is_new=contact is None):
        raise ValidationError(errors)
    return given


def _news(given: Any, shown: Any) -> Any:
    """An object, perhaps of objects, without the answers that are shown; what is not shown is unknown."""
    if not isinstance(given, Mapping):
        return given
    shown = shown if isinstance(shown, Mapping) else {}
    return {
        key: _news(value, shown.get(key))
        for key, value in given.items()
        if key not in ADDRESSES or value != shown.get(key, ConsentState.UNKNOWN)
    }


class ConsentChangeSerializer(serializers.Serializer):
    place = serializers.IntegerField(help_text="Counts from the first answer.")
    at = serializers.DateTimeField()
    channel = serializers.CharField()
    topic = serializers.CharField(help_text="Its key; empty where the answer is about the whole channel.")
    topic_name = serializers.CharField(help_text="What contacts call it.")
    was = serializers.CharField(help_text="The state before.")
    state = serializers.CharField()
    # The framework has a `source` of its own; this shape is only ever written.
    source = serializers.CharField(  # type: ignore[assignment]
        help_text="How: “api”, “import”, “unsubscribe page”…"
    )
    by = serializers.CharField(help_text="Who or which program kept it.")
    proof = serializers.JSONField(
        help_text="ip, agent, message, import, file, basis, form, text, provider, told: as far as there is any."
    )


class ConsentHistorySerializer(serializers.Serializer):
    next = serializers.IntegerField(allow_null=True, help_text="The `before` of older answers.")
    results = ConsentChangeSerializer(many=True)


class ConsentHistory(GenericViewSet[Any]):
    @extend_schema(
        parameters=[OpenApiParameter("before", int), OpenApiParameter("limit", int)],
        responses=ConsentHistorySerializer,
        filters=False,
    )
    @action(detail=True, url_path="consent-history", pagination_class=None, filterset_class=None)
    def consent_history(self, request: Request, pk: str | None = None) -> Response:
        """All that the contact ever said about being written to: when, how, by whom, and the proof. Newest first."""
        limit = min(max(_number(request, "limit", 50), 1), MOST)
        before = _number(request, "before", consent_history.NEWEST)
        entries = consent_history.told(self.get_object().pk, before, limit + 1)
        more = entries[limit - 1].place if len(entries) > limit else None
        return Response({"next": more, "results": ConsentChangeSerializer(entries[:limit], many=True).data})


def _number(request: Request, name: str, usual: int) -> int:
    text = request.query_params.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else usual
