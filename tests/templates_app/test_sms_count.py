"""Below an SMS that is written in another page's form stands how long it becomes and what it costs."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from config.models import User
from templates_app import carrying
from templates_app.models import Template
from tests import make

pytestmark = pytest.mark.django_db


class Dear:
    """Every part costs the same everywhere."""

    currency = "EUR"

    def shortened(self, source: str) -> carrying.Shortened:
        return carrying.Shortened(source)

    def prices(self) -> dict[str, Decimal]:
        return {"": Decimal("0.07")}


@pytest.fixture
def web() -> Client:
    make.contact("ada@example.com", first_name="Ada", phone="+4917012345678")
    client = Client()
    client.force_login(User.objects.create_user("mia", "mia@example.com", "x"))
    return client


def told(web: Client, body: str, name: str = "n2-sms-body") -> str:
    return " ".join(web.post(reverse("template_sms_count") + f"?of={name}", {name: body}).text.split())


def test_the_text_is_counted_as_a_contact_gets_it(web: Client) -> None:
    assert "9 of 160 letters, 151 left" in told(web, "Hello {{ contact.first_name }}")
    assert "<code>ł</code>" in told(web, "Hello ł")
    assert "2 parts" in told(web, "x" * 161, "body")


def test_it_says_what_it_costs_where_a_price_is_known(web: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "a contact" not in told(web, "Hello")
    monkeypatch.setattr(carrying, "_carriers", [Dear()])
    assert "about 0.1400 EUR a contact" in told(web, "x" * 161)


def test_nothing_and_nonsense_are_no_errors_and_nothing_is_kept(web: Client) -> None:
    assert told(web, " ") == ""
    assert told(web, "{% if %}") != ""
    assert "part" in told(web, "<b>\0")
    assert web.post(reverse("template_sms_count"), {"": "x"}).status_code == 200
    assert not Template.objects.exists()


def test_who_is_not_signed_in_is_told_nothing() -> None:
    assert Client().post(reverse("template_sms_count") + "?of=body", {"body": "x"}).status_code == 302
