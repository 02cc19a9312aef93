"""Says who an email is from at a service, which headers go with it, and by what we know it again."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.core.mail import EmailMultiAlternatives

from campaigns.providers._esp_specs import Spec
from campaigns.providers.base import OutgoingEmail
from campaigns.tracking import signatures

# Under this name our token travels with a message, and comes back in what the service tells of it.
NAME = "waypost"
_ADDRESS = re.compile(r"<(https?://[^>]+)>")


@dataclass(frozen=True)
class Addressing:
    """`sender` is who emails are from that do not say so themselves."""

    spec: Spec
    sender: str
    unsubscribes: str = ""  # the service's own parameter for the address of List-Unsubscribe, where it is to be used

    def sender_of(self, email: OutgoingEmail) -> str:
        return email.sender or self.sender

    def headers_of(self, email: OutgoingEmail) -> dict[str, str]:
        return {name: value for name, value in email.headers.items() if name.lower() not in self.spec.refuses}

    def metadata_of(self, email: OutgoingEmail) -> Mapping[str, str]:
        """Our token, where the service gives it back."""
        if not self.spec.metadata or email.message_id is None:
            return {}
        return {NAME: signatures.token(email.message_id)}

    def message_of(self, email: OutgoingEmail) -> EmailMultiAlternatives:
        message = email.message
        message.from_email = self.sender_of(email)
        if self.unsubscribes and (found := _ADDRESS.search(email.headers.get("List-Unsubscribe", ""))):
            message.esp_extra = {self.unsubscribes: found[1]}  # type: ignore[attr-defined]
        message.extra_headers = self.headers_of(email)
        if metadata := self.metadata_of(email):
            message.metadata = metadata  # type: ignore[attr-defined]
        return message
