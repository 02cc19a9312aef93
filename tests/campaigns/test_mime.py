"""Mails written piece by piece are those that Django's own classes would write."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.channels import mime
from campaigns.channels.email import EmailComposer
from campaigns.models import Content
from campaigns.providers.base import OutgoingEmail
from contacts.models import Contact
from templates_app import rendering

SENDER = "Ada’s shop <shop@example.com>"
BODIES = [
    "<html><body><p>{{ contact.first_name }}</p></body></html>",
    "{{ contact.first_name }}{{ contact.last_name }}",
    "",
    "<p>=3D . \r\n.\r\n..{{ contact.last_name }}\n{{ contact.first_name }}.\n</p>\r<p>"
    "Grüße 👋🏽 {{ contact.first_name }} </p>",
    "<p>" + "long line, " * 300 + "{{ contact.first_name }}" + "ü" * 200 + "</p>",
    '<a href="https://shop.example/?a=1&amp;b={{ contact.last_name }}">Sale</a> <a href="https://x.example/">X</a>'
    '<a href="{{ contact.attributes.url }}">Y</a> <a href="{{ unsubscribe_url }}">Leave</a>',
    "{% if contact.first_name != '' %}<p>.Dear {{ contact.first_name }}</p>{% endif %}" + "é" * 100,
]
SUBJECTS = [
    "Hello {{ contact.first_name }}", "{{ contact.first_name }}{{ contact.last_name }}", "", "Grüße",
    "A subject of many words that does not fit into a single line, so that it is folded at least once {{ contact.id }}",
    "x" * 1500, "é" * 120, "=?utf-8?q?a?=", "👩‍👩‍👧 {{ contact.last_name }}",
]  # fmt: skip
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=100)
names = texts | st.sampled_from([
    "Zoë", "👩‍👩‍👧", "a" * 2000, "é" * 700, ".", "..\n.", "\r\n", "a\rb\nc\r\nd", "=", "=20", " x ", "\t", "-" * 80,
    "From x",
    "\r\n.\r\nQUIT\r\n", "x\r\nBcc: everybody@example.com", "x" * 74, "x" * 75, "x" * 76, "x" * 75 + " ",
])  # fmt: skip


def composed(subject: str, body: str, first: str, last: str, url: str = "https://y.example/é?=1") -> OutgoingEmail:
    content = Content(channel="email", subject=subject, body=body, markup="html")
    contact = Contact(pk=7, email="ann@example.com", first_name=first, last_name=last, attributes={"url": url})
    return EmailComposer(content).compose(12, contact, rendering.context_of(contact))


def read(content: bytes) -> dict[str, Any]:
    mail = message_from_bytes(content, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    assert not mail.defects
    bodies = {part.get_content_type(): re.sub("\r\n?", "\n", part.get_content()) for part in mail.iter_parts()}
    names = ("Subject", "From", "To", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post", "MIME-Version")
    # Before a word that is longer than a line, Django's folding leaves a blank.
    return (
        {name: str(mail[name]).strip() for name in names}
        | bodies
        | {"type": mail.get_content_type(), "count": len(mail)}
    )


def by_django(outgoing: OutgoingEmail) -> bytes:
    return OutgoingEmail.mime(outgoing, SENDER).content


@given(st.sampled_from(SUBJECTS), st.sampled_from(BODIES), names, names)
@settings(max_examples=100, deadline=None)
def test_what_is_read_is_what_django_would_have_written(subject: str, body: str, first: str, last: str) -> None:
    outgoing = composed(subject, body, first, last)
    content = outgoing.mime(SENDER).content
    assert read(content) == read(by_django(outgoing))
    assert content.isascii()
    assert b"\r\n." not in content  # as is_dotless says
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", content)
    assert max(map(len, content.split(b"\r\n"))) <= 998
    body_lines = content.split(b"\r\n\r\n", 1)[1].split(b"\r\n")
    assert max(map(len, body_lines)) <= 78  # Python's own encoder goes beyond 76 where a line ends in a blank.


def test_a_mail_has_one_date_one_sender_and_an_id() -> None:
    sent = composed("Hi", BODIES[0], "Ann", "Lee").mime(SENDER)
    mail = message_from_bytes(sent.content, policy=policy.default)
    assert (len(mail.get_all("Date")), len(mail.get_all("From"))) == (1, 1)
    assert mail["Date"].datetime.year > 2000
    assert sent.id == mail["Message-ID"]


def test_an_international_address_is_written_as_django_writes_it() -> None:
    content = Content(channel="email", subject="Hi", body="x", markup="html")
    contact = Contact(pk=7, email="zoë@exämple.com", attributes={})
    outgoing = EmailComposer(content).compose(12, contact, rendering.context_of(contact))
    assert read(outgoing.mime(SENDER).content) == read(by_django(outgoing))


@pytest.mark.parametrize("value", ["a\r\nBcc: x@example.com", "é\nBcc: x@example.com", "a\rb"])
@pytest.mark.parametrize("name", ["Subject", "To", "X-Name"])
def test_a_header_of_two_lines_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="newlines"):
        mime.header(name, value)
