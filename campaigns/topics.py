"""Keeps which topic's messages go through which provider."""

from django.db import transaction

from campaigns.models import Content, Provider, TopicRoute

MOST_KNOWN = 200


@transaction.atomic
def choose(topic: str, provider: Provider) -> TopicRoute:
    """From now on messages about the topic go through this provider, unless they name one themselves."""
    TopicRoute.objects.filter(channel=provider.channel, topic__iexact=topic).delete()
    return TopicRoute.objects.create(channel=provider.channel, topic=topic, provider=provider)


def known() -> list[str]:
    """Topics that messages have had, for suggestions."""
    topics = Content.objects.exclude(topic="").order_by("topic").values_list("topic", flat=True)
    return list(topics.distinct()[:MOST_KNOWN])
