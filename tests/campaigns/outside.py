"""Outside systems with real sockets: a mail server that keeps what it takes and refuses what it is told to."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller

from campaigns.models import Provider


class MailServer:
    """`refuses` maps a recipient to the answer it gets instead of being taken."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        self.recipients: list[str] = []
        self.refuses: dict[str, str] = {}
        self.port = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.raw.append(envelope.content)
        self.recipients += envelope.rcpt_tos
        return "250 Taken"

    @property
    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(raw, policy=policy.default) for raw in self.raw]

    def provider(self, **fields) -> Provider:
        """The account through which all email then goes."""
        Provider.objects.filter(channel="email").update(is_default=False)
        settings = {
            "host": "127.0.0.1", "port": self.port, "security": "none", "username": "",
            "from_name": "Ada’s shop", "from_email": "shop@example.com", "timeout": 5,
        }  # fmt: skip
        fields = {"name": "Mail server", "is_default": True, **fields}
        return Provider.objects.create(channel="email", kind="smtp", settings=settings, **fields)


@contextmanager
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    controller = Controller(server, hostname="127.0.0.1", port=free_port())
    controller.start()
    server.port = controller.port
    try:
        yield server
    finally:
        controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
