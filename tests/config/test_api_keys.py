"""What an API key opens: scopes, revoking, expiry, throttling, and the command that makes one."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from config.authentication import KeyThrottle
from config.models import ApiKey, User

pytestmark = pytest.mark.django_db
PROVIDERS = "/api/v1/providers/"


def get(key: str, path: str = PROVIDERS) -> int:
    return Client().get(path, headers={"Authorization": f"Bearer {key}"}).status_code


@pytest.fixture
def key() -> str:
    return ApiKey.objects.issue("Shop")[1]


def test_a_key_opens_the_api_and_its_use_is_noted(key: str) -> None:
    assert get(key) == 200
    assert ApiKey.objects.get().last_used_at is not None


def test_a_busy_key_does_not_make_every_read_a_write(key: str) -> None:
    get(key)
    first = ApiKey.objects.get().last_used_at
    get(key)
    assert ApiKey.objects.get().last_used_at == first


def test_nobody_comes_in_without_a_key() -> None:
    answer = Client().get(PROVIDERS)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["Bearer", "Bearer wp_wrong", "Bearer a b", "Bearer \xff"])
def test_a_wrong_key_is_refused_in_the_apis_shape(header: str) -> None:
    answer = Client().get(PROVIDERS, headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.json() == {"detail": "This API key is unknown, revoked or expired."}


def test_a_session_is_no_key() -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("ana"))
    assert client.get(PROVIDERS).status_code == 401


def test_a_revoked_key_is_refused(key: str) -> None:
    ApiKey.objects.update(revoked_at=timezone.now())
    assert get(key) == 401


def test_a_key_ends_when_it_expires(key: str) -> None:
    ApiKey.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
    assert get(key) == 200
    ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert get(key) == 401


def test_a_key_opens_only_what_its_scopes_name() -> None:
    reads = ApiKey.objects.issue("Dashboard", ["providers:read"])[1]
    other = ApiKey.objects.issue("Shop", ["contacts:read", "contacts:write"])[1]
    assert get(reads) == 200
    assert get(other) == 403
    answer = Client().post(PROVIDERS, {}, "application/json", headers={"Authorization": f"Bearer {reads}"})
    assert answer.status_code == 403
    assert answer.json() == {"detail": "This API key does not have the scope that is needed here."}


def test_a_key_that_asks_too_often_has_to_wait(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(KeyThrottle, "THROTTLE_RATES", {"api_key": "3/day"})
    assert [get(key) for _ in range(4)] == [200, 200, 200, 429]
    answer = Client().get(PROVIDERS, headers={"Authorization": f"Bearer {key}"})
    assert 0 < int(answer.headers["Retry-After"]) <= 86400
    assert answer.json()["detail"].startswith("Request was throttled.")
    assert get(ApiKey.objects.issue("Other")[1]) == 200


def test_the_key_itself_is_kept_nowhere(key: str) -> None:
    (row,) = ApiKey.objects.values()
    assert all(key not in str(value) for value in row.values())


def test_the_command_prints_the_key_alone() -> None:
    User.objects.create_user("ana")
    out = StringIO()
    call_command("apikey", "Shop", "--scope", "contacts:write", "--scope=events:write", "--owner=ana", stdout=out)
    (row,) = ApiKey.objects.all()
    assert ApiKey.objects.usable(out.getvalue().strip(), timezone.now()) == row
    assert (row.name, row.scopes, row.owner.username) == ("Shop", ["contacts:write", "events:write"], "ana")


def test_a_key_without_scopes_may_do_everything_until_its_last_day() -> None:
    call_command("apikey", "Shop", "--days", "30", stdout=StringIO())
    (row,) = ApiKey.objects.all()
    assert row.scopes == ["*"]
    assert timedelta(days=29) < row.expires_at - timezone.now() <= timedelta(days=30)


@pytest.mark.parametrize("wrong", [["--scope", "contacts:eat"], ["--owner", "nobody"], ["--days", "0"]])
def test_the_command_refuses_what_makes_no_sense(wrong: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("apikey", "Shop", *wrong)
    assert not ApiKey.objects.exists()
