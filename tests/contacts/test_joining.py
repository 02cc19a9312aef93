"""Two contacts who are one person become one: everything of both stays, and nothing happens twice."""

import pytest
from django.core.exceptions import ValidationError

from contacts import consent, matching, saving, tagging, timeline
from contacts.models import Consent, Contact, Event, Membership, Merge, Pair, Segment, Suppression
from contacts.people import joining, lingering
from contacts.segments import following, refreshing
from contacts.timeline import NewEvent
from tests import make

NOW = make.NOW
pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Contact:
    fields = {"email": "ada@example.com", "first_name": "Ada", "tags": ["vip"], "consent": {"email": "subscribed"}}
    return saving.create({**fields, "attributes": {"city": "Paris", "plan": "team"}}, NOW)


@pytest.fixture
def twin() -> Contact:
    fields = {"phone": "+33612345678", "first_name": "Adah", "last_name": "Lovelace", "tags": ["VIP", "new"]}
    consent = {"email": "unsubscribed", "sms": "subscribed"}
    return saving.create({**fields, "attributes": {"city": "Lyon", "age": 36}, "consent": consent}, NOW)


def test_the_one_who_is_kept_has_everything_of_both(ada, twin):
    timeline.record([NewEvent(twin.pk, "paid", {"n": 1}, key="order-1")], NOW)
    kept = joining.merge(ada.pk, twin.pk, {"attributes.city": "gone"}, NOW, "by mia")
    kept.refresh_from_db()
    assert (kept.email, kept.phone, kept.first_name, kept.last_name) == (
        "ada@example.com",
        "+33612345678",
        "Ada",
        "Lovelace",
    )
    assert kept.attributes == {"city": "Lyon", "plan": "team", "age": 36}
    assert sorted(mark.tag.name for mark in kept.contact_tags.all()) == ["new", "vip"]
    assert not Contact.with_erased.filter(pk=twin.pk).exists()
    assert Event.objects.get(name="paid").contact_id == kept.pk
    names = list(Event.objects.filter(contact=kept).order_by("id").values_list("name", flat=True))
    assert names[-2:] == ["contact.merged", "contact.updated"]
    changed = Event.objects.filter(name="contact.updated").latest("id").properties
    assert changed["changed"] == ["attributes.age", "attributes.city", "last_name", "phone", "timezone"]


@pytest.mark.parametrize(
    ("ours", "theirs", "merged"),
    [
        ("subscribed", "unsubscribed", "unsubscribed"),
        ("unsubscribed", "subscribed", "unsubscribed"),
        ("unknown", "subscribed", "subscribed"),
        ("subscribed", None, "subscribed"),
        (None, "unsubscribed", "unsubscribed"),
    ],
)
def test_of_consent_the_stricter_answer_holds(ours, theirs, merged):
    one, other = (
        saving.create({"email": email, **({"consent": {"email": state}} if state else {})}, NOW)
        for email, state in (("a@example.com", ours), ("b@example.com", theirs))
    )
    joining.merge(one.pk, other.pk, {}, NOW)
    assert Consent.objects.get().state == merged
    assert Consent.objects.get().contact_id == one.pk


def test_it_can_be_explained_later(ada, twin):
    joining.merge(ada.pk, twin.pk, {"first_name": "gone"}, NOW, "by mia")
    row = Merge.objects.get()
    assert row.choices["first_name"] == "gone"
    assert row.before["gone"]["consent"] == {"email": "unsubscribed", "sms": "subscribed"}
    assert row.before["kept"]["first_name"] == "Ada"
    assert row.source == "by mia"


def test_numbers_of_those_who_are_gone_lead_to_the_one_who_is_kept(ada, twin):
    third = make.contact("third@example.com")
    joining.merge(ada.pk, twin.pk, {}, NOW)
    joining.merge(third.pk, ada.pk, {}, NOW)
    assert joining.successor(twin.pk) == joining.successor(ada.pk) == third.pk
    assert matching.resolve([{"id": twin.pk}, ada.pk]) == [third.pk, third.pk]


def test_a_merge_that_makes_no_sense_changes_nothing(ada, twin):
    with pytest.raises(ValidationError):
        joining.merge(ada.pk, ada.pk, {}, NOW)
    with pytest.raises(ValidationError):
        joining.merge(ada.pk, twin.pk, {"email": "both"}, NOW)
    with pytest.raises(Contact.DoesNotExist):
        joining.merge(ada.pk, 10**9, {}, NOW)
    nobody = {"email": "gone", "phone": "kept", "external_id": "kept"}
    with pytest.raises(ValidationError):
        joining.merge(ada.pk, twin.pk, nobody, NOW)
    assert Contact.objects.count() == 2
    assert not Merge.objects.exists()


def test_a_merge_that_was_done_cannot_be_done_again(ada, twin):
    joining.merge(ada.pk, twin.pk, {}, NOW)
    with pytest.raises(Contact.DoesNotExist):
        joining.merge(ada.pk, twin.pk, {}, NOW)


def test_segments_look_at_the_one_who_is_kept_afresh(ada, twin):
    both = {"all": [{"rule": "tag", "name": "vip"}, {"rule": "attribute", "field": "age", "op": "equals", "value": 36}]}
    segment = Segment.objects.create(name="Both", rule=both)
    while refreshing.refresh(NOW):
        pass
    assert list(Membership.objects.values_list("contact_id", flat=True)) == [twin.pk]
    joining.merge(ada.pk, twin.pk, {}, NOW)
    assert not Membership.objects.filter(contact_id=twin.pk).exists()
    assert Event.objects.filter(name="contact.merged").exists()
    assert segment.pk
    following.follow(NOW)


def test_merging_costs_the_same_however_much_hangs_on_them(ada, twin, django_assert_max_num_queries):
    timeline.record([NewEvent(twin.pk, f"e{n}") for n in range(200)], NOW)
    tagging.add([twin.pk], [f"t{n}" for n in range(30)], NOW)
    with django_assert_max_num_queries(55):
        joining.merge(ada.pk, twin.pk, {}, NOW)
    assert Event.objects.filter(contact=ada).count() >= 200


def test_pairs_of_the_one_who_is_gone_go(ada, twin):
    Pair.objects.create(one=ada, other=twin, score=50, reasons=["company"], search=1, found_at=NOW)
    joining.merge(ada.pk, twin.pk, {}, NOW)
    assert not Pair.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_was_being_written_meanwhile_follows(ada, twin):
    joining.merge(ada.pk, twin.pk, {}, NOW)
    # Somebody who had read of the one who is gone writes it down only now; see contacts.people.lingering.
    Consent.objects.create(contact_id=twin.pk, channel="sms", state="unsubscribed", at=NOW)
    lingering.settle(NOW)  # sees that the merge is there
    assert lingering.settle(NOW)
    assert Consent.objects.get(channel="sms").state == "unsubscribed"
    assert Consent.objects.get(channel="sms").contact_id == ada.pk
    assert Merge.objects.get().settled
    assert not lingering.settle(NOW)


def test_whoever_complained_stays_suppressed_and_an_address_that_bounced_is_only_that(ada, twin):
    other = make.contact("other@example.com", phone="+33698765432")
    consent.suppress("email", ["OTHER@example.com"], "complaint", NOW)
    consent.suppress("sms", ["+33612345678"], "hard bounce", NOW)
    joining.merge(ada.pk, other.pk, {}, NOW)  # her email stays, and she has the phone of the other
    assert consent.refusals("email", [ada.pk]) == {ada.pk: "suppressed"}
    joining.merge(ada.pk, twin.pk, {}, NOW)
    assert Suppression.objects.filter(channel="sms").count() == 1
