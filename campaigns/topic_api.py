"""The resource of the API that says which topics go through which providers."""

from typing import Any

from rest_framework import mixins, serializers, viewsets

from campaigns import topics
from campaigns.models import Provider, TopicRoute
from contacts.topics import problem


class TopicRouteSerializer(serializers.ModelSerializer):
    provider = serializers.PrimaryKeyRelatedField(queryset=Provider.objects.all())

    class Meta:
        model = TopicRoute
        fields = ["id", "channel", "topic", "provider"]
        read_only_fields = ["channel"]

    def validate_topic(self, key: str) -> str:
        if sentence := problem(key):
            raise serializers.ValidationError(sentence)
        return key

    def create(self, data: dict[str, Any]) -> TopicRoute:
        return topics.choose(data["topic"], data["provider"])


class TopicRouteViewSet(
    mixins.CreateModelMixin, mixins.DestroyModelMixin, mixins.ListModelMixin, viewsets.GenericViewSet
):
    """Messages about a topic go through its provider, unless they name one. A POST replaces what was chosen for the
    topic in the provider's channel."""

    scope = "providers"
    queryset = TopicRoute.objects.order_by("-id")
    serializer_class = TopicRouteSerializer
    filterset_fields = ["channel", "provider"]
