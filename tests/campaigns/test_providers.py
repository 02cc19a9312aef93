"""Setting providers up: defaults, secrets, and the built-in outbox."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Permission
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from rest_framework.test import APIClient

from campaigns import configuring, providers
from campaigns.models import Content, InboxMessage, Message, Origin, Provider
from campaigns.providers.base import OutgoingEmail, OutgoingSms
from config.models import ApiKey, User
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


@pytest.fixture
def outboxes() -> None:
    """What a new installation starts with, also after a test that emptied every table."""
    for channel in ("email", "sms"):
        Provider.objects.get_or_create(
            channel=channel, kind="local", defaults={"name": "Local outbox", "is_default": True}
        )


@pytest.fixture
def client(outboxes: None) -> Client:
    user = User.objects.create_user("ann", password="x", email="ann@example.com")
    names = ["change_provider", "view_provider", "view_inboxmessage"]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(user)
    return client


def test_a_new_installation_can_send_on_every_channel_without_an_account(outboxes: None) -> None:
    for channel in ("email", "sms"):
        assert providers.available(channel)
        assert providers.for_channel(channel).kind == "local"


def test_the_local_outbox_keeps_a_batch_in_one_statement(outboxes: None, django_assert_max_num_queries: Any) -> None:
    batch = []
    for n in range(50):
        message = EmailMultiAlternatives(f"Hi {n}", "Text", to=[f"c{n}@example.com"], headers={"X-Tag": str(n)})
        message.attach_alternative("<p>Hi</p>", "text/html")
        batch.append(OutgoingEmail(n, f"c{n}@example.com", message))
    provider = providers.for_channel("email")
    with providers.of(provider).connect(provider) as connection, django_assert_max_num_queries(1):
        results = connection.send(batch)
    assert {result.state for result in results} == {"sent"}
    newest = InboxMessage.objects.first()
    assert (newest.message_id, newest.subject, newest.html, newest.headers["X-Tag"]) == (49, "Hi 49", "<p>Hi</p>", "49")
    assert results[49].provider_message_id == f"local-{newest.pk}"


def test_the_local_outbox_refuses_a_header_of_two_lines_and_keeps_the_rest(outboxes: None) -> None:
    provider = providers.for_channel("email")
    bad = EmailMultiAlternatives("Hi\nBcc: all@example.com", "Text", to=["ann@example.com"])
    good = EmailMultiAlternatives("Hi", "Text", to=["bo@example.com"])
    with providers.of(provider).connect(provider) as connection:
        results = connection.send([OutgoingEmail(1, "ann@example.com", bad), OutgoingEmail(2, "bo@example.com", good)])
    assert [result.state for result in results] == ["failed", "sent"]
    assert InboxMessage.objects.get().recipient == "bo@example.com"


def test_the_first_provider_of_ones_own_takes_over_from_the_outbox(api: APIClient, outboxes: None) -> None:
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
    assert api.patch(f"/api/v1/providers/{pk}/", {"settings": {"port": 2526, "password": ""}}).status_code == 200
    stored.refresh_from_db()
    assert configuring.secrets.decrypt(stored.secrets) == {"password": "s3cret-word"}
    assert (stored.settings["port"], stored.settings["username"]) == (2526, "ann")


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


def test_twilio_is_set_up_by_the_api_and_told_where_replies_go(api: APIClient, client: Client) -> None:
    answer = api.post("/api/v1/providers/", {"channel": "sms", "kind": "twilio", "name": "Texts", "settings": TWILIO})
    assert answer.status_code == 201
    assert "auth_token" not in answer.json()["settings"]
    assert providers.for_channel("sms").kind == "twilio"
    address = f"/webhooks/twilio/{answer.json()['id']}/inbound"
    assert urlsplit(answer.json()["inbound_url"]).path == address
    assert address in client.get(f"/providers/{answer.json()['id']}/").content.decode()


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
    assert (bad["state"], bad["reason"]) == ("failed", "550 5.1.1 No such person")
    assert server.to() == ["ann@example.com"]


def test_disabling_the_default_lets_the_next_one_take_over(outboxes: None, api: APIClient) -> None:
    pk = api.post("/api/v1/providers/", SMTP).json()["id"]
    api.patch(f"/api/v1/providers/{pk}/", {"enabled": False})
    default = providers.for_channel("email")
    assert (default.kind, default.is_default) == ("local", True)
    api.patch(f"/api/v1/providers/{default.pk}/", {"enabled": False})
    assert not providers.available("email")
    assert providers.for_channel("email") is None


def test_a_provider_with_messages_is_disabled_and_not_deleted(api: APIClient, client: Client) -> None:
    pk = api.post("/api/v1/providers/", SMTP).json()["id"]
    content = Content.objects.create(digest="d", channel="email", body="x", markup="html")
    Message.objects.create(
        contact=make.contact("ann@example.com"), channel="email", origin=Origin.objects.create(key="t"),
        content=content, provider_id=pk, queued_at=make.NOW, due_at=make.NOW,
    )  # fmt: skip
    assert api.delete(f"/api/v1/providers/{pk}/").status_code == 409
    assert "Disable" in client.get(f"/providers/{pk}/delete/").content.decode()
    client.post(f"/providers/{pk}/delete/")
    client.post(f"/providers/{pk}/disable/")
    assert Provider.objects.get(pk=pk).enabled is False


def test_an_unused_provider_is_deleted_and_the_outbox_takes_over(outboxes: None, api: APIClient) -> None:
    pk = api.post("/api/v1/providers/", SMTP).json()["id"]
    assert api.delete(f"/api/v1/providers/{pk}/").status_code == 204
    assert providers.for_channel("email").is_default


def test_a_provider_is_created_and_edited_in_its_page_and_its_password_never_shown(client: Client) -> None:
    fields = {
        "name": "Post", "host": "127.0.0.1", "port": "2525", "security": "none", "username": "ann",
        "password": "s3cret-word", "from_name": "Shop", "from_email": "shop@example.com", "timeout": "10",
    }  # fmt: skip
    assert client.post("/providers/new/?kind=smtp&channel=email", fields).status_code == 302
    provider = Provider.objects.get(kind="smtp")
    assert provider.is_default
    page = client.get(f"/providers/{provider.pk}/").content.decode()
    assert "Leave empty to keep" in page
    assert "s3cret" not in page
    client.post(f"/providers/{provider.pk}/", fields | {"password": "", "name": "Post office"})
    provider.refresh_from_db()
    assert provider.name == "Post office"
    assert configuring.secrets.decrypt(provider.secrets) == {"password": "s3cret-word"}


def test_the_page_shows_what_is_wrong_and_keeps_what_was_typed(client: Client) -> None:
    page = client.post(
        "/providers/new/?kind=smtp&channel=email", {"name": "", "host": "h", "port": "x"}
    ).content.decode()
    assert page.count("This field is required.") >= 1
    assert "Enter a whole number." in page
    assert not Provider.objects.filter(kind="smtp").exists()


def test_a_test_message_is_sent_from_the_page_and_read_in_the_inbox(client: Client) -> None:
    email, sms = providers.for_channel("email"), providers.for_channel("sms")
    assert "ann@example.com" in client.get(f"/providers/{email.pk}/test/").content.decode()
    answer = client.post(f"/providers/{email.pk}/test/", {"recipient": "bo@example.com"}).content.decode()
    assert "The provider took the message." in answer
    assert "phone number" in client.post(f"/providers/{sms.pk}/test/", {"recipient": "bo"}).content.decode()
    client.post(f"/providers/{sms.pk}/test/", {"recipient": "+33612345678"})
    listed = client.get("/inbox/").content.decode()
    assert "bo@example.com" in listed
    assert "+33612345678" in listed
    assert "bo@example.com" not in client.get("/inbox/?channel=sms").content.decode()
    assert "+33612345678" not in client.get("/inbox/?q=BO@").content.decode()


def test_a_mail_of_the_inbox_runs_nothing_and_its_links_open_elsewhere(client: Client) -> None:
    message = InboxMessage.objects.create(
        channel="email", sender="a@x.example", recipient="b@x.example", subject="Hi", at=make.NOW,
        html="<html><head></head><body><script>alert(1)</script><a href='https://x.example'>x</a></body></html>",
        text="See https://x.example/a?b=1&c=<2>.", headers={"List-Unsubscribe": "<https://x.example/u>"},
    )  # fmt: skip
    page = client.get(f"/inbox/{message.pk}/").content.decode()
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert "alert(1)" not in page
    mail = client.get(f"/inbox/{message.pk}/html/")
    assert mail["Content-Security-Policy"].startswith("sandbox allow-popups allow-popups-to-escape-sandbox;")
    assert "script" not in mail["Content-Security-Policy"]
    assert '<base target="_blank">' in mail.content.decode()
    text = client.get(f"/inbox/{message.pk}/?view=text").content.decode()
    assert '<a href="https://x.example/a?b=1&amp;c=" target="_blank" rel="noopener">' in text
    assert "&lt;2&gt;" in text
    assert "List-Unsubscribe" in client.get(f"/inbox/{message.pk}/?view=headers").content.decode()


def test_a_text_message_shows_as_a_bubble_with_links_that_work(client: Client) -> None:
    provider = providers.for_channel("sms")
    with providers.of(provider).connect(provider) as connection:
        connection.send([OutgoingSms(1, "+33612345678", "Look: https://x.example/s/1")])
    page = client.get(f"/inbox/{InboxMessage.objects.get().pk}/").content.decode()
    assert 'class="bubble"' in page
    assert 'href="https://x.example/s/1"' in page


def test_who_may_not_change_providers_only_looks(outboxes: None) -> None:
    user = User.objects.create_user("viewer", password="x")
    user.user_permissions.set(Permission.objects.filter(codename="view_provider"))
    client = Client()
    client.force_login(user)
    pk = providers.for_channel("email").pk
    assert client.get("/providers/").status_code == 200
    for path in ("new/", f"{pk}/", f"{pk}/test/", f"{pk}/delete/"):
        assert client.get(f"/providers/{path}").status_code == 403
    assert client.post(f"/providers/{pk}/disable/").status_code == 403
    assert client.get("/inbox/").status_code == 403
