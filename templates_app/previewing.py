"""Shows a version as one contact would get it, while it is still being written."""

from dataclasses import dataclass
from typing import Any

from contacts.models import Contact, Event
from contacts.models.consent import Channel
from contacts.search import search
from templates_app import carrying, mjml, rendering
from templates_app.models import TemplateVersion
from templates_app.sms_parts import Parts, outside_gsm, parts

SHOWN = 8


@dataclass(frozen=True)
class Preview:
    """What the contact would read; `error` is why it cannot be shown.

    An SMS also has `sent`, its text with links as short as they will be, whose `parts` are counted; `shortened` are
    those links as they were written, `unicode` the letters that GSM does not have.
    """

    subject: str = ""
    preheader: str = ""
    html: str = ""
    text: str = ""
    parts: Parts | None = None
    sent: str = ""
    shortened: tuple[str, ...] = ()
    unicode: tuple[str, ...] = ()
    error: str = ""


def preview(version: TemplateVersion, contact: Contact, event: Event | None = None) -> Preview:
    """Rendered for a contact; without an event, what the words say of one is empty."""
    links = {name: f"https://example.com/{name.removesuffix('_url')}" for name in rendering.LINKS}
    context = rendering.context_of(contact, event.properties if event else None) | links
    try:
        if version.template.channel == Channel.SMS:
            return _sms(version.body, context)
        html = rendering.html_of(version.markup, version.body, version.preheader)
        return Preview(
            subject=" ".join(rendering.compile(version.subject, False).render(context).split()),
            preheader=rendering.compile(version.preheader, False).render(context),
            html=rendering.compile(html, True).render(context),
            text=rendering.compile(rendering.text_of(html), False).render(context),
        )
    except (rendering.RenderError, mjml.MjmlError) as error:
        return Preview(error=str(error))


def _sms(body: str, context: dict[str, Any]) -> Preview:
    short = carrying.shortened(body)
    sent = rendering.compile(short.source, False).render(context | dict(short.addresses)).strip()
    return Preview(
        text=rendering.compile(body, False).render(context),
        parts=parts(sent),
        sent=sent,
        shortened=short.links,
        unicode=tuple(outside_gsm(sent)),
    )


def found(text: str) -> list[Contact]:
    """The few contacts that a preview may be for, by the beginnings of the words of their address or name."""
    return list(search(Contact.objects.all(), text).order_by("-pk")[:SHOWN])


def recent_events(contact: Contact) -> list[Event]:
    """The newest events of a contact that know something."""
    if contact.pk is None:
        return []
    return list(Event.objects.filter(contact=contact).exclude(properties={}).order_by("-id")[:SHOWN])


def sample() -> Contact:
    """The newest contact, or an invented one while there is none."""
    return Contact.objects.order_by("-pk").first() or Contact(
        pk=1, email="ada@example.com", phone="+447700900123", first_name="Ada", last_name="Lovelace", language="en"
    )
