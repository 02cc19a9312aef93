"""Builders for messages: a letter with everything in it, and queueing it to contacts."""

from campaigns import contents, outbox
from campaigns.models import Content, Message, Provider
from tests.make import NOW
from tests.outside import MailServer

LETTER = {
    "subject": "Hello {{ contact.first_name }}",
    "preheader": "News for you",
    "body": "<html><body><h1>Grüße, {{ contact.first_name }}</h1>"
    '<p><a href="https://shop.example/sale?a=1&amp;b=2">Sale</a>'
    ' <a href="https://shop.example/for/{{ contact.external_id }}">Yours</a>'
    ' <a href="mailto:help@shop.example">Help</a> <a href="#top">Top</a>'
    ' <a href="{{ unsubscribe_url }}">Leave</a></p></body></html>',
}
TEXT_LETTER = {"body": "Hi {{ contact.first_name }}, see https://shop.example/sale. Bye"}


def content(channel: str = "email", **config) -> Content:
    return contents.content_of(channel, {**(LETTER if channel == "email" else TEXT_LETTER), **config}, NOW)


def queue(
    contact_ids, content: Content, origin: str = "scenario:1:n2", visit: int = 1, event=None, **kwargs
) -> list[Message]:
    """Messages to these contacts, whose passes are numbered like the contacts themselves."""
    ids = list(contact_ids)
    outbox.enqueue(origin, content, ids, ids, [visit] * len(ids), [event] * len(ids), kwargs.pop("now", NOW), **kwargs)
    return list(Message.objects.filter(origin__key=origin, visit=visit, contact__in=ids).order_by("pk"))


def account(server: MailServer, is_default: bool = True) -> Provider:
    """The mail server's account, through which all email then goes."""
    if is_default:
        Provider.objects.filter(channel="email").update(is_default=False)
    settings = {
        "host": "127.0.0.1", "port": server.port, "security": "none", "username": "",
        "from_name": "Ada’s shop", "from_email": "shop@example.com", "timeout": 5,
    }  # fmt: skip
    return Provider.objects.create(
        channel="email", kind="smtp", name="Mail server", settings=settings, is_default=is_default
    )
