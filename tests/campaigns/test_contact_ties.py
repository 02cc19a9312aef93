"""Contacts become one while they are being written to: nobody gets a mailing twice, and every click counts once."""

import pytest

from campaigns.mailings import commands, queueing
from campaigns.models import Conversion, Listed, Message
from campaigns.tracking import visits
from contacts.models import Contact
from contacts.people import joining
from tests import make, recount
from tests.campaigns import mailings

NOW = make.NOW
pytestmark = pytest.mark.django_db


@pytest.fixture
def two() -> tuple[Contact, Contact]:
    return make.contact("ada@example.com"), make.contact("ada@home.example")


def sent() -> list[int]:
    return list(Message.objects.exclude(sent_at=None).order_by("pk").values_list("contact_id", flat=True))


@pytest.mark.parametrize("kept_is_first", [True, False])
def test_a_mailing_that_is_half_queued_reaches_them_once(two, kept_is_first, monkeypatch):
    monkeypatch.setattr(queueing, "BATCH", 1)
    first, second = two
    commands.send(mailings.campaign(), NOW)
    queueing.queue(NOW)  # counts the audience
    queueing.queue(NOW)  # queues the first of the two
    assert list(Message.objects.values_list("contact_id", flat=True)) == [first.pk]
    kept, gone = (first, second) if kept_is_first else (second, first)
    joining.merge(kept.pk, gone.pk, {}, NOW)
    mailings.until_still()
    assert sent() == [kept.pk]
    assert recount.of_tables() == {}


def test_a_mailing_that_is_queued_for_both_is_sent_once(two):
    kept, gone = two
    commands.send(mailings.campaign(), NOW)
    mailings.queue_all()
    joining.merge(kept.pk, gone.pk, {}, NOW)
    mailings.until_still()
    assert sent() == [kept.pk]
    assert sorted(Message.objects.values_list("state", "reason"))[-1] == ("skipped", "merged")
    assert recount.of_tables() == {}


def test_a_click_that_both_made_counts_for_one_person(two):
    kept, gone = two
    commands.send(mailings.campaign(), NOW)
    mailings.until_still()
    for message in Message.objects.select_related("origin"):
        visits.clicked(message, 0, "https://shop.example", NOW)
    assert recount.of_tables() == {}
    joining.merge(kept.pk, gone.pk, {}, NOW)
    assert recount.of_tables() == {}
    # Another message of the same words, to the same person, is no first click either.
    assert set(Message.objects.values_list("contact_id", flat=True)) == {kept.pk}


def test_lists_of_campaigns_name_them_once(two):
    kept, gone = two
    one, other = mailings.campaign(), mailings.campaign(name="Other")
    Listed.objects.bulk_create(
        [Listed(campaign=one, contact=kept), Listed(campaign=one, contact=gone), Listed(campaign=other, contact=gone)]
    )
    joining.merge(kept.pk, gone.pk, {}, NOW)
    assert sorted(Listed.objects.values_list("campaign", "contact")) == [(one.pk, kept.pk), (other.pk, kept.pk)]
    assert not Conversion.objects.exists()
