"""A stored password or key cannot be led to a server of who never knew it; tests cannot be used for mailing."""

from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client

from campaigns import configuring, testing
from campaigns.mailings import testing as campaign_testing
from campaigns.models import Provider
from config.models import ApiKey
from tests import make
from tests.campaigns import mailings
from tests.make import NOW

pytestmark = pytest.mark.django_db
# What each kind is set up with, and what an attacker changes.
ACCOUNTS: list[tuple[str, str, dict[str, Any], dict[str, Any], str]] = [
    ("smtp", "email", {"host": "smtp.example.com", "username": "ann", "password": "s3cret"},
     {"host": "evil.example"}, "password"),
    ("smtp", "email", {"host": "smtp.example.com", "username": "ann", "password": "s3cret"},
     {"security": "none"}, "password"),
    ("smtp", "email", {"host": "smtp.example.com", "username": "ann", "password": "s3cret"}, {"port": 26}, "password"),
    ("twilio", "sms", {"account_sid": "ACx", "auth_token": "s3cret", "from_number": "+15005550006"},
     {"api_base_url": "https://evil.example"}, "auth_token"),
    ("mailgun", "email", {"api_key": "s3cret", "from_email": "shop@example.com"},
     {"api_url": "https://evil.example/"}, "api_key"),
    ("postal", "email", {"api_key": "s3cret", "from_email": "shop@example.com", "api_url": "https://a.example/"},
     {"api_url": "https://evil.example/"}, "api_key"),
    ("scaleway", "email", {"secret_key": "s3cret", "project_id": "p", "from_email": "shop@example.com"},
     {"region": "nl-ams"}, "secret_key"),
    ("amazon_ses", "email", {"region": "eu-west-1", "access_key_id": "AKIA" + "X" * 16, "secret_access_key": "s3cret",
     "from_email": "shop@example.com"}, {"region": "us-east-1"}, "secret_access_key"),
]  # fmt: skip


class Api:
    def __init__(self, client: Client) -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {ApiKey.objects.issue('keeper', ['*'])[1]}"}

    def __call__(self, method: str, path: str, body: Any) -> Any:
        send = getattr(self.client, method)
        return send(f"/api/v1/{path}", body, content_type="application/json", headers=self.headers)


def made(api: Api, kind: str, channel: str, settings: dict[str, Any]) -> Provider:
    answer = api("post", "providers/", {"kind": kind, "channel": channel, "name": "Post", "settings": settings})
    assert answer.status_code == 201, answer.json()
    return Provider.objects.get(pk=answer.json()["id"])


@pytest.mark.parametrize(("kind", "channel", "settings", "attack", "secret"), ACCOUNTS)
def test_a_program_cannot_lead_a_secret_elsewhere_without_knowing_it(
    client: Client, kind: str, channel: str, settings: dict[str, Any], attack: dict[str, Any], secret: str
) -> None:
    api = Api(client)
    provider = made(api, kind, channel, settings)
    before = dict(provider.settings)
    for method, told in (
        ("patch", attack),
        ("patch", {**attack, secret: ""}),
        ("put", {**settings, **attack, secret: ""}),
    ):
        body = {"kind": kind, "channel": channel, "name": "Post", "settings": told}
        refused = api(method, f"providers/{provider.pk}/", body)
        assert (refused.status_code, list(refused.json()["settings"])) == (400, [secret]), method
        provider.refresh_from_db()
        assert provider.settings == before
    unmoved = api("patch", f"providers/{provider.pk}/", {"settings": {**settings, secret: ""}, "name": "Same"})
    assert unmoved.status_code == 200, unmoved.json()
    moved = api("patch", f"providers/{provider.pk}/", {"settings": {**attack, secret: "known"}})
    assert moved.status_code == 200, moved.json()
    provider.refresh_from_db()
    assert configuring.secrets.decrypt(provider.secrets)[secret] == "known"


def test_the_page_asks_for_the_password_again_where_the_server_changes(keeper: Client) -> None:
    fields = {
        "name": "Post", "host": "smtp.example.com", "port": "587", "security": "starttls", "username": "ann",
        "password": "s3cret", "from_name": "", "from_email": "shop@example.com", "timeout": "10",
    }  # fmt: skip
    keeper.post("/providers/new/?kind=smtp&channel=email", fields)
    provider = Provider.objects.get(kind="smtp")
    page = keeper.post(f"/providers/{provider.pk}/", {**fields, "host": "evil.example", "password": ""})
    assert "Enter it again: “Server” changed" in page.content.decode()
    provider.refresh_from_db()
    assert provider.settings["host"] == "smtp.example.com"
    # Who leaves the user name away gives up the password, and nothing travels.
    answer = keeper.post(f"/providers/{provider.pk}/", {**fields, "host": "b.example", "username": "", "password": ""})
    assert answer.status_code == 302
    provider.refresh_from_db()
    assert (provider.settings["host"], provider.secrets) == ("b.example", "")


def test_a_key_that_only_proves_webhooks_stays_where_the_address_changes(client: Client) -> None:
    api = Api(client)
    settings = {"api_key": "s3cret", "webhook_signing_key": "proof", "from_email": "shop@example.com"}
    provider = made(api, "mailgun", "email", settings)
    body = {"settings": {"api_url": "https://api.eu.mailgun.net/v3/", "api_key": "s3cret"}}
    assert api("patch", f"providers/{provider.pk}/", body).status_code == 200
    provider.refresh_from_db()
    assert configuring.secrets.decrypt(provider.secrets)["webhook_signing_key"] == "proof"


def test_campaigns_and_chains_share_the_hourly_limit_of_tests(client: Client, monkeypatch: Any) -> None:
    cache.clear()
    make.local_outboxes()
    monkeypatch.setattr(testing, "MOST_AN_HOUR", 3)
    campaign = mailings.campaign()
    campaign_testing.send_test(campaign, ["a@example.com", "b@example.com"], 7, NOW)
    with pytest.raises(ValidationError, match="in an hour"):
        campaign_testing.send_test(campaign, ["a@example.com", "b@example.com"], 7, NOW)
    campaign_testing.send_test(campaign, ["a@example.com"], 8, NOW)  # somebody else
    api = Api(client)
    for n in range(3):
        assert api("post", f"campaigns/{campaign.pk}/test/", {"recipients": [f"{n}@example.com"]}).status_code == 200
    refused = api("post", f"campaigns/{campaign.pk}/test/", {"recipients": ["x@example.com"]})
    assert refused.status_code == 400 and "in an hour" in str(refused.json())
