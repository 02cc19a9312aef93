"""However many workers send at once, nobody gets more than the caps allow from the moment at which they are set."""

import random
from collections import Counter, defaultdict
from datetime import datetime, timedelta

import pytest

from campaigns.delivery import sending
from campaigns.models import Courtesy, Message
from tests import make
from tests.campaigns import letters
from tests.campaigns.courtesies import rules
from tests.campaigns.mailings import hand_over
from tests.contacts.at_once import at_once
from tests.make import NOW

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)


@pytest.mark.parametrize("seed", range(4))
def test_two_workers_at_once_never_send_more_than_a_replay_allows(seed):
    """Everybody's messages go out at the same steps as a plain count of one after the other lets them."""
    dice = random.Random(seed)
    day, week = dice.choice([(1, 3), (2, 4), (2, None), (None, 2)])
    given = {span: most for span, most in (("day", day), ("week", week)) if most}
    rules(caps={"all": given}, when_capped=dice.choice(["later", "skip"]))
    skips = Courtesy.current().rules["when_capped"] == "skip"
    ids = make.contacts(5)
    content = letters.content()
    arrivals = defaultdict(list)
    for visit in range(60):
        step = dice.randrange(0, 9 * 4)
        arrivals[step].append((dice.choice(ids), dice.randrange(4), visit))
    waiting, sent = Counter(), defaultdict(list)
    for step in range(12 * 4):
        now = NOW + step * timedelta(hours=6)
        for contact, origin, visit in arrivals[step]:
            letters.queue([contact], content, origin=f"scenario:{origin}:n1", visit=visit, now=now)
            waiting[contact] += 1
        at_once(lambda: hand_over(now), lambda: hand_over(now))  # noqa: B023 - both end in this round
        for contact in ids:
            room = min(_room(sent[contact], now, span, most) for span, most in given.items())
            goes = min(waiting[contact], room)
            sent[contact] += [now] * goes
            waiting[contact] = 0 if skips else waiting[contact] - goes
    ledger = defaultdict(list)
    for contact, at in Message.objects.filter(state="sent").order_by("sent_at").values_list("contact", "sent_at"):
        ledger[contact].append(at)
    assert dict(ledger) == {contact: times for contact, times in sent.items() if times}
    assert set(Message.objects.values_list("state", flat=True)) <= {"sent", "skipped", "queued"}


def _room(times: list[datetime], now: datetime, span: str, most: int) -> int:
    since = now - {"day": DAY, "week": 7 * DAY}[span]
    return max(most - sum(at > since for at in times), 0)


def test_caps_that_are_set_while_two_workers_send_hold_from_then_on():
    ids = make.contacts(40)
    content = letters.content()
    for visit in range(6):
        letters.queue(ids, content, origin=f"scenario:{visit}:n1", visit=visit)
    sending._pace.size = 25
    at_once(hand_over, hand_over, lambda: rules(caps={"email": {"day": 2}}, when_capped="skip"))
    before = Counter(Message.objects.filter(state="sent").values_list("contact", flat=True))
    letters.queue(ids, content, origin="scenario:9:n1", visit=9)
    hand_over()
    after = Counter(Message.objects.filter(state="sent").values_list("contact", flat=True))
    assert all(after[contact] == max(before[contact], min(before[contact] + 1, 2)) for contact in ids)
