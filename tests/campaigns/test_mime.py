"""Mails written piece by piece are those that Django's own classes would write."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import formataddr, getaddresses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.channels import list_headers, mime
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


HEADERS = ("Subject", "From", "To", "Message-ID", "List-Unsubscribe", "List-Id", "Feedback-ID", "Date")
hostile = st.sampled_from([
    "x\r\nBcc: everybody@example.com", "x\nBcc: everybody@example.com", "x\rBcc: everybody@example.com",
    "a\0b", "\r\n\r\n<p>body</p>", "\x0bBcc: x@y.example", "\u2028Bcc: x@y.example", "x\x85Bcc: x@y.example", "\x1c",
    "🎉" * 60,
    "é" * 300, '"quoted" <evil@example.com>', "a, b@evil.example", "\\", "=?utf-8?q?=0ABcc:x?=", "x" * 990,
    "ends in blank ",
])  # fmt: skip
topics = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=100) | hostile.map(
    lambda text: text[:100]
)


@given(hostile | names, hostile | names, topics)
@settings(max_examples=150, deadline=None)
def test_nothing_that_people_write_makes_a_header_or_a_long_line(first: str, last: str, topic: str) -> None:
    content = Content(
        channel="email", subject="{{ contact.first_name }} 🎉 {{ contact.last_name }}", body="<p>Hi</p>", markup="html",
        topic=topic.replace("\0", ""),
    )  # fmt: skip
    contact = Contact(pk=7, email="ann@example.com", first_name=first, last_name=last, attributes={})
    written = EmailComposer(content).compose(12, contact, rendering.context_of(contact)).mime(SENDER).content
    assert written.isascii()
    assert b"\0" not in written
    assert max(map(len, written.split(b"\r\n"))) <= 998
    head = written.split(b"\r\n\r\n")[0]
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", head)
    mail = message_from_bytes(written, policy=policy.default)
    assert not mail.defects
    assert set(mail.keys()) == {*HEADERS, "List-Unsubscribe-Post", "Content-Type", "MIME-Version"}
    assert len(mail.keys()) == len(set(mail.keys()))
    assert [address.addr_spec for address in mail["To"].addresses] == ["ann@example.com"]
    subject = f"{first} 🎉 {last}".replace("\0", "")
    assert mail["Subject"].split() == subject.split()
    assert re.search(r"<[a-z0-9.-]+>$", mail["List-Id"])
    assert re.fullmatch(r"c\d+:[a-z0-9-]+:email:[a-z0-9]{5,15}", mail["Feedback-ID"])


@given((hostile | names).map(lambda text: text[:200]), st.sampled_from(["shop@example.com", "shop@exämple.com"]))
@settings(max_examples=100, deadline=None)
def test_a_senders_name_is_one_name_or_refused(name: str, address: str) -> None:
    outgoing = composed("Hi", BODIES[0], "Ann", "Lee")
    # The account's form takes as much, without the blanks around it.
    name = name.strip()
    try:
        written = outgoing.mime(formataddr((name, address))).content
    except (ValueError, UnicodeError):
        # Of several lines: nothing is sent, and the account's form takes none.
        return
    # Python's newer parser breaks on some broken encoded words that a name may look like.
    mail = message_from_bytes(written, policy=policy.compat32)
    ((_, found),) = getaddresses([mail["From"]])
    assert found in ("shop@example.com", "shop@xn--exmple-cua.com")
    assert "Bcc" not in mail
    assert max(map(len, written.split(b"\r\n"))) <= 998


@given(names, names)
@settings(max_examples=80, deadline=None)
def test_what_a_contact_says_stays_text_in_html(first: str, last: str) -> None:
    evil = f"<script>alert(1)</script>{first}\"'><img src=x onerror=alert(1)>{last}"
    body = '<p title="{{ contact.last_name }}">{{ contact.first_name }}</p><a href="{{ contact.attributes.url }}">x</a>'
    html = read(composed("Hi", body, evil, evil, "javascript:alert(1)").mime(SENDER).content)["text/html"]
    assert "<script" not in html
    assert html.count("<img") == 1  # the pixel
    assert 'href="#"' in html
    assert "javascript:" not in html


def test_lists_are_named_by_topic_and_stay_the_same() -> None:
    def headers(topic: str) -> dict[str, str]:
        return list_headers.of(Content(pk=5, channel="email", topic=topic), "app.example.com")

    assert headers("")["List-Id"] == "<messages.app.example.com>"
    assert headers("Product news")["List-Id"] == '"Product news" <product-news.app.example.com>'
    assert headers("Product news")["Feedback-ID"].startswith("c5:product-news:email:")
    assert headers("Nächte")["List-Id"] != headers("Nöchte")["List-Id"]
    assert headers("Nächte") == headers("Nächte")
    assert headers("日本")["List-Id"].startswith("=?utf-8?")
