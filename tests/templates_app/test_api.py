"""Templates through the API."""

import pytest
from rest_framework.test import APIClient

from config.models import ApiKey

pytestmark = pytest.mark.django_db
WORDS = {"subject": "Hi", "markup": "html", "body": '<p>Hi <a href="{{ unsubscribe_url }}">off</a></p>'}


@pytest.fixture
def api() -> APIClient:
    _row, key = ApiKey.objects.issue("test", ["templates:read", "templates:write"])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


def test_a_template_is_written_published_changed_and_deleted(api: APIClient) -> None:
    made = api.post("/api/v1/templates/", {"name": "Welcome", "channel": "email", **WORDS})
    assert made.status_code == 201
    url = f"/api/v1/templates/{made.json()['id']}/"
    assert (made.json()["published"], made.json()["subject"], made.json()["findings"]) == (None, "Hi", [])
    assert api.post(f"{url}publish/").json()["published"] == 1
    changed = api.patch(url, {"subject": "Hello"}).json()
    assert (changed["published"], changed["subject"], changed["body"]) == (1, "Hello", WORDS["body"])
    assert api.post(f"{url}publish/").json()["published"] == 2
    assert api.post(f"{url}publish/").status_code == 409
    assert [row["name"] for row in api.get("/api/v1/templates/?channel=email").json()["results"]] == ["Welcome"]
    assert api.delete(url).status_code == 204


def test_what_cannot_be_sent_is_not_published(api: APIClient) -> None:
    made = api.post(
        "/api/v1/templates/", {"name": "W", "channel": "email", **WORDS, "body": "\n{{ contact.x }}"}
    ).json()
    refusal = api.post(f"/api/v1/templates/{made['id']}/publish/")
    assert refusal.status_code == 400
    assert [(found["field"], found["line"]) for found in refusal.json()["findings"]] == [("body", 2)]


def test_names_are_used_once_per_channel(api: APIClient) -> None:
    assert api.post("/api/v1/templates/", {"name": "W", "channel": "sms", "body": "Hi"}).status_code == 201
    assert api.post("/api/v1/templates/", {"name": "w", "channel": "sms", "body": "Hi"}).status_code == 400
    assert api.post("/api/v1/templates/", {"name": "w", "channel": "email", **WORDS}).status_code == 201


def test_the_number_of_queries_does_not_grow_with_the_list(
    api: APIClient, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    for n in range(12):
        api.post("/api/v1/templates/", {"name": f"T{n}", "channel": "sms", "body": "Hi"})
    with django_assert_max_num_queries(5):
        assert len(api.get("/api/v1/templates/").json()["results"]) == 12
