"""The topics resource of the API."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from contacts import topics
from contacts.models import Topic
from contacts.topic_keys import key_of


class TopicSerializer(serializers.ModelSerializer):
    key = serializers.RegexField(
        r"^[a-z0-9][a-z0-9_-]*\Z",
        max_length=60,
        required=False,
        help_text="How messages name it. Made from the name where it is left out; it cannot be changed later.",
    )
    archived = serializers.SerializerMethodField()

    class Meta:
        model = Topic
        fields = ["id", "key", "name", "description", "policy", "public", "double_opt_in", "position", "archived"]
        read_only_fields = ["position"]

    def get_archived(self, topic: Topic) -> bool:
        return topic.archived_at is not None

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        key = data.get("key") or (key_of(data["name"]) if "name" in data and not self.instance else "")
        if self.instance is not None:
            if key and key != self.instance.key:
                raise serializers.ValidationError({"key": "A topic keeps its key: messages and links name it."})
        elif Topic.objects.filter(key=key).exists():
            raise serializers.ValidationError({"key": f"There is a topic with the key “{key}” already."})
        else:
            data["key"] = key
        return data

    def create(self, data: dict[str, Any]) -> Topic:
        return topics.create(**data)


class TopicViewSet(
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    mixins.ListModelMixin,
    viewsets.GenericViewSet,
):
    """What messages can be about, and contacts can leave. A topic is archived rather than deleted, because messages
    that were sent name it: then nobody is offered it any more, and what names it is sent as before."""

    scope = "topics"
    queryset = Topic.objects.all()
    serializer_class = TopicSerializer
    lookup_field = "key"
    lookup_value_regex = "[a-z0-9_-]{1,60}"
    filterset_fields = ["key", "public", "policy"]

    @extend_schema(request=None, responses=TopicSerializer)
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, key: str) -> Response:
        topics.archive(self.get_object(), timezone.now())
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=None, responses=TopicSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, key: str) -> Response:
        topics.restore(self.get_object())
        return Response(self.get_serializer(self.get_object()).data)
