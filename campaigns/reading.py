"""How a message of the inbox can be looked at."""

import re

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from campaigns.models import InboxMessage
from contacts.models.consent import Channel
from templates_app.sms_parts import Parts, parts

ADDRESS = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)\]}]")


def views_of(message: InboxMessage) -> list[tuple[str, str]]:
    """The tabs of a message, as (key, label), the best one first."""
    if message.channel == Channel.SMS:
        return [("sms", "Message")]
    tabs = [("html", "HTML")] if message.html else []
    return [*tabs, ("text", "Text"), ("headers", "Headers")]


def with_links(text: str) -> SafeString:
    """Plain text as HTML in which addresses can be clicked."""
    out, at = [], 0
    for match in ADDRESS.finditer(text):
        url = escape(match.group())
        out += [escape(text[at : match.start()]), f'<a href="{url}" target="_blank" rel="noopener">{url}</a>']
        at = match.end()
    # Every piece is escaped above.
    return mark_safe("".join([*out, escape(text[at:])]))  # noqa: S308


def parts_of(message: InboxMessage) -> Parts | None:
    """How many parts an SMS would be charged as."""
    return parts(message.text) if message.channel == Channel.SMS else None
