"""Keys are shown once and revoked for good; sign-in closes after too many tries; errors have a page."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from config.middleware import forget_zone
from config.models import ApiKey, User
from config.templatetags.when import readable
from contacts.models import Contact, Installation
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return User.objects.create_superuser("ada", password="correct horse battery")


@pytest.fixture
def admin(ada: User) -> Client:
    client = Client()
    client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_a_new_key_is_shown_once_and_opens_what_it_was_made_for(admin: Client) -> None:
    answer = admin.post("/settings/api-keys/new/", {"name": "Shop", "scopes": ["events:write"], "lifetime": "30"})
    key = re.search(r"wp_[\w-]{40,}", answer.text)[0]
    row = ApiKey.objects.usable(key, timezone.now())
    assert row.scopes == ["events:write"]
    assert ApiKey.objects.usable(key, timezone.now() + timedelta(days=31)) is None
    assert key not in admin.get("/settings/api-keys/").text


def test_a_key_that_may_do_nothing_is_refused(admin: Client) -> None:
    assert "Choose what this key may do." in admin.post("/settings/api-keys/new/", {"name": "Shop"}).text
    assert not ApiKey.objects.exists()


def test_revoking_asks_first_and_then_closes_the_key(admin: Client) -> None:
    row, key = ApiKey.objects.issue("Shop")
    assert "Revoke key" in admin.get(f"/settings/api-keys/{row.pk}/revoke/").text
    assert ApiKey.objects.usable(key, timezone.now()) == row
    admin.post(f"/settings/api-keys/{row.pk}/revoke/")
    assert ApiKey.objects.usable(key, timezone.now()) is None


def test_the_revoke_question_comes_as_a_dialog_when_htmx_asks(admin: Client) -> None:
    row, _ = ApiKey.objects.issue("Shop")
    answer = admin.get(f"/settings/api-keys/{row.pk}/revoke/", headers={"HX-Request": "true"})
    assert answer.text.strip().startswith("<dialog")


def test_settings_are_kept(admin: Client) -> None:
    fields = {"name": "Ada’s shop", "timezone": "Asia/Tokyo", "language": "fr", "consent_policy": "opt_in"}
    assert admin.post("/settings/", fields).status_code == 302
    installation = Installation.current()
    assert (installation.name, installation.zone_name, installation.consent_policy) == (
        "Ada’s shop",
        "Asia/Tokyo",
        "opt_in",
    )


def test_dates_are_shown_in_the_zone_of_the_profile(admin: Client, ada: User) -> None:
    admin.post("/settings/profile/", {"timezone": "Asia/Tokyo"})
    ada.refresh_from_db()
    assert ada.timezone == "Asia/Tokyo"
    ApiKey.objects.create(name="Old", prefix="wp_old", hashed="x", scopes=["*"])
    ApiKey.objects.update(created_at=datetime(2020, 1, 1, 20, 0, tzinfo=UTC))
    assert "2 Jan 2020, 05:00" in admin.get("/settings/api-keys/").text


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(seconds=-20), "in a moment"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(hours=-3), "in 3 hours"),
        (timedelta(hours=30), "1 day ago"),
        (timedelta(days=3), "7 Mar, 09:00"),
        (timedelta(days=90), "10 Dec 2025, 09:00"),
    ],
)
def test_near_moments_are_told_as_a_distance_and_far_ones_as_a_date(ago: timedelta, words: str) -> None:
    assert readable(NOW - ago, NOW) == words


def test_too_many_wrong_passwords_close_the_sign_in_for_a_while(client: Client, ada: User) -> None:
    for _ in range(10):
        answer = client.post("/login/", {"username": "ada", "password": "wrong"})
    assert answer.status_code == 429
    answer = client.post("/login/", {"username": "ada", "password": "correct horse battery"})
    assert "Too many attempts" in answer.text


def test_strangers_are_sent_to_sign_in_also_from_the_admin(client: Client) -> None:
    assert client.get("/").url == "/login/?next=/"
    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == "/login/?next=%2Fadmin%2F"


def test_a_form_without_its_token_is_explained(ada: User) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/login/", {"username": "ada", "password": "correct horse battery"})
    assert answer.status_code == 403
    assert "This form has expired" in answer.text


def test_what_does_not_exist_has_a_page_for_people_and_json_for_programs(admin: Client) -> None:
    assert "There is nothing here" in admin.get("/nowhere/").text
    answer = admin.get("/api/v1/nowhere/")
    assert answer.status_code == 404
    assert answer.json() == {"detail": "There is nothing here."}


def test_a_broken_page_says_so_without_telling_how(admin: Client, settings, caplog) -> None:
    admin.raise_request_exception = False
    settings.ROOT_URLCONF = "tests.config.broken_urls"
    answer = admin.get("/broken/")
    assert answer.status_code == 500
    assert "Something broke on our side" in answer.text
    assert "secret detail" not in answer.text


def test_dates_are_told_in_the_zone_of_the_installation_unless_a_person_has_one(admin: Client, ada: User) -> None:
    forget_zone()
    contact = make.contact(email="vera@example.com")
    Contact.objects.filter(pk=contact.pk).update(created_at=datetime(2026, 1, 31, 23, 30, tzinfo=UTC))
    page = f"/contacts/{contact.pk}/"
    admin.post("/settings/", {"name": "Shop", "timezone": "Asia/Tokyo", "language": "en", "consent_policy": "opt_out"})
    assert "1 Feb" in admin.get(page).text
    User.objects.filter(pk=ada.pk).update(timezone="America/New_York")
    assert "31 Jan" in admin.get(page).text
    forget_zone()
