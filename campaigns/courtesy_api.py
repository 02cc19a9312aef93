"""The courtesy resource of the API: one set of rules, read and replaced as a whole."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns.courtesy import saving
from campaigns.courtesy.rules import clean
from campaigns.courtesy.wording import sentences
from campaigns.models import Courtesy

_QUIET = (
    '{"email": {"begins": "21:00", "ends": "08:00", "days": [1, …, 7], "whole_days": [7]}}: hours in the contact’s own'
    " zone, on the days on which they begin (1 is Monday), and days that are quiet as a whole."
)


class CourtesySerializer(serializers.Serializer):
    """Checked by `campaigns.courtesy.rules`, as the page's form is. What is left out is not limited."""

    caps = serializers.JSONField(
        required=False,
        help_text='{"email": {"day": 2, "week": 5}, "sms": {…}, "all": {…}}: at most, in any 24 hours and 7 days.',
    )
    when_capped = serializers.CharField(required=False, help_text="“later”: when there is room again; or “skip”.")
    quiet = serializers.JSONField(required=False, help_text=_QUIET)
    when_quiet = serializers.CharField(required=False, help_text="“later”: when they end; or “skip”.")
    exempt = serializers.JSONField(required=False, help_text="Topics that are neither held back nor counted.")
    late_hours = serializers.IntegerField(
        required=False, allow_null=True, help_text="What is so much later than planned is not sent."
    )
    sentences = serializers.ListField(child=serializers.CharField(), read_only=True, help_text="The rules in words.")


class CourtesyView(APIView):
    """How often and at what hours contacts are written to."""

    scope = "courtesy"

    @extend_schema(responses=CourtesySerializer)
    def get(self, request: Request) -> Response:
        return Response(_shown(Courtesy.current().rules))

    @extend_schema(request=CourtesySerializer, responses=CourtesySerializer)
    def put(self, request: Request) -> Response:
        try:
            return Response(_shown(saving.keep(request.data).rules))
        except saving.Invalid as invalid:
            return Response({"detail": str(invalid), "errors": invalid.errors}, status=400)


def _shown(rules: dict[str, Any]) -> dict[str, Any]:
    kept = clean(rules)[0]
    return {**kept, "sentences": sentences(kept)}
