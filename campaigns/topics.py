"""Keeps which topic's messages go through which provider."""

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery

from campaigns.models import Provider, TopicRoute
from contacts.models import Topic


@transaction.atomic
def choose(topic: str, provider: Provider) -> TopicRoute:
    """From now on messages about the topic go through this provider, unless they name one themselves."""
    TopicRoute.objects.filter(channel=provider.channel, topic__iexact=topic).delete()
    return TopicRoute.objects.create(channel=provider.channel, topic=topic, provider=provider)


def routes() -> QuerySet[TopicRoute]:
    """All that were chosen, with `topic_name`."""
    name = Topic.objects.filter(key=OuterRef("topic")).values("name")
    return TopicRoute.objects.select_related("provider").annotate(topic_name=Subquery(name))
