"""What was counted of a message before it was known through whom it goes, or goes anew, counts there afterwards."""

from datetime import timedelta

import pytest
from django.conf import settings

from campaigns.delivery import resending, sending
from campaigns.models import Message, Provider
from campaigns.objectives import set_objective
from campaigns.tracking import visits
from contacts.models import Installation
from tests import make, recount
from tests.campaigns import letters
from tests.campaigns.converted import ORDERS, order, until_read
from tests.make import NOW

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)


def earned() -> dict:
    stored = recount.rows(
        """SELECT r.day, o.key, r.content_id, r.provider_id, r.country, r.language, r.currency, sum(r.amount)
        FROM campaigns_revenue r JOIN campaigns_origin o ON o.id = r.origin_id
        GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(r.amount) <> 0"""
    )
    return {tuple(key): amount for *key, amount in stored}


def wanted() -> dict:
    plain = recount.by("day", "origin", "content", "provider", "country", "language", "metric")
    return dict(recount.summed(recount.earned(), plain))


@pytest.fixture
def sent() -> Message:
    """A letter that the first account has taken, to somebody who then bought."""
    assert settings.TIME_ZONE == "UTC" and not Installation.current().timezone
    Provider.objects.all().delete()
    make.local_outboxes()
    assert set_objective("scenario:1", ORDERS) == {}
    ada = make.contact("ada@example.com", language="fr")
    (message,) = letters.queue([ada.pk], letters.content())
    while sending.work(NOW):
        pass
    order(ada.pk, NOW + HOUR, value=30, currency="EUR")
    order(ada.pk, NOW + 2 * HOUR, value=12, currency="USD")
    until_read()
    return message


def test_what_is_sent_again_takes_along_what_it_had_earned(sent):
    Message.objects.filter(pk=sent.pk).update(state="failed", failed_at=NOW + 3 * HOUR)
    sent.refresh_from_db()
    first = sent.provider
    Provider.objects.filter(pk=first.pk).update(is_default=False, enabled=False)
    Provider.objects.create(channel="email", kind="local", name="Another", is_default=True)
    assert earned() == wanted() != {}
    assert resending.send_again(sent, NOW + 4 * HOUR)
    while sending.work(NOW + 4 * HOUR):
        pass
    sent.refresh_from_db()
    assert sent.provider != first and sent.state == "sent"
    assert {key[3] for key in earned()} == {sent.provider.pk}
    assert earned() == wanted()


def test_what_was_opened_and_earned_while_it_was_in_hand_counts_where_it_went(sent):
    (message,) = letters.queue([sent.contact_id], letters.content(), origin="scenario:1:n3", now=NOW)
    assert set_objective("scenario:1", {**ORDERS, "touch": "opened"}) == {}
    visits.opened(message, NOW + 5 * HOUR)
    order(sent.contact_id, NOW + 6 * HOUR, value=7, currency="EUR")
    until_read()
    assert {key[3] for key in earned() if key[1] == "scenario:1:n3"} == {None}
    while sending.work(NOW + 7 * HOUR):
        pass
    message.refresh_from_db()
    assert {key[3] for key in earned() if key[1] == "scenario:1:n3"} == {message.provider_id} != {None}
    assert earned() == wanted()
    assert recount.of_tables().get("per day") is None
