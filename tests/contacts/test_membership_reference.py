"""After any changes, in any order, the members of every segment are those who match its rule."""

import random
from datetime import datetime, timedelta

import pytest

from contacts import saving, segments, tagging, timeline
from contacts.models import Contact, Event, Membership, Segment
from contacts.segments import following, refreshing
from contacts.segments import saving as segment_saving
from tests import make
from tests.contacts.membering import members, settle
from tests.make import NOW

pytestmark = pytest.mark.django_db(transaction=True)

TAGS, CITIES, EVENTS = ["vip", "new", "old"], ["Paris", "Rome"], ["order.placed", "site.visited"]


def rule(chance: random.Random, known: list[int], depth: int = 0) -> dict:
    """A random rule tree over tags, attributes, consent, events and the segments that are known already."""
    pick = chance.randrange(9 if depth < 2 else 6)
    if pick == 0:
        return {"rule": "tag", "name": chance.choice(TAGS), "has": chance.random() < 0.7}
    if pick == 1:
        return {"rule": "attribute", "field": "city", "op": "equals", "value": chance.choice(CITIES)}
    if pick == 2:
        return {"rule": "consent", "channel": "email", "is": chance.choice(["subscribed", "unsubscribed", "unknown"])}
    if pick == 3:
        return {"rule": "event", "name": chance.choice(EVENTS), "did": chance.random() < 0.7}
    if pick == 4:
        within = {"amount": chance.choice([1, 6]), "unit": "hours"}
        count = {"op": chance.choice([">=", "<", "="]), "n": chance.randrange(3)}
        return {"rule": "event", "name": chance.choice(EVENTS), "within": within, "count": count}
    if pick == 5:
        return {"rule": "segment", "id": chance.choice(known)} if known else {"all": []}
    inner = [rule(chance, known, depth + 1) for _ in range(chance.randrange(1, 4))]
    return [{"all": inner}, {"any": inner}, {"not": inner[0]}][pick - 6]


def happen(chance: random.Random, ids: list[int], now: datetime) -> None:
    some = chance.sample(ids, k=min(len(ids), chance.randrange(1, 6)))
    match chance.randrange(6):
        case 0:
            tagging.add(some, [chance.choice(TAGS)], now)
        case 1:
            tagging.remove(some, [chance.choice(TAGS)], now)
        case 2:
            change = {"attributes": {"city": chance.choice([*CITIES, None])}}
            saving.update(Contact.objects.get(pk=some[0]), change, now)
        case 3:
            consent = {"consent": {"email": chance.choice(["subscribed", "unsubscribed"])}}
            saving.update(Contact.objects.get(pk=some[0]), consent, now)
        case 4:
            at = now - timedelta(hours=chance.choice([0, 0, 3, 5]))
            timeline.record([timeline.NewEvent(pk, chance.choice(EVENTS), {}, at=at) for pk in some], now)
        case 5 if chance.random() < 0.5:
            ids.append(saving.create({"email": f"{chance.random()}@example.com"}, now).pk)
        case _ if len(ids) > 8:
            saving.delete([ids.pop(chance.randrange(len(ids)))])


@pytest.mark.parametrize(("seed", "edits"), [(0, False), (1, True), (2, False), (3, True)])
def test_members_are_those_who_match(seed, edits, monkeypatch):
    chance, now = random.Random(seed), NOW
    for name in ("SMALLEST", "FIRST", "LARGEST"):
        monkeypatch.setattr(refreshing, name, 4)
    ids = make.contacts(12)
    made: list[Segment] = []
    for number in range(8):
        asked = rule(chance, [segment.pk for segment in made])
        made.append(Segment.objects.create(name=f"Segment {number}", rule=asked))
    for _ in range(6):
        for _ in range(chance.randrange(1, 8)):
            happen(chance, ids, now)
            if chance.random() < 0.3:
                chance.choice([following.follow, refreshing.refresh])(now)
        if edits and chance.random() < 0.4:
            # Only segments below it may be asked about, so that none contains itself.
            place = chance.randrange(len(made))
            made[place].rule = rule(chance, [segment.pk for segment in made[:place]])
            segment_saving.save(made[place])
        now += timedelta(hours=chance.randrange(1, 5))
        settle(now)
        for segment in made:
            assert members(segment) == segments.matching(segment.rule, ids, now), segment.rule
    assert not Membership.objects.exclude(contact_id__in=ids).exists()
    if not edits:
        _each_crossing_is_told_once()


def _each_crossing_is_told_once() -> None:
    """Coming in and going out take turns, and the last of them says where the contact is."""
    last: dict[tuple[int, int], str] = {}
    for event in Event.objects.filter(name__startswith="segment.").order_by("pk"):
        border = event.properties["segment"], event.contact_id
        assert last.get(border) != event.name
        last[border] = event.name
    inside = set(Membership.objects.values_list("segment_id", "contact_id"))
    assert last
    assert all((name == "segment.entered") == (border in inside) for border, name in last.items())
