"""Programs arrange topics, say and read what contacts want, and keep the list of suppressed addresses."""

import pytest
from rest_framework.test import APIClient

from contacts.models import Contact, Installation, Lifting, Suppression, Topic, TopicConsent
from tests import make
from tests.programs import client

pytestmark = pytest.mark.django_db

CONTACTS, TOPICS, LIST = "/api/v1/contacts/", "/api/v1/topics/", "/api/v1/suppressions/"


def test_topics_are_made_changed_archived_and_keep_their_key(api: APIClient) -> None:
    made = api.post(TOPICS, {"name": "Product news", "policy": "opt_in"})
    assert made.status_code == 201
    assert made.json() == {
        "id": Topic.objects.get().pk, "key": "product-news", "name": "Product news", "description": "",
        "policy": "opt_in", "public": True, "double_opt_in": False, "position": 1, "archived": False,
    }  # fmt: skip
    url = f"{TOPICS}product-news/"
    assert api.patch(url, {"name": "News", "key": "product-news"}).json()["name"] == "News"
    assert "keeps its key" in api.patch(url, {"key": "news"}).text
    assert api.post(TOPICS, {"name": "Again", "key": "product-news"}).status_code == 400
    assert api.post(TOPICS, {"name": "Bad", "key": "Bad key"}).status_code == 400
    assert api.post(f"{url}archive/").json()["archived"] is True
    assert api.post(f"{url}restore/").json()["archived"] is False
    assert api.delete(url).status_code == 405
    assert client("topics:read").post(TOPICS, {"name": "X"}).status_code == 403
    assert client("contacts:write").get(TOPICS).status_code == 403


def test_contacts_are_shown_and_given_topics(api: APIClient) -> None:
    make.topic()
    said = {"email": "ada@example.com", "topics": {"news": {"email": "subscribed", "sms": "unsubscribed"}}}
    ada = api.post(CONTACTS, said).json()
    assert ada["topics"] == said["topics"]
    url = f"{CONTACTS}{ada['id']}/"
    api.patch(url, {"topics": {"news": {"email": "unsubscribed"}}})
    assert api.get(url).json()["topics"]["news"] == {"email": "unsubscribed", "sms": "unsubscribed"}
    assert api.put(url, api.get(url).json()).status_code == 200
    history = api.get(f"{url}consent-history/?limit=2").json()
    assert [(each["topic"], each["channel"], each["state"]) for each in history["results"]] == [
        ("news", "email", "unsubscribed"), ("news", "sms", "unsubscribed"),
    ]  # fmt: skip
    assert history["results"][0]["by"].startswith("API key test")
    assert history["results"][0]["proof"]["ip"] == "127.0.0.1"
    rest = api.get(f"{url}consent-history/?before={history['next']}").json()
    assert (rest["next"], [each["state"] for each in rest["results"]]) == (None, ["subscribed"])


@pytest.mark.parametrize(
    "nonsense",
    [[], {"offers": {"email": "subscribed"}}, {"news": "subscribed"}, {"news": {"fax": "subscribed"}},
     {"news": {"email": "pending"}}, {"news": {"email": []}}, {"news": []}, {"\0": {}}],
)  # fmt: skip
def test_answers_that_make_no_sense_are_refused(api: APIClient, nonsense: object) -> None:
    make.topic()
    assert "topics" in api.post(CONTACTS, {"email": "ada@example.com", "topics": nonsense}, format="json").json()
    bulk = {"contacts": [{"email": "bob@example.com", "topics": nonsense}, {"email": "eve@example.com"}]}
    answer = api.post(f"{CONTACTS}bulk/", bulk, format="json").json()
    assert (answer["created"], [failure["index"] for failure in answer["failed"]]) == (1, [0])


def test_many_contacts_are_given_topics_in_a_few_statements(api: APIClient, django_assert_max_num_queries) -> None:
    make.topic()
    rows = [{"email": f"c{n}@x.com", "topics": {"news": {"email": "unsubscribed"}}} for n in range(300)]
    with django_assert_max_num_queries(20):
        assert api.post(f"{CONTACTS}bulk/", {"contacts": rows}, format="json").json()["created"] == 300
    assert TopicConsent.objects.filter(state="unsubscribed").count() == 300


def test_with_double_opt_in_no_program_subscribes_anybody(api: APIClient) -> None:
    Installation.objects.update_or_create(pk=1, defaults={"double_opt_in": True})
    make.topic("news", double_opt_in=True)
    make.topic("offers")
    yes = {"email": "subscribed"}
    for given in ({"consent": yes}, {"topics": {"news": yes}}):
        answer = api.post(CONTACTS, {"email": "ada@example.com", **given}, format="json")
        assert (answer.status_code, list(answer.json())) == (400, list(given))
        assert "ask-consent" in answer.text
        bulk = {"contacts": [{"email": "ada@example.com", **given}, {"email": "bob@example.com"}]}
        assert [each["index"] for each in api.post(f"{CONTACTS}bulk/", bulk, format="json").json()["failed"]] == [0]
    assert not Contact.objects.filter(email="ada@example.com").exists()
    good = {"email": "ada@example.com", "consent": {"email": "unsubscribed", "sms": "subscribed"}}
    assert api.post(CONTACTS, {**good, "topics": {"offers": yes}}, format="json").status_code == 201


