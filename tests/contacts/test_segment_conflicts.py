"""Segments that several people change at once: nobody is overtaken silently, nothing that was written is lost."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.urls import reverse

from contacts import segments, timeline
from contacts.models import Segment
from contacts.segments import deleting, patience, saving
from contacts.segments.patience import TooLong
from tests import make
from tests.contacts.at_once import meanwhile
from tests.make import NOW

VIP, NEW = {"rule": "tag", "name": "vip"}, {"rule": "tag", "name": "new"}


@pytest.fixture
def best(db) -> Segment:
    return Segment.objects.create(name="Best", rule={"all": [VIP]})


def posted(name: str, rule: object, seen: str = "") -> dict[str, str]:
    return {"name": name, "rule": json.dumps(rule), "seen": seen}


def test_whoever_is_overtaken_is_told_and_may_save_all_the_same(admin_client, best):
    url = reverse("segment_edit", args=[best.pk])
    seen = admin_client.get(url).context["seen"]
    assert f'name="seen" value="{seen}"' in admin_client.get(url).text
    assert admin_client.post(url, posted("Ann's", {"all": [NEW]}, seen)).status_code == 302

    told = admin_client.post(url, posted("Bob's", {"all": [VIP, NEW]}, seen))
    assert "Somebody else has saved this segment" in told.text
    assert "Has the tag “new”" in told.text
    assert 'value="Bob&#x27;s"' in told.text
    assert told.context["form"]["rule"].value() == json.dumps({"all": [VIP, NEW]})
    best.refresh_from_db()
    assert (best.name, best.rule) == ("Ann's", {"all": [NEW]})

    assert admin_client.post(url, posted("Bob's", {"all": [VIP]}, told.context["seen"])).status_code == 302
    best.refresh_from_db()
    assert best.name == "Bob's"


def test_counting_a_segment_is_no_change_of_it(admin_client, best):
    url = reverse("segment_edit", args=[best.pk])
    seen = admin_client.get(url).context["seen"]
    admin_client.get(reverse("segment_count", args=[best.pk]))
    assert admin_client.post(url, posted("Best", {"all": [NEW]}, seen)).status_code == 302


def test_a_form_that_came_back_with_a_mistake_still_knows_what_it_began_with(admin_client, best):
    url = reverse("segment_edit", args=[best.pk])
    seen = saving.stamp(best)
    saving.save(Segment.objects.get(pk=best.pk))
    again = admin_client.post(url, posted("", {"all": [NEW]}, seen))
    assert again.context["seen"] == seen
    assert 'data-unsaved="already"' in again.text
    assert "Somebody else" in admin_client.post(url, posted("Best", {"all": [NEW]}, again.context["seen"])).text


def test_what_was_written_while_the_segment_was_deleted_can_be_saved_anew(admin_client, best):
    url = reverse("segment_edit", args=[best.pk])
    seen = admin_client.get(url).context["seen"]
    deleting.delete(best)
    kept = admin_client.post(url, posted("Mine", {"all": [NEW]}, seen))
    assert kept.status_code == 410
    assert "was deleted while you were editing it" in kept.text
    assert f'action="{reverse("segment_create")}"' in kept.text
    assert 'value="Mine"' in kept.text
    assert not Segment.objects.exists()
    admin_client.post(reverse("segment_create"), posted("Mine", {"all": [NEW]}))
    assert Segment.objects.get().rule == {"all": [NEW]}
    assert admin_client.get(url).status_code == 404


def test_a_deleted_segment_does_not_come_back_by_being_saved(best):
    stale = Segment.objects.get(pk=best.pk)
    deleting.delete(best)
    with pytest.raises(Segment.DoesNotExist):
        saving.save(stale)
    assert not Segment.objects.exists()


def test_a_name_that_was_taken_meanwhile_is_said_beside_it(best):
    for save in (lambda: saving.save(Segment(name="BEST")), lambda: saving.create_list("best", NOW)):
        with pytest.raises(saving.NameTaken, match="Another segment has this name"):
            save()
    assert Segment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_segments_saved_at_once_do_not_come_to_contain_each_other():
    one, two = (Segment.objects.create(name=name, rule={"all": []}) for name in ("One", "Two"))

    answers = []

    def name(segment: Segment, other: Segment) -> None:
        segment.rule = {"rule": "segment", "id": other.pk}
        try:
            saving.save(segment)
        except segments.InvalidRule as error:
            answers.append(str(error))
        else:
            answers.append("saved")

    meanwhile(lambda: name(one, two), lambda: name(two, one))
    assert answers[0] == "saved"
    assert "cannot contain itself" in answers[1]


def test_who_may_see_segments_but_no_contacts_sees_numbers_only(client, django_user_model, best):
    make.contact("ann@example.com")
    counter = django_user_model.objects.create_user("counter")
    counter.user_permissions.add(Permission.objects.get(codename="view_segment"))
    client.force_login(counter)
    everybody = Segment.objects.create(name="Everybody", rule={"all": []})
    counted = client.get(reverse("segment_count", args=[everybody.pk])).text
    assert 'data-count="1"' in counted
    assert "ann@example.com" not in counted
    for name in ("segment_why", "segment_changes", "segment_sizes"):
        assert client.get(reverse(name, args=[everybody.pk])).status_code == 403
    for name in ("segment_edit", "segment_delete", "segment_copy"):
        assert client.post(reverse(name, args=[everybody.pk]), posted("Mine", None)).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("join", ["all", "any", "none"])
def test_hundreds_of_rules_are_counted_in_a_moment(join):
    """PostgreSQL tried to join sub-queries in every order: two hundred tags took it forty seconds."""
    make.contact("ann@example.com")
    rules = [{"rule": "tag", "name": f"t{n}", "has": n % 7 > 0} for n in range(150)]
    rules += [{"rule": "event", "name": f"e{n}"} for n in range(150)]
    tree = {"not": {"any": rules}} if join == "none" else {join: rules}
    with patience.patience("6s"):
        assert segments.count(tree, NOW) == (1 if join == "any" else 0)


@pytest.mark.django_db
def test_what_takes_too_long_is_given_up_with_a_sentence():
    with pytest.raises(TooLong, match="too long"), patience.patience("20ms"), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(5)")
    assert segments.count(None, NOW) == 0


def test_who_entered_and_left_is_searched_by_name_and_address(admin_client, best):
    ann, bob = make.contact("ann@example.com", first_name="Ann"), make.contact("bob@example.com")
    told = {"segment": best.pk, "name": best.name}
    timeline.record(
        [
            timeline.NewEvent(ann.pk, "segment.entered", told, NOW),
            timeline.NewEvent(ann.pk, "segment.left", told, NOW + timedelta(hours=1)),
            timeline.NewEvent(bob.pk, "segment.entered", told, NOW),
        ],
        NOW,
    )
    url = reverse("segment_changes", args=[best.pk])

    def shown(**asked: str) -> list[tuple[int, str]]:
        rows = admin_client.get(url, asked).context["page"].rows
        return [(event.contact_id, event.name.removeprefix("segment.")) for event in rows]

    assert shown() == [(bob.pk, "entered"), (ann.pk, "left"), (ann.pk, "entered")]
    assert shown(q="ANN") == [(ann.pk, "left"), (ann.pk, "entered")]
    assert shown(q="ann@example", what="left") == [(ann.pk, "left")]
    assert shown(what="nonsense") == shown()
    assert "Nobody like that has come or gone" in admin_client.get(url, {"q": "zoe\x00"}).text
