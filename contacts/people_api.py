"""What programs do with people: merging, erasing, telling all about one, bulk edits, duplicates and files."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from contacts import contact_columns, double_opt_in
from contacts.api_shapes import ContactSerializer
from contacts.matching import LARGEST_ID
from contacts.models import BulkEdit, Contact, Pair
from contacts.people import (
    bulk_actions,
    bulk_editing,
    erasing,
    exporting,
    joining,
    mentioning,
    pairing,
    personal_data,
    selecting,
)
from contacts.people.naming import Names
from contacts.people.selecting import BadSelection

SOURCE = "api"


class MergeSerializer(serializers.Serializer):
    contact = serializers.IntegerField(
        min_value=1,
        max_value=LARGEST_ID,
        help_text="Who goes: the id of the contact who is merged into this one.",
    )
    choices = serializers.DictField(
        child=serializers.ChoiceField([joining.KEPT, joining.GONE]),
        required=False,
        help_text="Field (“email”, “attributes.city”…) → whose value is taken. Where left out: this contact's, or what "
        "only the other one has.",
    )


class EraseSerializer(serializers.Serializer):
    bar = serializers.BooleanField(default=True, help_text="Never let their addresses be added again.")


class MentionSerializer(serializers.Serializer):
    what = serializers.CharField(help_text="As in Segment, Scenario, Campaign, Template.")
    name = serializers.CharField()
    url = serializers.CharField(help_text="Its page.")


class PeopleActions(viewsets.GenericViewSet):
    """Of one contact, and the file of many."""

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One contact. Who was merged into another is answered with 301 and `merged_into`."""
        try:
            contact = self.get_object()
        except Http404:
            return _merged(int(kwargs["pk"]))
        return Response(self.get_serializer(contact).data)

    @extend_schema(request=MergeSerializer, responses=ContactSerializer, filters=False)
    @action(detail=True, methods=["post"], pagination_class=None)
    def merge(self, request: Request, pk: str | None = None) -> Response:
        """Merge another contact into this one, who gets everything of theirs: tags, events, messages, passes.

        Of consent the stricter answer holds. The other one's id leads here from then on.
        """
        asked = MergeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        kept, gone = self.get_object(), asked.validated_data["contact"]
        choices = asked.validated_data.get("choices") or {}
        try:
            joining.merge(kept.pk, gone, choices, timezone.now(), SOURCE, request.user)
        except Contact.DoesNotExist:
            raise serializers.ValidationError({"contact": ["There is no such contact."]}) from None
        except ValidationError as error:
            raise serializers.ValidationError(error.message_dict) from None
        return Response(self.get_serializer(self.get_queryset().get(pk=kept.pk)).data)

    @extend_schema(request=EraseSerializer, responses={204: None}, filters=False)
    @action(detail=True, methods=["post"], pagination_class=None)
    def erase(self, request: Request, pk: str | None = None) -> Response:
        """Forget who this person is, for good: nothing says it any more, and every count stays what it is."""
        asked = EraseSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        erasing.erase([self.get_object().pk], timezone.now(), SOURCE, request.user, asked.validated_data["bar"])
        return Response(status=204)

    @extend_schema(responses=MentionSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def mentions(self, request: Request, pk: str | None = None) -> Response:
        """What operators wrote that names this person by their address. Erasing them makes it “(erased)” there."""
        found = mentioning.mentions(Names(erasing.people([self.get_object().pk])))
        return Response(MentionSerializer(found, many=True).data)

    @extend_schema(responses={(200, "application/json"): OpenApiTypes.OBJECT}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def data(self, request: Request, pk: str | None = None) -> HttpResponseBase:
        """Everything that is known of this person, from the profile to visits to links, as one document.

        That it was given out stands on their timeline.
        """
        contact = self.get_object()
        personal_data.record(contact, timezone.now(), f"API key {request.auth}")
        pieces = personal_data.pieces(contact, timezone.now())
        return StreamingHttpResponse(pieces, content_type="application/json; charset=utf-8")

    @extend_schema(
        responses={(200, "text/csv"): OpenApiTypes.STR},
        filters=False,
        parameters=[
            OpenApiParameter("columns", str, description="Names with commas, as in email,tags,attributes.city."),
            *(OpenApiParameter(name, str) for name in selecting.SelectionForm.base_fields),
        ],
    )
    @action(detail=False, methods=["get"], pagination_class=None)
    def export(self, request: Request) -> HttpResponseBase:
        """The contacts that the filters mean as a CSV file, streamed, by ascending id. `tag` and `segment` are ids."""
        asked = contact_columns.asked(request.query_params)
        if unknown := contact_columns.unknown(asked):
            raise serializers.ValidationError({"columns": [f"There is no column “{unknown[0][:50]}”."]})
        selection = _checked(selecting.of_filters(request.query_params))
        columns = contact_columns.cleaned(asked, contact_columns.FILE)
        lines = exporting.lines(selection, columns, timezone.now())
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")


def _merged(contact_id: int) -> Response:
    successor = joining.successor(contact_id)
    if successor is None:
        raise NotFound
    url = reverse("contact-detail", args=[successor])
    body = {"detail": f"This contact was merged into {successor}.", "merged_into": successor}
    return Response(body, status=301, headers={"Location": url})


def _checked(selection: selecting.Selection) -> selecting.Selection:
    try:
        selection.contacts(timezone.now())
    except BadSelection as error:
        raise serializers.ValidationError(error.errors) from None
    except ValueError as error:
        raise serializers.ValidationError({"segment": [str(error)]}) from None
    return selection


class BulkEditSerializer(serializers.ModelSerializer):
    selection = serializers.JSONField(
        help_text="{“ids”: […]} (up to 10,000) or {“filters”: {…}}, as in the list: q, tag, consent, segment (ids), "
        "attribute, value. Read: the filters, or how many ids."
    )
    values = serializers.JSONField(
        required=False,
        help_text="{“tags”: […]}; {“channel”, “state”, “basis”}; {“key”, “value”}; {“key”}; {“bar”} for erasing.",
    )
    confirmed = serializers.IntegerField(
        write_only=True,
        required=False,
        help_text="How many contacts you expect: with another number nothing is done. Needed to delete and erase.",
    )

    class Meta:
        model = BulkEdit
        fields = [
            "id", "action", "values", "selection", "confirmed", "state", "total", "done", "changed", "error",
            "created_at", "finished_at",
        ]  # fmt: skip
        read_only_fields = ["state", "total", "done", "changed", "error", "created_at", "finished_at"]

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if given["action"] in bulk_actions.HEAVY and given.get("confirmed") is None:
            raise serializers.ValidationError({"confirmed": ["Say how many contacts you expect."]})
        values = given.get("values") or {}
        if not isinstance(values, dict):
            raise serializers.ValidationError({"values": ["Use an object."]})
        try:
            given["values"] = kept = bulk_actions.cleaned(given["action"], values)
            # As everywhere where a program says it: who has to confirm is asked, and not told.
            if errors := double_opt_in.refused({"consent": {kept.get("channel"): kept.get("state")}}):
                raise serializers.ValidationError({"values": errors["consent"]})
            given["selection"] = _checked(selecting.of_json(given["selection"]))
        except BadSelection as error:
            raise serializers.ValidationError({"selection": [str(error)]}) from None
        except ValidationError as error:
            raise serializers.ValidationError(error.message_dict) from None
        return given


class BulkEditViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Changes of many contacts at once, worked off in the background."""

    scope = "contacts"
    queryset: QuerySet[BulkEdit] = BulkEdit.objects.all()
    serializer_class = BulkEditSerializer
    lookup_value_regex = "[0-9]{1,18}"

    @extend_schema(responses={202: BulkEditSerializer})
    def create(self, request: Request) -> Response:
        """Begin one. Whom it means is fixed now; follow `done` and `state` to see how far it is."""
        asked = self.get_serializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        try:
            edit = bulk_editing.begin(
                given["selection"],
                given["action"],
                given["values"],
                timezone.now(),
                f"bulk edit by {SOURCE}",
                request.user,
                given.get("confirmed"),
            )
        except bulk_editing.Changed as changed:
            raise serializers.ValidationError({"confirmed": [str(changed)]}) from None
        return Response(self.get_serializer(edit).data, status=202)

    @extend_schema(request=None, responses=BulkEditSerializer, filters=False)
    @action(detail=True, methods=["post"], pagination_class=None)
    def cancel(self, request: Request, pk: str | None = None) -> Response:
        """Stop it before its next slice. What was changed by then stays changed."""
        edit = self.get_object()
        if not bulk_editing.cancel(edit, timezone.now()):
            raise serializers.ValidationError({"detail": [f"It is over: {edit.get_state_display().lower()}."]})
        return Response(self.get_serializer(self.get_object()).data)


class PairSerializer(serializers.ModelSerializer):
    contacts = serializers.SerializerMethodField()
    reasons = serializers.SerializerMethodField()

    class Meta:
        model = Pair
        fields = ["id", "contacts", "score", "reasons", "found_at"]

    def get_contacts(self, pair: Pair) -> list[int]:
        return [pair.one_id, pair.other_id]

    def get_reasons(self, pair: Pair) -> list[str]:
        return pairing.reasons(pair)


class DuplicateViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    """Pairs of contacts who may be one person."""

    scope = "contacts"
    serializer_class = PairSerializer
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[Pair]:
        return pairing.open_pairs()

    @extend_schema(request=None, responses={202: None}, filters=False)
    @action(detail=False, methods=["post"], pagination_class=None)
    def search(self, request: Request) -> Response:
        """Look through all contacts, in the background. 409 while that is under way."""
        return Response(status=202 if pairing.begin(timezone.now()) else 409)

    @extend_schema(request=None, responses={204: None}, filters=False)
    @action(detail=True, methods=["post"], pagination_class=None)
    def dismiss(self, request: Request, pk: str | None = None) -> Response:
        """They are two people: not shown again."""
        if not pairing.dismiss(self.get_object().pk, timezone.now(), request.user):
            raise NotFound
        return Response(status=204)
