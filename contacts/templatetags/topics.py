"""How templates call a topic."""

from django import template

from contacts import topics

register = template.Library()


@register.filter
def topic_name(key: str) -> str:
    """The name of the topic with this key; the key where there is none."""
    return topics.name(key)
