"""Carries templates from draft to published: what was published once never changes again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from contacts.models.consent import Channel
from templates_app import checks, usage
from templates_app.models import Template, TemplateVersion

WORDS = ("markup", "subject", "preheader", "body")


class NotADraft(Exception):
    """Only drafts change; this version was published or rejected meanwhile."""

    def __init__(self) -> None:
        super().__init__("This version is no longer a draft. Open the template again.")


class Unpublishable(Exception):
    """The version has fatal findings, which are in `findings`."""

    def __init__(self, findings: list[checks.Finding]) -> None:
        super().__init__(" ".join(finding.sentence for finding in findings))
        self.findings = findings


class InUse(Exception):
    """Something refers to the template; the message is a sentence, `uses` says what."""

    def __init__(self, template: Template, uses: list[usage.Use]) -> None:
        super().__init__(f"“{template}” is used by {', '.join(f'“{use.label}”' for use in uses)}.")
        self.uses = uses


@transaction.atomic
def create(name: str, channel: str, words: Mapping[str, Any], user: Any) -> Template:
    """A new template with its first draft."""
    template = Template.objects.create(name=name, channel=channel)
    TemplateVersion.objects.create(template=template, number=1, created_by=user, **_allowed(template, words))
    return template


@transaction.atomic
def draft_of(template: Template, user: Any) -> TemplateVersion:
    """The template's draft: the one that exists, or a new one that starts from what is published."""
    # The template's row is the lock under which version numbers are given.
    template = Template.objects.select_for_update().get(pk=template.pk)
    draft = template.versions.filter(state=TemplateVersion.State.DRAFT).first()
    if draft:
        return draft
    newest = template.versions.first()
    start = template.published or newest
    words = {name: getattr(start, name) for name in WORDS} if start else {}
    number = newest.number + 1 if newest else 1
    return TemplateVersion.objects.create(
        template=template, number=number, created_by=user, **_allowed(template, words)
    )


def save_draft(version: TemplateVersion, words: Mapping[str, Any]) -> None:
    """Write the words of a draft.

    Raises:
        NotADraft: it was published or rejected meanwhile.
    """
    allowed = _allowed(version.template, words)
    with transaction.atomic():
        _change(version, **allowed)
        version.template.save(update_fields=["updated_at"])
    for name, value in allowed.items():
        setattr(version, name, value)


def publish(version: TemplateVersion, user: Any, now: datetime) -> None:
    """Make a draft what is sent from now on. Contents that were composed before keep the words of their own version.

    Raises:
        Unpublishable: with what keeps it from being sent.
        NotADraft: it was published or rejected meanwhile.
    """
    state = TemplateVersion.State.PUBLISHED
    with transaction.atomic():
        # Looked at under the lock: what is checked is what is published, whoever is saving at the same time.
        words = TemplateVersion.objects.select_for_update(of=["self"]).select_related("template").get(pk=version.pk)
        fatal = [finding for finding in checks.findings(words) if finding.fatal]
        if fatal and words.state == TemplateVersion.State.DRAFT:
            raise Unpublishable(fatal)
        _change(version, state=state, published_at=now, published_by=user)
        Template.objects.filter(pk=version.template_id).update(published=version, updated_at=now)
    version.state, version.published_at = state, now
    version.template.published = version


def reject(version: TemplateVersion) -> None:
    """Give a draft up; it stays to be read.

    Raises:
        NotADraft: it was published or rejected meanwhile.
    """
    _change(version, state=TemplateVersion.State.REJECTED)
    version.state = TemplateVersion.State.REJECTED


@transaction.atomic
def delete(template: Template) -> None:
    """Remove a template that nothing uses, with all its versions.

    Raises:
        InUse: something does.
    """
    uses = usage.uses_of_template(template.pk)
    if uses:
        raise InUse(template, uses)
    Template.objects.filter(pk=template.pk).update(published=None)
    template.delete()


def _change(draft: TemplateVersion, **fields: Any) -> None:
    if not TemplateVersion.objects.filter(pk=draft.pk, state=TemplateVersion.State.DRAFT).update(**fields):
        raise NotADraft


def _allowed(template: Template, words: Mapping[str, Any]) -> dict[str, Any]:
    """The words that a channel has: an SMS is nothing but its text."""
    allowed = {name: words[name] for name in WORDS if name in words}
    if template.channel == Channel.SMS:
        return {"body": allowed.get("body", ""), "markup": TemplateVersion.Markup.TEXT}
    return allowed
