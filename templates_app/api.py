"""The templates resource of the API."""

from typing import Any

from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.consent import Channel
from templates_app import checks, composing, designing, publishing
from templates_app.forms import LONGEST_BODY
from templates_app.models import Template, TemplateVersion


class TemplateSerializer(serializers.ModelSerializer):
    """The words are those of the draft, or of the published version while there is none. Writing makes a draft."""

    markup = serializers.ChoiceField(choices=TemplateVersion.Markup.choices, required=False)
    subject = serializers.CharField(required=False, allow_blank=True, max_length=500)
    preheader = serializers.CharField(required=False, allow_blank=True, max_length=500)
    body = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_BODY, trim_whitespace=False)
    design = serializers.JSONField(
        required=False,
        allow_null=True,
        help_text="What the block editor works on; the body is the MJML made of it. Null where it is written by hand.",
    )
    published = serializers.IntegerField(
        source="published.number", default=None, read_only=True, help_text="The number of the version that is sent."
    )
    state = serializers.ChoiceField(choices=TemplateVersion.State.choices, read_only=True, default="draft")
    review = serializers.CharField(
        read_only=True, default="", help_text="Why the newest version was rejected, if it was."
    )
    findings = serializers.SerializerMethodField(help_text="What is wrong with the words, by field and line.")

    class Meta:
        model = Template
        fields = [
            "id", "name", "channel", "folder", "published", "state", "review", *publishing.WORDS, "findings",
            "created_at", "updated_at",
        ]  # fmt: skip
        validators: list[Any] = []

    def to_representation(self, template: Template) -> dict[str, Any]:
        version = _shown(template)
        for word in publishing.WORDS:
            setattr(template, word, getattr(version, word))
        said = {"state": version.state, "review": template.versions.all()[0].review}
        return {**super().to_representation(template), **said}

    def get_findings(self, template: Template) -> list[dict[str, Any]]:
        return [vars(finding) for finding in checks.findings(_shown(template))]

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if self.instance and data.get("channel", self.instance.channel) != self.instance.channel:
            raise serializers.ValidationError({"channel": ["This cannot be changed. Create another template."]})
        if any("\0" in value for value in data.values() if isinstance(value, str)):
            raise serializers.ValidationError("A template cannot hold NUL characters.")
        channel = data.get("channel") or (self.instance.channel if self.instance else "")
        if data.get("design") is not None and channel != Channel.EMAIL:
            raise serializers.ValidationError({"design": ["Only emails are made of blocks."]})
        if data.get("design") is not None:
            try:
                data |= composing.words(data["design"])
            except designing.NotADesign as error:
                raise serializers.ValidationError({"design": [str(error)]}) from error
        elif "body" in data or "markup" in data:
            data["design"] = None  # written by hand
        same = Template.objects.filter(
            channel=data.get("channel") or (self.instance.channel if self.instance else ""),
            name__iexact=data.get("name", ""),
        )
        if same.exclude(pk=self.instance.pk if self.instance else None).exists():
            raise serializers.ValidationError({"name": ["Another template of this channel has this name."]})
        return data

    def create(self, data: dict[str, Any]) -> Template:
        return publishing.create(
            data["name"], data["channel"], data, self.context["request"].user, data.get("folder", "")
        )

    def update(self, template: Template, data: dict[str, Any]) -> Template:
        for field in ("name", "folder"):
            setattr(template, field, data.get(field, getattr(template, field)))
        if {"name", "folder"} & data.keys():
            template.save(update_fields=["name", "folder", "updated_at"])
        words = {word: data[word] for word in publishing.WORDS if word in data}
        if words:
            draft = publishing.draft_of(template, self.context["request"].user)
            draft.template = template
            publishing.save_draft(draft, {word: getattr(draft, word) for word in publishing.WORDS} | words)
        return template


class RejectionSerializer(serializers.Serializer):
    review = serializers.CharField(max_length=2000, help_text="What should be different.")


class TemplateFilter(filters.FilterSet):
    search = filters.CharFilter(field_name="name", lookup_expr="icontains")

    class Meta:
        model = Template
        fields = ["channel", "folder"]


class TemplateViewSet(viewsets.ModelViewSet):
    """Messages that nodes name by id. Deleting one that is in use answers 409."""

    scope = "templates"
    queryset = Template.objects.select_related("published").prefetch_related("versions").order_by("-id")
    serializer_class = TemplateSerializer
    filterset_class = TemplateFilter

    def perform_destroy(self, template: Template) -> None:
        publishing.delete(template)

    def handle_exception(self, error: Exception) -> Response:
        if isinstance(error, publishing.InUse | publishing.NotADraft):
            return Response({"detail": str(error)}, status=409)
        if isinstance(error, publishing.Unpublishable):
            return Response(
                {"detail": str(error), "findings": [vars(finding) for finding in error.findings]}, status=400
            )
        return super().handle_exception(error)

    @extend_schema(request=None, responses=TemplateSerializer)
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, pk: str | None = None) -> Response:
        """Make the draft what is sent from now on."""
        template = self.get_object()
        version = _shown(template)
        publishing.publish(version, request.user, timezone.now())
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=None, responses=TemplateSerializer)
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, pk: str | None = None) -> Response:
        """Ask for the draft to be published; nobody changes it until somebody answers."""
        template = self.get_object()
        publishing.submit(_shown(template), request.user, timezone.now())
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=None, responses=TemplateSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str | None = None) -> Response:
        """Take the version back from review."""
        template = self.get_object()
        publishing.withdraw(_shown(template))
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=RejectionSerializer, responses=TemplateSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str | None = None) -> Response:
        """Say no to the open version, in words that its writer reads."""
        template = self.get_object()
        asked = RejectionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        publishing.reject(_shown(template), request.user, asked.validated_data["review"], timezone.now())
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=None, responses={201: TemplateSerializer})
    @action(detail=True, methods=["post"])
    def clone(self, request: Request, pk: str | None = None) -> Response:
        """A template of the same words, as a draft."""
        copy = publishing.clone(self.get_object(), request.user)
        return Response(self.get_serializer(copy).data, status=201)


def _shown(template: Template) -> TemplateVersion:
    """The open version, else what is published, else the newest. Reads the versions at most once per template."""
    versions = list(template.versions.all())
    version = versions[0] if versions[0].is_open else template.published or versions[0]
    version.template = template
    return version
