"""Keeps the exact words of a node or campaign once, however many contacts get them."""

import hashlib
import json
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from campaigns.channels import links
from campaigns.models import Content, Link, Provider
from contacts.models import Topic
from contacts.models.consent import Channel
from templates_app import rendering
from templates_app.models import Template, TemplateVersion


class Unpublished(Exception):
    """The template is gone, is of another channel, or has no published version; the text is a sentence."""


def content_of(channel: str, config: dict[str, Any], now: datetime) -> Content:
    """The content that a node's config describes: `template` (id), or `subject`, `body`, `preheader` and `markup`.

    One SELECT once it is known (two with a template). Raises Unpublished.
    """
    fields = _fields(channel, config)
    digest = hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
    known = Content.objects.filter(digest=digest).first()
    return known or _keep(digest, fields)


def named(contents: QuerySet[Content]) -> QuerySet[Content]:
    """With `topic_name`, how contacts know the topic; "" where there is none."""
    name = Topic.objects.filter(key=OuterRef("topic")).values("name")
    return contents.annotate(called=Coalesce(Subquery(name), Value("")))


def _fields(channel: str, config: dict[str, Any]) -> dict[str, Any]:
    version = _published(channel, config["template"]) if config.get("template") else None
    written: dict[str, Any] = (
        {name: getattr(version, name) for name in ("subject", "preheader", "body", "markup")} if version else config
    )
    plain = TemplateVersion.Markup.TEXT if channel == Channel.SMS else TemplateVersion.Markup.HTML
    return {
        "channel": str(channel),
        "subject": written.get("subject") or "",
        "preheader": written.get("preheader") or "",
        "body": written.get("body") or "",
        "markup": str(written.get("markup") or plain),
        "topic": config.get("topic") or "",
        "provider_id": int(config["provider"]) if config.get("provider") else None,
        "template_version_id": version.pk if version else None,
        # Left out where nothing is said, so that contents which are older than it keep their digests.
        **({"utm": config["utm"]} if config.get("utm") in ("on", "off") else {}),
        **_lateness(config),
    }


def _lateness(config: dict[str, Any]) -> dict[str, Any]:
    """Left out where nothing is said of it, so that words which were kept before it was thought of stay the same."""
    return {"late_hours": config["late_hours"]} if config.get("late_hours") else {}


def _published(channel: str, template_id: int) -> TemplateVersion:
    template = Template.objects.select_related("published").filter(pk=template_id, channel=channel).first()
    if template is None:
        raise Unpublished("The template of this message no longer exists.")
    if template.published is None:
        raise Unpublished(f"The template “{template}” has no published version.")
    return template.published


@transaction.atomic
def _keep(digest: str, fields: dict[str, Any]) -> Content:
    if not Provider.objects.filter(pk=fields["provider_id"], channel=fields["channel"]).exists():
        # It was deleted since: the channel's own takes over. The foreign key would only be missed at commit.
        fields = {**fields, "provider_id": None}
    content, created = Content.objects.get_or_create(digest=digest, defaults=fields)
    if created:
        urls = tracked_links(content)
        Link.objects.bulk_create(Link(content=content, number=number, url=url) for number, url in enumerate(urls))
    return content


def tracked_links(content: Content) -> list[str]:
    """The links of a content whose clicks are counted, in the order of their numbers; they may hold Liquid."""
    if content.channel == Channel.SMS:
        return links.mark_text(content.body)[1]
    return links.mark_html(rendering.html_of(content.markup, content.body))[1]
