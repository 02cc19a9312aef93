"""The providers resource of the API."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import configuring, providers
from campaigns.delivery import breaker
from campaigns.models import Breaker, Provider
from campaigns.providers.base import SettingsForm


class BreakerSerializer(serializers.ModelSerializer):
    """`state`: "closed" is well, "open" is left alone until `probes_at`, "half_open" is being tried."""

    class Meta:
        model = Breaker
        fields = ["state", "reason", "opened_at", "probes_at"]


class ProviderSerializer(serializers.ModelSerializer):
    kind = serializers.ChoiceField(choices=sorted(providers.registry()))
    # Said here, because the framework would otherwise fill in False for who says nothing.
    is_default = serializers.BooleanField(required=False)
    settings = serializers.DictField(
        required=False,
        help_text="The kind’s settings. Passwords and tokens are accepted here and never shown; empty keeps them.",
    )

    breaker = BreakerSerializer(read_only=True, default=None)
    inbound_url = serializers.SerializerMethodField(help_text="Where the provider is to send replies, such as STOP.")

    webhook_url = serializers.SerializerMethodField(
        help_text="Where the provider is to tell what became of messages. It may hold a password: keep it to yourself."
    )

    class Meta:
        model = Provider
        fields = [
            "id", "channel", "kind", "name", "settings", "is_default", "enabled", *configuring.LIMITS,
            *configuring.ROUTES, "breaker", "inbound_url", "webhook_url", "created_at",
        ]  # fmt: skip
        extra_kwargs = {"enabled": {"required": False}}
        validators: list[Any] = []  # the model's own, which know the new default's turn, speak in `configuring`

    def get_inbound_url(self, provider: Provider) -> str:
        return configuring.inbound_url(provider)

    def get_webhook_url(self, provider: Provider) -> str:
        hook = configuring.hook(provider)
        return hook.url if hook and self._writes() else ""

    def _writes(self) -> bool:
        """Who may only look must not learn the password in the address."""
        request = self.context.get("request")
        allows = getattr(getattr(request, "auth", None), "allows", None)
        return bool(allows and allows("providers:write"))

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        stored = self.instance
        for name in ("channel", "kind"):
            if stored and name in data and data[name] != getattr(stored, name):
                raise serializers.ValidationError({name: ["This cannot be changed. Create another provider."]})
        kind = providers.registry()[data["kind"] if stored is None else stored.kind]
        channel = data["channel"] if stored is None else stored.channel
        if channel not in kind.channels:
            raise serializers.ValidationError({"kind": [f"{kind.label} cannot deliver {channel}."]})
        named_so = Provider.objects.filter(channel=channel, name__iexact=data.get("name", ""))
        if named_so.exclude(pk=stored.pk if stored else None).exists():
            raise serializers.ValidationError({"name": ["Another provider of this channel has this name."]})
        following = data.get("fallback")
        if following and (following.channel != channel or following == stored):
            raise serializers.ValidationError({"fallback": ["Name another provider of the same channel."]})
        if stored is None or "settings" in data:
            data["form"] = self._form(kind.key, kind.Form, data.pop("settings", {}))
        return data

    def _form(self, kind: str, form_class: type[SettingsForm], given: dict[str, Any]) -> SettingsForm:
        given = form_class.read(given)
        unknown = sorted(set(given) - set(form_class.base_fields))
        if unknown:
            raise serializers.ValidationError({"settings": {name: ["There is no such setting."] for name in unknown}})
        # A PATCH changes what it names; anything else starts from what is usual.
        base = self.instance.settings if self.partial and self.instance else form_class.defaults(given)
        form = configuring.settings_form(kind, base | given, self.instance)
        if not form.is_valid():
            raise serializers.ValidationError(
                {"settings": {name: [str(each) for each in found] for name, found in form.errors.items()}}
            )
        return form

    def create(self, data: dict[str, Any]) -> Provider:
        form = data.pop("form")
        is_default = data.pop("is_default", None)
        return configuring.save(Provider(**data), form, is_default)

    def update(self, provider: Provider, data: dict[str, Any]) -> Provider:
        for name in (*configuring.LIMITS, *configuring.ROUTES):
            setattr(provider, name, data.get(name, getattr(provider, name)))
        return configuring.change(
            provider,
            timezone.now(),
            form=data.get("form"),
            name=data.get("name"),
            enabled=data.get("enabled"),
            is_default=data.get("is_default"),
        )


class ProviderFilter(filters.FilterSet):
    class Meta:
        model = Provider
        fields = ["channel", "kind", "enabled", "is_default"]


class ProviderViewSet(viewsets.ModelViewSet):
    """Accounts through which email and SMS leave. Deleting one that messages refer to answers 409: disable it."""

    scope = "providers"
    queryset: QuerySet[Provider] = Provider.objects.select_related("breaker").order_by("-id")
    serializer_class = ProviderSerializer
    filterset_class = ProviderFilter

    def perform_destroy(self, provider: Provider) -> None:
        configuring.delete(provider)

    @extend_schema(request=None, responses=ProviderSerializer)
    @action(detail=True, methods=["post"], url_path="try-now")
    def try_now(self, request: Request, pk: str | None = None) -> Response:
        """Try a provider that is left alone, without waiting for its next probe. Elsewhere it changes nothing."""
        breaker.try_now(self.get_object(), timezone.now())
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=None, responses=ProviderSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str | None = None) -> Response:
        """Use a provider again that was left alone. What was paused because of it waits to be resumed."""
        breaker.close(self.get_object(), timezone.now(), request.user)
        return Response(self.get_serializer(self.get_object()).data)

    def handle_exception(self, error: Exception) -> Response:
        if isinstance(error, configuring.InUse):
            return Response({"detail": str(error)}, status=409)
        return super().handle_exception(error)

    @extend_schema(
        request=inline_serializer("ProviderTest", {"recipient": serializers.CharField()}),
        responses=inline_serializer(
            "ProviderTestResult",
            {
                "state": serializers.ChoiceField(choices=["sent", "failed", "bounced", "unknown"]),
                "provider_message_id": serializers.CharField(),
                "reason": serializers.CharField(help_text="The provider’s own words, where it did not take it."),
            },
        ),
    )
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str | None = None) -> Response:
        """Send one test message for real."""
        recipient = request.data.get("recipient") if isinstance(request.data, dict) else None
        if not isinstance(recipient, str) or not recipient.strip():
            raise serializers.ValidationError({"recipient": ["Say to whom."]})
        provider = self.get_object()
        try:
            result = configuring.test(provider, recipient, timezone.now())
        except configuring.ValidationError as error:
            raise serializers.ValidationError({"recipient": error.messages}) from error
        return Response(
            {"state": result.state, "provider_message_id": result.provider_message_id, "reason": result.reason}
        )
