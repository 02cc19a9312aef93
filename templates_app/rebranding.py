"""Carries a changed brand into the mails made of blocks that are published already."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from templates_app import composing, designing, publishing
from templates_app.models import Template, TemplateVersion


@dataclass(frozen=True)
class Stale:
    """Templates whose published words show an earlier brand: `held` have a draft, which takes it on when published."""

    ready: list[Template]
    held: list[Template]


def stale() -> Stale:
    """Two statements, whatever there is."""
    templates = Template.objects.filter(published__design__isnull=False).select_related("published").order_by("name")
    drafts = set(
        TemplateVersion.objects.filter(state__in=publishing.OPEN, template__in=templates.values("pk")).values_list(
            "template_id", flat=True
        )
    )
    look = composing.look()
    old = [template for template in templates if _in_brand(template, look) not in ("", _published(template).body)]
    return Stale([one for one in old if one.pk not in drafts], [one for one in old if one.pk in drafts])


def refresh(user: Any, now: datetime) -> list[Template]:
    """Publish a new version of each that has no draft, the same design in the brand of now; those that were."""
    done = []
    for template in stale().ready:
        with transaction.atomic():
            version = publishing.draft_of(template, user)
            if version.state != TemplateVersion.State.DRAFT or version.revision:
                continue  # somebody has begun to write meanwhile
            try:
                publishing.publish(version, user, now)
            except publishing.Unpublishable:
                # What was published before there was such a check: it stays as it is, its draft says what is wrong.
                continue
        done.append(template)
    return done


def _published(template: Template) -> TemplateVersion:
    assert template.published is not None
    return template.published


def _in_brand(template: Template, look: Any) -> str:
    try:
        return designing.mjml_of(_published(template).design, look)
    except designing.NotADesign:
        return ""
