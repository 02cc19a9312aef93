"""The messages of one contact, for their page."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from campaigns import reviewing
from campaigns.models import Message
from contacts.models import Contact
from contacts.panels import Panel

SHOWN = 10


def latest(contact: Contact, request: HttpRequest) -> dict[str, Any]:
    """The newest messages with subject and reason, and whether there are more. Nothing for who may not read them."""
    if not request.user.has_perm("campaigns.view_message"):
        return {"may_read": False}
    rows = Message.objects.filter(contact=contact).select_related("origin", "content").order_by("-pk")[: SHOWN + 1]
    messages = list(rows)
    reason = reviewing.Reasons(timezone.now())
    for message in messages:
        message.contact = contact
    return {
        "may_read": True,
        "lines": [(message, reviewing.subject_of(message), reason(message)) for message in messages[:SHOWN]],
        "more": len(messages) > SHOWN,
    }


panel = Panel("Messages", "campaigns/_contact_messages.html", latest, order=10)
