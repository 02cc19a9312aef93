"""Why a contact is in a segment or not: verdicts that are the SQL's own, with the values that they rest on."""

import json
from datetime import timedelta

import pytest
from django.urls import reverse

from contacts import segments
from contacts.models import Consent, ContactTag, Event, Segment, Tag, Topic, TopicConsent
from contacts.segments import why
from contacts.segments.forms import place_of
from tests import make, programs
from tests.make import NOW

pytestmark = pytest.mark.django_db
VIP = {"rule": "tag", "name": "vip"}
PARIS = {"rule": "attribute", "field": "city", "op": "equals", "value": "Paris"}
ORDERED = {
    "rule": "event",
    "name": "order.placed",
    "count": {"op": ">=", "n": 5},
    "within": {"amount": 30, "unit": "days"},
}


@pytest.fixture
def ann():
    """In Lyon, tagged new, subscribed; ordered three times lately and once long ago."""
    ann = make.contact("ann@example.com", attributes={"city": "Lyon"}, phone="+33612345678", language="pt-BR")
    ContactTag.objects.create(contact=ann, tag=Tag.objects.create(name="new"), at=NOW)
    Consent.objects.create(contact=ann, channel="email", state="subscribed", at=NOW, source="import")
    news = Topic.objects.create(key="news", name="News")
    TopicConsent.objects.create(contact=ann, topic=news, channel="email", state="unsubscribed", at=NOW, source="page")
    for days in (1, 2, 3, 90):
        Event.objects.create(contact=ann, name="order.placed", at=NOW - timedelta(days=days))
    return ann


@pytest.mark.parametrize(
    ("rule", "holds", "actual"),
    [
        (PARIS, False, "city is “Lyon”"),
        ({**PARIS, "field": "plan"}, False, "plan is unknown"),
        ({**PARIS, "field": "email"}, False, "email is “ann@example.com”"),
        ({"rule": "attribute", "field": "created_at", "op": "before", "value": "2026-01-01"}, False,
         "created on 10 Mar 2026, 09:00"),
        (VIP, False, "has “new”"),
        ({"rule": "tag", "name": "NEW"}, True, "has it since 10 Mar 2026, 09:00"),
        ({"rule": "consent", "channel": "email", "is": "subscribed"}, True,
         "subscribed since 10 Mar 2026, 09:00, import"),
        ({"rule": "consent", "channel": "sms", "is": "unknown"}, True, "nothing was said about it"),
        ({"rule": "consent", "channel": "email", "is": "subscribed", "topic": "news"}, False,
         "unsubscribed since 10 Mar 2026, 09:00, page"),
        (ORDERED, False, "3 times like this, first on 7 Mar 2026, 09:00, last on 9 Mar 2026, 09:00; 4 times at all"),
        ({"rule": "event", "name": "visit", "did": False}, True, "never at all"),
        ({**ORDERED, "within": {"amount": 1, "unit": "hours"}}, False,
         "never like this; 4 times at all, last on 9 Mar 2026, 09:00"),
        ({"rule": "location", "of": "country", "in": ["FR"]}, True, "France, by the phone number +33612345678"),
        ({"rule": "location", "of": "language", "in": ["pt"]}, True, "language is “pt-BR”"),
        ({"rule": "created", "op": "in_last_days", "value": 7}, True, "on 10 Mar 2026, 09:00"),
        ({"rule": "message", "did": "opened"}, False, "never; never sent one"),
    ],
)  # fmt: skip
def test_a_rule_says_what_is_known_of_the_contact(ann, rule, holds, actual):
    verdict = why.why(rule, [ann.pk], NOW)[ann.pk]
    assert (verdict.holds, verdict.actual) == (holds, actual)
    assert holds == (ann.pk in segments.matching(rule, [ann.pk], NOW))


def test_groups_and_other_segments_are_explained_by_their_parts(ann):
    inner = Segment.objects.create(name="Best", rule={"any": [VIP, ORDERED]})
    rule = {"all": [{"not": PARIS}, {"rule": "segment", "id": inner.pk}]}
    verdict = why.why(rule, [ann.pk], NOW)[ann.pk]
    assert [(level, line.holds, line.sentence[:22]) for level, line in verdict.lines()] == [
        (0, False, "All of these"),
        (1, True, "Not this"),
        (2, False, "City is “Paris”"),
        (1, False, "Is in the segment “Bes"),
        (2, False, "Any of these"),
        (3, False, "Has the tag “vip”"),
        (3, False, "Did “order.placed” at "),
    ]
    assert why.why({}, [ann.pk], NOW)[ann.pk].holds


