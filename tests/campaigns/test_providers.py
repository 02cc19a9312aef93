"""Setting providers up through the API: defaults, secrets, and what cannot be undone."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from rest_framework.test import APIClient

from campaigns import configuring, providers
from campaigns.models import Content, Message, Origin, Provider
from config.models import ApiKey
from tests import make
from tests.outside import mail_server

pytestmark = pytest.mark.django_db
SMTP = {"channel": "email", "kind": "smtp", "name": "Post", "settings": {"host": "127.0.0.1", "port": 2525}}
TWILIO = {"account_sid": "AC1", "auth_token": "t0ken", "from_number": "+15005550006"}


@pytest.fixture
def api() -> APIClient:
    _row, key = ApiKey.objects.issue("test", ["providers:read", "providers:write"])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


def test_a_new_installation_can_send_on_every_channel_without_an_account() -> None:
    for channel in ("email", "sms"):
        assert providers.available(channel)
        assert providers.for_channel(channel).kind == "local"


def test_the_first_provider_of_ones_own_takes_over_from_the_outbox(api: APIClient) -> None:
    answer = api.post("/api/v1/providers/", SMTP)
    assert answer.status_code == 201
    body = answer.json()
    assert (body["is_default"], body["enabled"]) == (True, True)
    assert body["settings"] == {
        "host": "127.0.0.1",
        "port": 2525,
        "security": "none",
        "username": "",
        "from_name": "Waypost",
        "from_email": "waypost@localhost",
        "timeout": 10,
        "connections": 20,
    }
    assert providers.for_channel("email").pk == body["id"]
    second = api.post("/api/v1/providers/", SMTP | {"name": "Other"}).json()
    assert second["is_default"] is False
    assert api.patch(f"/api/v1/providers/{second['id']}/", {"is_default": True}).json()["is_default"] is True
    assert Provider.objects.filter(channel="email", is_default=True).count() == 1


def test_secrets_are_encrypted_never_shown_and_kept_when_left_empty(api: APIClient) -> None:
    login = SMTP["settings"] | {"username": "ann", "password": "s3cret-word"}
    answer = api.post("/api/v1/providers/", SMTP | {"settings": login})
    pk = answer.json()["id"]
    for shown in (answer, api.get(f"/api/v1/providers/{pk}/"), api.get("/api/v1/providers/")):
        assert b"s3cret" not in shown.content
    stored = Provider.objects.get(pk=pk)
    assert "s3cret" not in stored.secrets
    assert "password" not in stored.settings
    assert api.patch(f"/api/v1/providers/{pk}/", {"settings": {"from_name": "Ann", "password": ""}}).status_code == 200
    stored.refresh_from_db()
    assert configuring.secrets.decrypt(stored.secrets) == {"password": "s3cret-word"}
    assert (stored.settings["from_name"], stored.settings["username"]) == ("Ann", "ann")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "pigeon"}, "kind"),
        ({"channel": "sms"}, "kind"),
        ({"name": ""}, "name"),
        ({"settings": {"port": 25}}, "settings"),
        ({"settings": {"host": "x", "port": 70000}}, "settings"),
        ({"settings": {"host": "x\r\ny"}}, "settings"),
        ({"settings": {"host": "x", "from_name": "A\r\nBcc: all@example.com"}}, "settings"),
        ({"settings": {"host": "x", "from_name": "half \ud800"}}, "settings"),
        ({"settings": {"host": "x", "colour": "red"}}, "settings"),
        ({"settings": "x"}, "settings"),
    ],
)
def test_wrong_settings_are_refused_by_name(api: APIClient, change: dict[str, Any], field: str) -> None:
    answer = api.post("/api/v1/providers/", SMTP | change)
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert not Provider.objects.filter(name="Post").exists()


def test_a_name_is_used_once_per_channel(api: APIClient) -> None:
    assert api.post("/api/v1/providers/", SMTP).status_code == 201
    refused = api.post("/api/v1/providers/", SMTP | {"name": "POST"})
    assert (refused.status_code, list(refused.json())) == (400, ["name"])


@pytest.mark.parametrize(
    ("given", "security"),
    [
        ({}, "none"),
        ({"port": 587}, "starttls"),
        ({"port": 465}, "tls"),
        ({"use_tls": True}, "starttls"),
        ({"use_ssl": True, "use_tls": False}, "tls"),
        ({"use_tls": False, "port": 587}, "none"),
        ({"use_tls": True, "security": "none"}, "none"),
    ],
)
def test_djangos_names_of_mail_settings_are_understood(api: APIClient, given: dict[str, Any], security: str) -> None:
    settings = SMTP["settings"] | {"user": "ann", "password": "s3cret", "from": "ann@example.com"} | given
    kept = api.post("/api/v1/providers/", SMTP | {"settings": settings}).json()["settings"]
    assert kept["security"] == security
    assert (kept["username"], kept["from_email"]) == ("ann", "ann@example.com")


def test_twilio_is_set_up_by_the_api_and_told_where_replies_go(api: APIClient, keeper: Client) -> None:
    answer = api.post("/api/v1/providers/", {"channel": "sms", "kind": "twilio", "name": "Texts", "settings": TWILIO})
    assert answer.status_code == 201
    assert "auth_token" not in answer.json()["settings"]
    assert providers.for_channel("sms").kind == "twilio"
    address = f"/webhooks/twilio/{answer.json()['id']}/inbound"
    assert urlsplit(answer.json()["inbound_url"]).path == address
    assert address in keeper.get(f"/providers/{answer.json()['id']}/").content.decode()


def test_a_key_without_the_scope_is_refused() -> None:
    _row, key = ApiKey.objects.issue("other", ["contacts:write"])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    assert client.get("/api/v1/providers/").status_code == 403


def test_the_api_sends_a_test_and_returns_the_real_answer(api: APIClient) -> None:
    with mail_server() as server:
        pk = api.post("/api/v1/providers/", SMTP | {"settings": {"host": "127.0.0.1", "port": server.port}}).json()[
            "id"
        ]
        server.refuse["gone@example.com"] = "550 5.1.1 No such person"
        good = api.post(f"/api/v1/providers/{pk}/test/", {"recipient": "ann@example.com"}).json()
        bad = api.post(f"/api/v1/providers/{pk}/test/", {"recipient": "gone@example.com"}).json()
        assert api.post(f"/api/v1/providers/{pk}/test/", {"recipient": "nobody"}).status_code == 400
        assert api.post(f"/api/v1/providers/{pk}/test/", {}).status_code == 400
    assert good["state"] == "sent"
    assert (bad["state"], bad["reason"]) == ("bounced", "550 5.1.1 No such person")
    assert server.to() == ["ann@example.com"]


def test_disabling_the_default_lets_the_next_one_take_over(api: APIClient) -> None:
    pk = api.post("/api/v1/providers/", SMTP).json()["id"]
    api.patch(f"/api/v1/providers/{pk}/", {"enabled": False})
    default = providers.for_channel("email")
    assert (default.kind, default.is_default) == ("local", True)
    api.patch(f"/api/v1/providers/{default.pk}/", {"enabled": False})
    assert not providers.available("email")
    assert providers.for_channel("email") is None


def test_a_provider_with_messages_is_disabled_and_not_deleted(api: APIClient, keeper: Client) -> None:
    pk = api.post("/api/v1/providers/", SMTP).json()["id"]
    content = Content.objects.create(digest="d", channel="email", body="x", markup="html")
    Message.objects.create(
        contact=make.contact("ann@example.com"), channel="email", origin=Origin.objects.create(key="t"),
        content=content, provider_id=pk, queued_at=make.NOW, due_at=make.NOW,
    )  # fmt: skip
    assert api.delete(f"/api/v1/providers/{pk}/").status_code == 409
    assert "Disable" in keeper.get(f"/providers/{pk}/delete/").content.decode()
    keeper.post(f"/providers/{pk}/delete/")
    keeper.post(f"/providers/{pk}/disable/")
    assert Provider.objects.get(pk=pk).enabled is False


def test_an_unused_provider_is_deleted_and_the_outbox_takes_over(api: APIClient) -> None:
    pk = api.post("/api/v1/providers/", SMTP).json()["id"]
    assert api.delete(f"/api/v1/providers/{pk}/").status_code == 204
    assert providers.for_channel("email").is_default


def test_limits_are_set_kept_and_taken_away(api: APIClient) -> None:
    made = api.post("/api/v1/providers/", SMTP | {"per_second": 14, "per_day": 50_000}).json()
    assert (made["per_second"], made["per_day"]) == (14, 50_000)
    address = f"/api/v1/providers/{made['id']}/"
    assert api.patch(address, {"name": "Renamed"}).json()["per_second"] == 14
    changed = api.patch(address, {"per_second": None, "per_day": 100}, format="json").json()
    assert (changed["per_second"], changed["per_day"]) == (None, 100)
    for wrong in (0, -1, "many", 1.5):
        assert list(api.patch(address, {"per_day": wrong}, format="json").json()) == ["per_day"]
