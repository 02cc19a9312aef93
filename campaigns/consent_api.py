"""The command of the API that asks a contact for consent by email."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns import asking_consent
from campaigns.contents import Unpublished
from contacts.consent_api import proof
from contacts.models import Contact


class AskSerializer(serializers.Serializer):
    topics = serializers.ListField(
        child=serializers.CharField(max_length=60),
        required=False,
        max_length=50,
        help_text="Keys of topics to be confirmed besides emails as such.",
    )


class AskedSerializer(serializers.Serializer):
    asked = serializers.BooleanField(help_text="False where the contact has subscribed to all of it already.")
    message = serializers.IntegerField(allow_null=True, help_text="The mail that asks.")


class AskConsentView(APIView):
    """Double opt-in: the contact gets a mail with a link, and counts as “pending”, which is not subscribed, until they
    press the button behind it. At most a few times a day; never to a suppressed address."""

    scope = "contacts"

    @extend_schema(request=AskSerializer, responses={202: AskedSerializer})
    def post(self, request: Request, pk: int) -> Response:
        given = AskSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        keys = given.validated_data.get("topics") or []
        try:
            sent = asking_consent.ask(pk, keys, timezone.now(), asking_consent.ASKED, proof(request))
        except Contact.DoesNotExist:
            raise NotFound from None
        except (asking_consent.NotAsked, Unpublished) as refusal:
            raise ValidationError({"detail": [str(refusal)]}) from refusal
        return Response({"asked": sent is not None, "message": sent.pk if sent else None}, status=202)
