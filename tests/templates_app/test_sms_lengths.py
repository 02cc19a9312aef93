"""How long an SMS becomes for real contacts, what its links become, and what it costs."""

from decimal import Decimal

import pytest
from django.conf import settings

from campaigns.models import Price
from templates_app import carrying, sms_lengths
from templates_app.models import Template, TemplateVersion
from templates_app.previewing import preview
from tests import make

pytestmark = pytest.mark.django_db


def test_lengths_are_those_of_real_contacts_with_a_phone() -> None:
    for n in range(9):
        make.contact(f"a{n}@example.com", phone=f"+3361234567{n}", first_name="Ada")
    longest = make.contact("z@example.com", phone="+33612345690", first_name="Z" * 160)
    make.contact("nophone@example.com", first_name="N" * 200)
    found = sms_lengths.lengths("Hello {{ contact.first_name }}")
    assert found is not None
    assert (found.contacts, found.least, found.typical, found.most) == (10, 1, 1, 2)
    assert [(share.segments, share.percent) for share in found.shares] == [(1, 90), (2, 10)]
    assert found.longest == longest


def test_contacts_whose_names_gsm_does_not_have_are_counted() -> None:
    make.contact("a@example.com", phone="+33612345670", first_name="Ada")
    make.contact("b@example.com", phone="+33612345671", first_name="Зоя")
    found = sms_lengths.lengths("Hello {{ contact.first_name }}")
    assert found is not None
    assert found.unicode == 1


def test_the_price_is_that_of_each_country_times_its_parts() -> None:
    make.contact("f@example.com", phone="+33612345670", first_name="F")
    make.contact("d@example.com", phone="+4915112345678", first_name="D" * 170)
    Price.objects.create(channel="sms", country="FR", amount=Decimal("0.05"))
    Price.objects.create(channel="sms", country="DE", amount=Decimal("0.10"))
    found = sms_lengths.lengths("{{ contact.first_name }}")
    assert found is not None
    assert {cost.country: cost.each for cost in found.costs} == {"France": Decimal("0.05"), "Germany": Decimal("0.20")}
    assert found.thousand == Decimal(125)


def test_without_contacts_or_with_broken_words_there_is_nothing_to_tell() -> None:
    assert sms_lengths.lengths("Hello") is None
    make.contact("a@example.com", phone="+33612345670")
    assert sms_lengths.lengths("{{ contact.") is None


def test_links_are_counted_as_short_as_they_will_be_and_open_nothing() -> None:
    long = f"https://example.com/{'a' * 200}"
    short = carrying.shortened(f"See {long}.")
    assert short.links == (long,)
    assert len(short.source) < len(f"See {settings.PUBLIC_URL}/s/") + 20
    version = TemplateVersion(template=Template(channel="sms"), body=f"See {long}", markup="text")
    shown = preview(version, make.contact("a@example.com"))
    assert shown.parts is not None
    assert shown.parts.segments == 1
    assert long in shown.text
    assert long not in shown.sent


def test_a_thousand_contacts_are_looked_at_with_a_handful_of_queries(django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    for n in range(30):
        make.contact(f"c{n}@example.com", phone=f"+336123456{n:02}")
    with django_assert_max_num_queries(3):
        sms_lengths.lengths("Hello {{ contact.first_name }}")