def test_what_is_pending_comes_from_asking_only_and_may_be_sent_back(api: APIClient) -> None:
    from contacts import consent

    ada = make.contact("ada@example.com")
    url = f"{CONTACTS}{ada.pk}/"
    assert "consent" in api.patch(url, {"consent": {"email": "pending"}}, format="json").json()
    consent.set_state([ada.pk], "email", "pending", "asked", make.NOW)
    shown = api.get(url).json()
    assert shown["consent"]["email"] == "pending"
    assert api.put(url, {**shown, "first_name": "Ada"}, format="json").json()["consent"]["email"] == "pending"


def test_addresses_and_domains_are_suppressed_by_programs(api: APIClient) -> None:
    for address in ("Ada@Example.com", "ada@example.com", "@Example.ORG"):
        assert api.post(LIST, {"channel": "email", "address": address}).status_code == 201
    assert api.post(LIST, {"channel": "sms", "address": "+33 6 12 34 56 78", "reason": "asked"}).status_code == 201
    for wrong in (
        {"channel": "email", "address": "@"},
        {"channel": "sms", "address": "@example.com"},
        {"channel": "fax"},
    ):
        assert api.post(LIST, wrong).status_code == 400
    kept = set(Suppression.objects.values_list("address", "reason"))
    assert kept == {("Ada@example.com", "api"), ("@example.org", "api"), ("+33612345678", "asked")}
    found = api.get(f"{LIST}?search=EXAMPLE&channel=email").json()["results"]
    assert [each["address"] for each in found] == ["@example.org", "Ada@example.com"]
    many = {"channel": "email", "addresses": ["@example.org", "new@example.com", "nobody"], "reason": "old system"}
    answer = api.post(f"{LIST}bulk/", many, format="json").json()
    assert (answer["added"], answer["known"], answer["refused"]) == (1, 1, 1)
    assert answer["refusals"] == [[3, "nobody", "“nobody” is not an email address."]]
    assert api.delete(f"{LIST}{found[0]['id']}/").status_code == 204
    assert client("suppressions:read").delete(f"{LIST}{found[1]['id']}/").status_code == 403


def test_with_double_opt_in_no_program_takes_a_no_back(api: APIClient) -> None:
    """“Unknown” is written to where everybody is who has not said no."""
    Installation.objects.update_or_create(pk=1, defaults={"double_opt_in": True})
    make.topic("news", double_opt_in=True)
    no, unknown = {"email": "unsubscribed"}, {"email": "unknown"}
    ada = api.post(CONTACTS, {"email": "ada@example.com", "consent": no, "topics": {"news": no}}, format="json").json()
    url = f"{CONTACTS}{ada['id']}/"
    for given in ({"consent": unknown}, {"topics": {"news": unknown}}):
        answer = api.patch(url, given, format="json")
        assert (answer.status_code, list(answer.json())) == (400, list(given))
        assert "leave it out" in answer.text
        bulk = {"contacts": [{"email": "ada@example.com", **given}]}
        assert api.post(f"{CONTACTS}bulk/", bulk, format="json").json()["failed"]
    shown = api.get(url).json()
    assert (shown["consent"]["email"], shown["topics"]) == ("unsubscribed", {"news": no})
    assert api.put(url, {**shown, "first_name": "Ada"}, format="json").status_code == 200
    assert api.patch(url, {"topics": {"news": "unknown"}}, format="json").status_code == 400
    new = {"email": "bob@example.com", "consent": unknown, "topics": {"news": unknown}}
    assert api.post(CONTACTS, new, format="json").status_code == 201
    Installation.objects.update(consent_policy="opt_in")
    assert api.patch(url, {"consent": unknown}, format="json").status_code == 200


def test_taking_an_address_off_the_list_leaves_a_trace(api: APIClient) -> None:
    row = api.post(LIST, {"channel": "email", "address": "ada@example.com", "reason": "complaint"}).json()
    assert api.delete(f"{LIST}{row['id']}/?why=Asked%20by%20phone").status_code == 204
    (kept,) = Lifting.objects.all()
    assert (kept.address, kept.reason, kept.why) == ("ada@example.com", "complaint", "Asked by phone")
    assert kept.by.startswith("API key")
    assert not Suppression.objects.exists()
