"""Many mails of one content in one call of Mailgun: what they have in common goes along once."""

from collections.abc import Iterator

import pytest

from campaigns.channels.email import EmailComposer
from campaigns.models import Content
from campaigns.providers.base import OutgoingEmail
from contacts.models import Contact
from templates_app import rendering
from tests.campaigns.esp_protocols import BY_KIND
from tests.campaigns.esp_server import EspServer, esp_server
from tests.campaigns.test_providers_esps import account, answered, send

pytestmark = pytest.mark.django_db
MAILGUN = BY_KIND["mailgun"]
LETTER = (
    '<p>Grüße, {{ contact.first_name }}</p><a href="https://shop.example/a?b=1&amp;c=2">Sale</a>'
    '<a href="https://shop.example/for/{{ contact.attributes.code }}">Yours</a>'
)
NAMES = ["Ada", "", "<b>Zoë</b>", 'O\'Neill & "Sons"', "{{ contact.email }}", "100 % sure", "a\r\nb"]


@pytest.fixture
def service() -> Iterator[EspServer]:
    with esp_server(lambda call: answered(MAILGUN, call)) as running:
        yield running


def mails(body: str = LETTER, subject: str = "Hello {{ contact.first_name }}", first: int = 1) -> list[OutgoingEmail]:
    composer = EmailComposer(Content(channel="email", subject=subject, body=body, markup="html"))
    found = []
    for pk, name in enumerate(NAMES, first):
        contact = Contact(pk=pk, email=f"c{pk}@example.com", first_name=name, attributes={"code": f"é{pk}"})
        found.append(composer.compose(pk, contact, rendering.context_of(contact)))
    return found


def test_what_is_the_same_for_all_goes_along_once(service: EspServer) -> None:
    assert {result.state for result in send(account(MAILGUN, service.url), *mails())} == {"sent"}
    (call,) = service.calls
    assert call.body.count("Grüße".encode()) == 2  # in the text and in the HTML
    assert call.body.count(b"Zo") == 3


@pytest.mark.parametrize(
    "body",
    [
        LETTER,
        LETTER + "{% if contact.first_name %}<p>Dear {{ contact.first_name }}</p>{% endif %}",
        LETTER + "<p>%recipient.t0% and %unsubscribe_url%</p>",
    ],
    ids=["fields only", "with a condition", "with words that are the service’s own"],
)
def test_everybody_gets_the_very_mail_that_other_services_would_get(service: EspServer, body: str) -> None:
    send(account(MAILGUN, service.url), *mails(body))
    got = [mail for call in service.calls for mail in MAILGUN.mails(call)]
    for mail, sent in zip(got, mails(body), strict=True):
        assert (mail.to, mail.subject) == (sent.recipient, sent.subject)
        if "%" in body.replace("{%", "").replace("%}", ""):
            assert mail.html.count("%unsubscribe_url%") == 1
            continue
        assert mail.html == sent.message.alternatives[0][0]
        assert mail.text == sent.message.body
        assert mail.headers.items() >= {name.title(): value for name, value in sent.headers.items()}.items()


def test_two_contents_are_two_calls(service: EspServer) -> None:
    batch = [*mails(), *mails("<p>Another one</p>", first=50)]
    assert len(send(account(MAILGUN, service.url), *batch)) == 14
    assert sorted(len(MAILGUN.mails(call)) for call in service.calls) == [7, 7]
