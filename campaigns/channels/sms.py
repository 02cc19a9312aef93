"""SMS: plain text with short signed links."""

import re
from typing import Any

from campaigns.channels import links
from campaigns.channels.base import Channel, Composer, Refused, preferences_url, unsubscribe_url
from campaigns.models import Content
from campaigns.providers.base import Outgoing, OutgoingSms
from campaigns.skip_reasons import INVALID_ADDRESS, NO_ADDRESS
from campaigns.tracking import addresses, signatures
from contacts.addressees import AnyContact
from templates_app import rendering
from templates_app.sms_parts import parts

_LINK = re.compile(f"{links.CLICK}(\\d+)\0\\.")
_E164 = re.compile(r"\+[1-9]\d{4,14}")


class Sms(Channel):
    key = "sms"

    def address(self, contact: AnyContact) -> str:
        if not contact.phone:
            raise Refused(NO_ADDRESS)
        if not _E164.fullmatch(contact.phone):
            raise Refused(INVALID_ADDRESS)
        return contact.phone

    def composer(self, content: Content) -> "SmsComposer":
        return SmsComposer(content)


class SmsComposer(Composer):
    def __init__(self, content: Content) -> None:
        marked, self.urls = links.mark_text(content.body)
        self.text = rendering.compile(marked, escape=False)

    def compose(self, message_id: int, contact: AnyContact, context: dict[str, Any]) -> OutgoingSms:
        context["unsubscribe_url"] = unsubscribe_url(message_id)
        context["preferences_url"] = preferences_url(message_id)

        def short(match: re.Match[str]) -> str:
            return f"{addresses.base()}/s/{signatures.short_token(message_id, int(match[1]))}"

        text = _LINK.sub(short, self.text.render(context)).replace("\0", "")
        return OutgoingSms(message_id=message_id, recipient=contact.phone or "", text=text.strip())

    def parts(self, outgoing: Outgoing) -> int:
        return max(parts(outgoing.text).segments, 1) if isinstance(outgoing, OutgoingSms) else 1