def test_a_tree_is_one_query_whatever_is_in_it_and_however_many_are_asked_about(ann, django_assert_num_queries):
    others = make.contacts(20)
    with django_assert_num_queries(1):
        found = why.why({"any": [VIP, PARIS, ORDERED, {"not": {"all": [VIP, PARIS]}}]}, [ann.pk, *others, 10**9], NOW)
    assert found.keys() == {ann.pk, *others}


def test_a_rule_that_cannot_be_asked_is_refused(ann):
    with pytest.raises(segments.InvalidRule):
        why.why({"rule": "tag"}, [ann.pk], NOW)


def test_the_segment_page_tells_why_of_those_who_are_looked_for(admin_client, ann):
    make.contact("bob@example.com", attributes={"city": "Paris"})
    segment = Segment.objects.create(name="Parisians", rule={"all": [PARIS]})
    assert "Why is somebody in it" in admin_client.get(reverse("segment_page", args=[segment.pk])).text
    ask = reverse("segment_why", args=[segment.pk])
    shown = admin_client.get(ask, {"q": "ann"}).text
    assert "does not match" in shown
    assert "city is “Lyon”" in shown
    assert "bob@example.com" not in shown
    assert 'data-holds="true"' in admin_client.get(ask, {"q": "bob@"}).text
    assert "city is “Lyon”" in admin_client.get(ask, {"contact": ann.pk}).text
    assert "city is “Lyon”" in admin_client.get(ask, {"q": ann.pk}).text
    assert "No such contact" in admin_client.get(ask, {"q": "nobody\0"}).text
    assert admin_client.get(ask).text.strip() == ""


def test_a_rule_that_is_being_built_tells_why_too(admin_client, ann):
    def told(rule: object, scope: segments.Scope | None = None) -> str:
        asked = {"rule": json.dumps(rule), "why": "ann", "place": place_of(scope or segments.Scope(), "rule")}
        return admin_client.post(reverse("rule_why"), asked).text

    assert "city is “Lyon”" in told({"any": [PARIS]})
    assert "Choose a tag." in told({"rule": "tag"})
    of_event = {"rule": "property", "field": "a", "op": "is_set"}
    assert "only there does it mean somebody" in told(of_event, segments.Scope(event=True))


def test_a_contacts_page_lists_the_segments_with_their_verdicts(admin_client, ann, django_assert_max_num_queries):
    Segment.objects.create(name="Parisians", rule={"all": [PARIS]})
    Segment.objects.create(name="Others", rule={"not": PARIS})
    Segment.objects.create(name="Broken", rule={"rule": "nonsense"})
    assert "contact-why" in admin_client.get(reverse("contact_page", args=[ann.pk])).text
    Segment.objects.bulk_create(Segment(name=f"More {n}", rule=VIP) for n in range(10))
    with django_assert_max_num_queries(9):
        shown = admin_client.get(reverse("contact_why", args=[ann.pk])).text
    for name, said in (("Parisians", "not in"), ("Others", "in"), ("Broken", "cannot be asked")):
        assert f">{said}</span>" in shown.split(f">{name}<")[0].rsplit("<li>", 1)[1]
    assert "More 3" in admin_client.get(reverse("contact_why", args=[ann.pk]), {"q": "more 3"}).text


@pytest.mark.parametrize("name", ["segment_why", "contact_why"])
def test_the_pages_ask_for_a_permission(client, django_user_model, name):
    url = reverse(name, args=[1])
    assert client.get(url).status_code == 302
    client.force_login(django_user_model.objects.create_user("guest"))
    assert client.get(url).status_code == 403


def test_the_api_tells_why(api, ann):
    segment = Segment.objects.create(name="Parisians", rule={"any": [PARIS, VIP]})
    answer = api.get(f"/api/v1/segments/{segment.pk}/why/", {"contact": ann.pk}).json()
    assert (answer["contact"], answer["matches"], answer["why"]["join"]) == (ann.pk, False, "any")
    city = {"holds": False, "sentence": "City is “Paris”", "actual": "city is “Lyon”", "join": "", "parts": []}
    assert answer["why"]["parts"][0] == city
    assert answer["why"]["sentence"] == "Any of these"
    for contact in ("", "x", 10**9, 10**30):
        assert api.get(f"/api/v1/segments/{segment.pk}/why/", {"contact": contact}).status_code == 400
    assert api.get(f"/api/v1/segments/{segment.pk + 1}/why/", {"contact": ann.pk}).status_code == 404
    assert programs.client("templates").get(f"/api/v1/segments/{segment.pk}/why/").status_code == 403
