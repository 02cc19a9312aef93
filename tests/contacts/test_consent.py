"""Policy, consent and suppression decide together whom the installation may write to."""

import pytest

from contacts import consent
from contacts.contact_zones import zone_from_phone, zones_of
from contacts.models import Installation
from tests import make

NOW = make.NOW
pytestmark = pytest.mark.django_db


def said(state: str) -> int:
    contact = make.contact(f"{state}@example.com")
    if state != "nothing":
        consent.set_state([contact.pk], "email", state, "test", NOW)
    return contact.pk


@pytest.mark.parametrize(
    ("policy", "refused"), [("opt_out", {"unsubscribed"}), ("opt_in", {"unsubscribed", "unknown", "nothing"})]
)
def test_the_policy_decides_about_those_who_said_nothing(policy, refused, django_assert_num_queries):
    Installation.objects.update_or_create(pk=1, defaults={"consent_policy": policy})
    ids = {state: said(state) for state in ("subscribed", "unsubscribed", "unknown", "nothing")}
    with django_assert_num_queries(1):
        refusals = consent.refusals("email", list(ids.values()))
    assert refusals == {ids[state]: "no consent" for state in refused}


def test_a_suppressed_address_is_refused_whatever_its_contact_said():
    ada, bob = said("subscribed"), make.contact("bob@example.com", phone="+33612345678").pk
    assert consent.suppress("email", ["SUBSCRIBED@example.com", "subscribed@example.com"], "bounced", NOW) == 1
    consent.suppress("sms", ["+33612345678"], "asked", NOW)
    assert consent.refusals("email", [ada, bob]) == {ada: "suppressed"}
    assert consent.refusals("sms", [ada, bob]) == {bob: "suppressed"}


def test_setting_a_state_again_changes_nobody():
    ids = make.contacts(3)
    assert consent.set_state([*ids, 10**9], "email", "subscribed", "test", NOW) == ids
    assert consent.set_state(ids, "email", "subscribed", "other", NOW) == []
    assert consent.states(ids)[ids[0]] == {"email": "subscribed", "sms": "unknown"}


def test_a_contact_without_a_zone_lives_in_the_installations(django_assert_num_queries):
    Installation.objects.update_or_create(pk=1, defaults={"timezone": "Europe/Paris"})
    ada, bob = make.contact("ada@example.com", timezone="Asia/Tokyo"), make.contact("bob@example.com")
    with django_assert_num_queries(1):
        assert zones_of([ada.pk, bob.pk]) == {ada.pk: "Asia/Tokyo", bob.pk: "Europe/Paris"}


@pytest.mark.parametrize(
    ("number", "zone"),
    [
        ("+33612345678", "Europe/Paris"),
        ("+12125551234", "America/New_York"),
        ("+79161234567", ""),
        ("+447911123456", ""),
        ("+999", ""),
        ("", ""),
    ],
)
def test_a_number_gives_its_zone_when_only_one_is_possible(number, zone):
    assert zone_from_phone(number) == zone
