"""Shows a version as one contact would get it, while it is still being written."""

from dataclasses import dataclass

from contacts.models import Contact
from contacts.models.consent import Channel
from templates_app import mjml, rendering
from templates_app.models import TemplateVersion
from templates_app.sms_parts import Parts, parts


@dataclass(frozen=True)
class Preview:
    """What the contact would read; `error` is why it cannot be shown."""

    subject: str = ""
    preheader: str = ""
    html: str = ""
    text: str = ""
    parts: Parts | None = None
    error: str = ""


def preview(version: TemplateVersion, contact: Contact) -> Preview:
    """Rendered for a contact, without an event: what templates say of one is empty."""
    context = rendering.context_of(contact) | {"unsubscribe_url": "https://example.com/unsubscribe"}
    try:
        if version.template.channel == Channel.SMS:
            text = rendering.compile(version.body, False).render(context)
            return Preview(text=text, parts=parts(text))
        html = rendering.html_of(version.markup, version.body, version.preheader)
        return Preview(
            subject=" ".join(rendering.compile(version.subject, False).render(context).split()),
            preheader=rendering.compile(version.preheader, False).render(context),
            html=rendering.compile(html, True).render(context),
            text=rendering.compile(rendering.text_of(html), False).render(context),
        )
    except (rendering.RenderError, mjml.MjmlError) as error:
        return Preview(error=str(error))


def sample() -> Contact:
    """The newest contact, or an invented one while there is none."""
    return Contact.objects.order_by("-pk").first() or Contact(
        pk=1, email="ada@example.com", phone="+447700900123", first_name="Ada", last_name="Lovelace", language="en"
    )
