"""A template is sent to an address for a look."""

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.test import Client

from campaigns.models import InboxMessage
from config.models import User
from contacts import timeline
from contacts.models import Event
from contacts.timeline import NewEvent
from templates_app import publishing
from templates_app.models import Template
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


def signed_in(*codenames: str) -> Client:
    cache.clear()
    user = User.objects.create_user("ann", "ann@example.com", "x")
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def client() -> Client:
    return signed_in("view_template", "send_campaign")


def template(**words: str) -> Template:
    given = {"subject": "Hi {{ contact.first_name }}", "body": "<p>{{ event.n }} pieces</p>", "markup": "html"} | words
    return publishing.create("Spring", "email", given, None)


def test_it_goes_out_with_the_data_of_the_contact_and_the_event(client: Client) -> None:
    make.local_outboxes()
    ada = make.contact("ada@example.com", first_name="Ada")
    timeline.record([NewEvent(ada.pk, "order.placed", {"n": 7})], NOW)
    event = Event.objects.filter(name="order.placed").get()
    sent = {"recipient": "boss@example.com", "contact": ada.pk, "event": event.pk}
    assert "the provider took it" in client.post(f"/templates/{template().pk}/test/", sent).content.decode()
    mail = InboxMessage.objects.get()
    assert (mail.recipient, mail.subject) == ("boss@example.com", "Hi Ada")
    assert "7 pieces" in mail.html


def test_it_goes_out_as_it_stands_in_the_form(client: Client) -> None:
    make.local_outboxes()
    words = {"subject": "Unsaved", "body": "<p>x</p>", "markup": "html", "recipient": "a@example.com"}
    client.post(f"/templates/{template().pk}/test/", words)
    assert InboxMessage.objects.get().subject == "Unsaved"


@pytest.mark.parametrize("recipient", ["", "nobody", "a@example.com\r\nBcc: b@example.com", "a@b.co," * 11])
def test_what_is_no_address_or_too_many_are_refused(client: Client, recipient: str) -> None:
    make.local_outboxes()
    assert "danger" in client.post(f"/templates/{template().pk}/test/", {"recipient": recipient}).content.decode()
    assert not InboxMessage.objects.exists()


def test_what_cannot_be_sent_is_not_tried(client: Client) -> None:
    make.local_outboxes()
    page = client.post(f"/templates/{template(subject='{{ nobody.x }}').pk}/test/", {"recipient": "a@example.com"})
    assert "It cannot be sent as it is" in page.content.decode()
    assert not InboxMessage.objects.exists()


def test_one_person_sends_no_more_than_sixty_in_an_hour(client: Client) -> None:
    make.local_outboxes()
    pk, ten = template().pk, ",".join(f"a{n}@example.com" for n in range(10))
    answers = [client.post(f"/templates/{pk}/test/", {"recipient": ten}).content.decode() for _ in range(7)]
    assert ["in an hour" in answer for answer in answers] == [False] * 6 + [True]
    assert InboxMessage.objects.count() == 60


def test_who_may_not_send_may_not_try() -> None:
    assert signed_in("view_template").post(f"/templates/{template().pk}/test/", {}).status_code == 403
