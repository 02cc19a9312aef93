"""The outside world of the tests: mail servers and Twilio, on real sockets, that can misbehave on demand."""

import asyncio
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from urllib.parse import parse_qs

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests.http_server import Handler, serving


class MailServer:
    """Takes mails. What it does otherwise is set by what it is told to do with a recipient or with the next mail."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.contents: list[bytes] = []  # the same, byte by byte
        self.connections = 0
        self.refuse: dict[str, str] = {}  # recipient → answer to RCPT
        self.answer_data: list[str] = []  # answers to the next mails' content
        self.drop_after_data = 0  # how many of the next mails it takes and then says nothing
        self.drop_before_data = 0  # how many of the next recipients it answers by hanging up
        self.hang_up_after = 0  # mails per connection; 0 for no limit
        self.pipelines = False  # whether it says that it takes several commands at once
        self.port = 0

    def to(self) -> list[str]:
        return [mail["To"] for mail in self.mails]

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name, session.taken = hostname, 0
        if self.pipelines:
            responses.insert(1, "250-PIPELINING")
        return responses

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.hang_up_after and session.taken >= self.hang_up_after:
            return "421 4.7.0 Too many messages on this connection"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.drop_before_data:
            self.drop_before_data -= 1
            server.transport.abort()
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.answer_data:
            return self.answer_data.pop(0)
        self.contents.append(envelope.content)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        if self.drop_after_data:
            self.drop_after_data -= 1
            server.transport.abort()
        session.taken += 1
        return "250 Taken"


@contextmanager
def mail_server(
    login: tuple[str, str] | None = None,
    starttls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
) -> Iterator[MailServer]:
    """A mail server on a free port; with `login`, only for who knows the user name and the password.

    With `starttls` it takes nothing before that command, with `tls` it speaks nothing else from the start.
    """

    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        known = login is not None and (data.login.decode(), data.password.decode()) == login
        return AuthResult(success=known, handled=False)

    handler = MailServer()
    kwargs: dict[str, Any] = {}
    if login:
        kwargs = {"authenticator": authenticate, "auth_required": True, "auth_require_tls": starttls is not None}
    if starttls:
        kwargs |= {"tls_context": starttls, "require_starttls": True}
    loop = asyncio.new_event_loop()

    def session() -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of passwords without TLS
            return SMTP(handler, hostname="mail.test", loop=loop, **kwargs)

    # Its loop only ever runs in its thread: the one that asks may have a loop of its own, as browsers' drivers do.
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    listening = asyncio.run_coroutine_threadsafe(_listen(loop, session, tls), loop).result()
    handler.port = listening.sockets[0].getsockname()[1]
    try:
        yield handler
    finally:
        asyncio.run_coroutine_threadsafe(_stop(listening), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _listen(
    loop: asyncio.AbstractEventLoop, session: Callable[[], SMTP], tls: ssl.SSLContext | None
) -> asyncio.Server:
    return await loop.create_server(session, "127.0.0.1", 0, ssl=tls)


async def _stop(listening: asyncio.Server) -> None:
    listening.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


class TwilioServer:
    """Speaks Twilio's protocol: takes text messages, or answers with the next of `answers` (status, JSON)."""

    def __init__(self) -> None:
        self.messages: list[dict[str, str]] = []
        self.authorizations: list[str] = []
        self.answers: list[tuple[int, dict[str, Any] | str]] = []
        self.drop = 0  # how many of the next requests it takes and then says nothing
        self.url = ""

    def take(self, fields: dict[str, str]) -> tuple[int, dict[str, Any] | str]:
        self.messages.append(fields)
        if self.answers:
            return self.answers.pop(0)
        sid = f"SM{len(self.messages):032d}"
        return 201, {"sid": sid, "status": "queued", "error_code": None, "error_message": None, "uri": ""}


@contextmanager
def twilio_server() -> Iterator[TwilioServer]:
    twilio = TwilioServer()

    class Twilio(Handler):
        def do_POST(self) -> None:
            body = self.body().decode()
            twilio.authorizations.append(self.headers.get("Authorization", ""))
            fields = {name: values[0] for name, values in parse_qs(body).items()} | {"path": self.path}
            if twilio.drop:
                twilio.drop -= 1
                twilio.messages.append(fields)
                self.close_connection = True
                return
            self.say(*twilio.take(fields))

        def do_GET(self) -> None:
            """Of the account."""
            twilio.authorizations.append(self.headers.get("Authorization", ""))
            sid = self.path.rpartition("/")[2].removesuffix(".json")
            self.say(*(twilio.answers.pop(0) if twilio.answers else (200, {"sid": sid, "status": "active"})))

    with serving(Twilio) as twilio.url:
        yield twilio
