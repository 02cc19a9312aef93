"""What is wrong with the words of a version, and what would only be better otherwise."""

import re
from dataclasses import dataclass

from contacts.models.consent import Channel
from templates_app import carrying, designing, image_checks, link_checks, mjml, rendering, subject_checks
from templates_app.models import TemplateVersion
from templates_app.sms_parts import parts

CLIPPED_AT = 102_000  # bytes of HTML after which Gmail hides the rest, the unsubscribe link included
MANY_PARTS = 3
FEW_WORDS = 60  # characters of text beside pictures
_ADDRESS = re.compile(r"\(?(?:https?://\S+|\{\{.*?\}\})\)?")


@dataclass(frozen=True)
class Finding:
    """`fatal` findings keep a version from being published; the others are advice. `line` counts from 1."""

    field: str
    line: int
    sentence: str
    fatal: bool = True


def findings(version: TemplateVersion) -> list[Finding]:
    """All there is to say about a version, the fatal first, in the order of its fields and lines."""
    is_email = version.template.channel == Channel.EMAIL
    fields = ("subject", "preheader", "design", "body") if is_email else ("body",)
    found = [
        Finding(field, problem.line, problem.sentence)
        for field in fields
        if field != "design"
        for problem in rendering.problems(getattr(version, field))
    ]
    if not version.body.strip():
        found.append(Finding("body", 1, "The message is empty."))
    if version.design is not None:
        found += [
            Finding("design", 1, f"{one.field.capitalize()}: {one.sentence}")
            for one in designing.problems(version.design)
        ]
    found += _of_email(version) if is_email else _of_sms(version)
    return sorted(found, key=lambda one: (not one.fatal, fields.index(one.field), one.line))


def is_publishable(version: TemplateVersion) -> bool:
    return not any(finding.fatal for finding in findings(version))


def _of_email(version: TemplateVersion) -> list[Finding]:
    found = []
    if not version.subject.strip():
        found.append(Finding("subject", 1, "An email needs a subject."))
    if version.markup == TemplateVersion.Markup.MJML and version.body.strip():
        found += [Finding("body", line, sentence) for line, sentence in mjml.problems(version.body)]
    found += [Finding("subject", 1, sentence, fatal=False) for sentence in subject_checks.hints(version.subject)]
    found += [Finding("body", line, sentence, fatal) for line, sentence, fatal in link_checks.problems(version.body)]
    if not any(name in version.body for name in rendering.LINKS):
        found.append(Finding("body", 1, "There is no unsubscribe link: add {{ unsubscribe_url }}.", fatal=False))
    found += [Finding("body", line, sentence, fatal=False) for line, sentence in image_checks.problems(version.body)]
    if version.body.strip() and not any(finding.fatal for finding in found):
        found += _of_html(rendering.html_of(version.markup, version.body, version.preheader))
    return found


def _of_html(html: str) -> list[Finding]:
    found, size = [], len(html.encode())
    if size > CLIPPED_AT:
        sentence = (
            f"The mail has {size // 1_000} kB, and Gmail hides what comes after {CLIPPED_AT // 1_000}: "
            "take blocks out, or send two mails."
        )
        found.append(Finding("body", 1, sentence, fatal=False))
    text = rendering.text_of(html)
    if not text:
        sentence = "Nothing of it is left for those who read mail as text: write some words beside the pictures."
        found.append(Finding("body", 1, sentence, fatal=False))
    elif "<img" in html.lower() and len(_ADDRESS.sub("", text)) < FEW_WORDS:
        sentence = "It is made of pictures almost only: spam filters mistrust that, and many read without pictures."
        found.append(Finding("body", 1, sentence, fatal=False))
    return found


def _of_sms(version: TemplateVersion) -> list[Finding]:
    count = parts(carrying.shortened(version.body).source)
    if count.segments > MANY_PARTS:
        return [Finding("body", 1, f"This is sent and charged as {count.segments} parts.", fatal=False)]
    return []
