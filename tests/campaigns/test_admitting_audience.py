"""Before it is sent, a campaign's audience says how many courtesy will leave out."""

from datetime import timedelta

import pytest

from campaigns.mailings import audience
from campaigns.models import Courtesy
from tests import make
from tests.campaigns import letters, mailings
from tests.campaigns.courtesies import one_a_day
from tests.campaigns.mailings import hand_over
from tests.make import NOW

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_the_audience_counts_exactly_those_who_would_be_skipped():
    make.topic("receipts")
    one_a_day(when_capped="skip", exempt=["receipts"])
    ids = make.contacts(10)
    letters.queue(ids[:4], letters.content())
    hand_over()
    campaign = mailings.campaign()
    counted = audience.counted(campaign, NOW + HOUR)
    assert (counted.total, counted.capped, counted.reachable) == (10, 4, 6)
    assert audience.counted(campaign, NOW + DAY).capped == 0
    assert audience.counted(mailings.campaign(topic="receipts"), NOW + HOUR).capped == 0
    one_a_day()  # put off, not left out
    assert audience.counted(campaign, NOW + HOUR).capped == 0


def test_the_audience_knows_of_what_was_sent_before_there_were_caps():
    letters.queue(make.contacts(3), letters.content())
    hand_over()
    one_a_day(when_capped="skip")
    assert audience.counted(mailings.campaign(), NOW + HOUR).capped == 3
    assert Courtesy.current().remembers
