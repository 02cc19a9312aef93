"""Carries templates from draft through review to published: what was published once never changes again."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any

from django.db import transaction
from django.db.models.functions import Lower

from contacts.models.consent import Channel
from templates_app import checks, composing, usage
from templates_app.models import Template, TemplateVersion

WORDS = ("markup", "subject", "preheader", "body", "design")
OPEN = (TemplateVersion.State.DRAFT, TemplateVersion.State.IN_REVIEW)


class NotADraft(Exception):
    """Only drafts change; this version is in review, or was published or rejected meanwhile."""

    def __init__(self, state: str) -> None:
        super().__init__(
            "This version is in review. Take it back before you change it."
            if state == TemplateVersion.State.IN_REVIEW
            else "This version is no longer a draft. Open the template again."
        )


class Overtaken(Exception):
    """Somebody else has saved this draft since it was opened."""

    def __init__(self) -> None:
        super().__init__("This draft was changed elsewhere since you opened it. Load the page again to see it.")


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
def create(name: str, channel: str, words: Mapping[str, Any], user: Any, folder: str = "") -> Template:
    """A new template with its first draft."""
    template = Template.objects.create(name=name, channel=channel, folder=folder)
    TemplateVersion.objects.create(template=template, number=1, created_by=user, **_allowed(template, words))
    return template


@transaction.atomic
def clone(template: Template, user: Any) -> Template:
    """A template of the same words under a name of its own; nothing of it is published."""
    taken = set(Template.objects.filter(channel=template.channel).values_list(Lower("name"), flat=True))
    names = (f"{template.name[:180]} (copy{f' {n}' if n > 1 else ''})" for n in count(1))
    name = next(name for name in names if name.lower() not in taken)
    return create(name, template.channel, _newest(template), user, template.folder)


def _newest(template: Template) -> dict[str, Any]:
    newest = template.versions.first()
    return {name: getattr(newest, name) for name in WORDS} if newest else {}


@transaction.atomic
def draft_of(template: Template, user: Any) -> TemplateVersion:
    """The template's open version: the one that exists, or a new draft. That starts from what is published, or from
    what a reviewer sent back since."""
    # The template's row is the lock under which version numbers are given.
    template = Template.objects.select_for_update().get(pk=template.pk)
    newest = template.versions.first()
    if newest and newest.is_open:
        return newest
    start = newest if newest and newest.review else template.published or newest
    words = {name: getattr(start, name) for name in WORDS} if start else {}
    number = newest.number + 1 if newest else 1
    return TemplateVersion.objects.create(
        template=template, number=number, created_by=user, **_allowed(template, words)
    )


def save_draft(version: TemplateVersion, words: Mapping[str, Any], revision: int | None = None) -> None:
    """Write the words of a draft. With a `revision`, only if nobody has saved since that one.

    Raises:
        NotADraft: it is in review, or was published or rejected meanwhile.
        Overtaken: somebody has saved it meanwhile.
    """
    allowed = _allowed(version.template, words)
    with transaction.atomic():
        draft = TemplateVersion.objects.select_for_update(of=["self"]).get(pk=version.pk)
        if draft.state != TemplateVersion.State.DRAFT:
            raise NotADraft(draft.state)
        if revision is not None and draft.revision != revision:
            raise Overtaken
        TemplateVersion.objects.filter(pk=draft.pk).update(revision=draft.revision + 1, **allowed)
        version.template.save(update_fields=["updated_at"])
    for name, value in allowed.items():
        setattr(version, name, value)
    version.revision = draft.revision + 1


def submit(version: TemplateVersion, user: Any, now: datetime) -> None:
    """Ask for a draft to be published: until somebody answers, nobody changes it.

    Raises:
        Unpublishable: with what keeps it from being sent.
        NotADraft: it is no draft (any more).
    """
    state = TemplateVersion.State.IN_REVIEW
    with transaction.atomic():
        _sendable(version)
        _change(version, (TemplateVersion.State.DRAFT,), state=state, submitted_at=now, submitted_by=user)
    version.state, version.submitted_at = state, now


def withdraw(version: TemplateVersion) -> None:
    """Take a version back from review: it is a draft again. Raises NotADraft where somebody has answered."""
    state = TemplateVersion.State.DRAFT
    _change(version, (TemplateVersion.State.IN_REVIEW,), state=state, submitted_at=None, submitted_by=None)
    version.state = state


def publish(version: TemplateVersion, user: Any, now: datetime) -> None:
    """Make an open version what is sent from now on. Contents that were composed before keep the words of their own
    version.

    Raises:
        Unpublishable: with what keeps it from being sent.
        NotADraft: it was published or rejected meanwhile.
    """
    state = TemplateVersion.State.PUBLISHED
    with transaction.atomic():
        _sendable(version)
        _change(version, OPEN, state=state, published_at=now, published_by=user)
        Template.objects.filter(pk=version.template_id).update(published=version, updated_at=now)
    version.state, version.published_at = state, now
    version.template.published = version


def reject(version: TemplateVersion, user: Any, words: str, now: datetime) -> None:
    """Say no to an open version, in words that its writer reads; it stays, and the next draft starts from it.

    Raises:
        NotADraft: it was published or rejected meanwhile.
    """
    state = TemplateVersion.State.REJECTED
    _change(version, OPEN, state=state, rejected_at=now, rejected_by=user, review=words)
    version.state, version.review = state, words


def _sendable(version: TemplateVersion) -> None:
    """Looked at under the lock: what is checked is what is published, whoever is saving at the same time.

    A design is written anew: it is published in the brand of now, not in that of when it was last saved.
    """
    words = TemplateVersion.objects.select_for_update(of=["self"]).select_related("template").get(pk=version.pk)
    if words.is_open and words.design is not None:
        composed = composing.words(words.design)["body"]
        if composed != words.body:
            words.body = version.body = composed
            TemplateVersion.objects.filter(pk=words.pk).update(body=composed)
    fatal = [finding for finding in checks.findings(words) if finding.fatal]
    if fatal and words.is_open:
        raise Unpublishable(fatal)


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


def _change(version: TemplateVersion, states: Sequence[str], **fields: Any) -> None:
    if not TemplateVersion.objects.filter(pk=version.pk, state__in=states).update(**fields):
        raise NotADraft(TemplateVersion.objects.values_list("state", flat=True).get(pk=version.pk))


def _allowed(template: Template, words: Mapping[str, Any]) -> dict[str, Any]:
    """The words that a channel has: an SMS is nothing but its text."""
    allowed = {name: words[name] for name in WORDS if name in words}
    if "body" in allowed:
        # A body that was written by hand is not what the design says any more.
        allowed.setdefault("design", None)
    if template.channel == Channel.SMS:
        return {"body": allowed.get("body", ""), "markup": TemplateVersion.Markup.TEXT}
    return allowed
