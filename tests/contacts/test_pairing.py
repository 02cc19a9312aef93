"""Contacts who may be one person are found by keys, told with a reason, and not shown again once dismissed."""

import pytest

from contacts.models import Pair, PairSearch
from contacts.people import pairing
from tests import make

NOW = make.NOW
pytestmark = pytest.mark.django_db


def searched() -> dict[tuple[str, str], tuple[int, list[str]]]:
    assert pairing.begin(NOW)
    while pairing.search(NOW):
        pass
    return {(str(p.one), str(p.other)): (p.score, sorted(p.reasons)) for p in pairing.open_pairs()}


@pytest.mark.parametrize(
    ("one", "other", "score", "reason"),
    [
        ({"email": "ada.l@gmail.com"}, {"email": "AdaL+news@googlemail.com"}, 95, "gmail"),
        ({"email": "ada@corp.example"}, {"email": "ada+x@corp.example"}, 85, "plus"),
        ({"phone": "+33612345678"}, {"phone": "+330612345678"}, 90, "phone"),
        ({"phone": "+525512345678"}, {"phone": "+5215512345678"}, 90, "phone"),
        ({"external_id": "Cust-7"}, {"external_id": "cust-7 "}, 80, "external_id"),
        (
            {"email": "a@corp.example", "first_name": "Ada", "last_name": "Lovelace"},
            {"email": "b@Corp.example", "first_name": "ADA ", "last_name": "lovelace"},
            70,
            "company",
        ),
        (
            {"email": "a@corp.example", "first_name": "Ada", "last_name": "Lovelace"},
            {"phone": "+33612345678", "first_name": "Ada", "last_name": "Lovelace"},
            45,
            "reachable",
        ),
    ],
)
def test_likely_pairs_are_found_with_a_reason(one, other, score, reason):
    first, second = make.contact(**one), make.contact(**other)
    make.contact("nobody@elsewhere.example", first_name="Bob", last_name="Noble")
    searched()
    pair = Pair.objects.get()
    assert (pair.one_id, pair.other_id, pair.score, pair.reasons) == (first.pk, second.pk, score, [reason])
    assert pairing.reasons(pair)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"email": "ada.l@corp.example"}, {"email": "adal@corp.example"}),  # dots count anywhere but at Gmail
        ({"phone": "+390612345678"}, {"phone": "+39612345678"}),  # the zero belongs to Italy's numbers
        ({"email": "a@corp.example", "first_name": "Ada"}, {"email": "b@corp.example", "first_name": "Ada"}),
    ],
)
def test_people_who_only_look_alike_are_none(one, other):
    make.contact(**one)
    make.contact(**other)
    assert searched() == {}


def test_many_with_one_key_make_few_pairs_and_very_many_none(monkeypatch):
    for n in range(6):
        make.contact(f"ada+{n}@corp.example")
    assert len(searched()) == 5
    monkeypatch.setattr(pairing, "LARGEST_GROUP", 5)
    assert searched() == {}


def test_more_pairs_than_are_kept_are_said_to_be_more(monkeypatch):
    monkeypatch.setattr(pairing, "MOST_PAIRS", 3)
    for n in range(6):
        make.contact(f"ada+{n}@corp.example")
    assert len(searched()) == 3
    assert PairSearch.objects.get().truncated


def test_a_dismissed_pair_is_not_found_again_and_others_follow_the_contacts():
    make.contact("ada@corp.example")
    make.contact("ada+x@corp.example")
    bob = make.contact("bob@corp.example")
    other = make.contact("bob+x@corp.example")
    searched()
    ada, bobs = Pair.objects.order_by("pk")
    assert pairing.dismiss(ada.pk, NOW)
    assert not pairing.dismiss(ada.pk, NOW)
    other.email = "robert@corp.example"
    other.save()
    assert searched() == {}
    assert list(Pair.objects.values_list("pk", flat=True)) == [ada.pk]
    assert pairing.restore(ada.pk)
    assert bobs.one_id == bob.pk


def test_a_search_is_cut_into_slices_and_begins_by_itself_once_a_day(monkeypatch):
    monkeypatch.setattr(pairing, "_parts", lambda: 4)
    make.contact("ada@corp.example")
    make.contact("ada+x@corp.example")
    assert len(searched()) == 1
    assert not pairing.search(NOW + pairing.EVERY / 2)
    assert pairing.search(NOW + pairing.EVERY)
    assert not pairing.begin(NOW)
    running = PairSearch.objects.get(finished_at=None)
    assert (running.step, running.steps) == (0, 4 * len(pairing.RULES))
    while pairing.search(NOW + pairing.EVERY):
        pass
    assert Pair.objects.count() == 1
