"""Who calls as an email service has to prove it, and what is forged, old or unreadable changes nothing."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from campaigns import secrets
from campaigns.models import Notice, Provider
from campaigns.notices import keeping, passwords, proving
from campaigns.views import notices
from tests.campaigns.esp_webhooks import HOOK_OF, Hook, Post, Told
from tests.campaigns.telling import account, sent, tell, told, url_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("still")]


def test_a_forged_call_changes_nothing(client: Client, hook: Hook) -> None:
    now = timezone.now()
    provider = account(hook.kind)
    message = sent(provider, now)
    told_hard = told(message, "hard", now)
    other = {"resend": "whsec_b3RoZXItc2VjcmV0LXdpdGgtMzItY2hhcnMhISE="}.get(hook.kind, "guessed")
    if hook.secret:
        post = hook.post(told_hard, url_of(provider), secret=other)
        assert tell(client, provider, post) == 403
        good = hook.post(told_hard, url_of(provider))
        assert good is not None
        if hook.kind != "mailgun":  # signs its token and the time, not what it says
            broken = Post(good.body.replace(b"example", b"exbmple"), good.headers, good.content_type)
            assert tell(client, provider, broken) == 403
        assert tell(client, provider, Post(b"{}", {}, good.content_type)) == 403
        assert tell(client, provider, Post(b"\xff\x00[", {}, good.content_type)) == 403
    else:
        post = hook.post(told_hard, url_of(provider))
        assert tell(client, provider, post, password="guessed") == 403
        assert post is not None
        path = f"/webhooks/{provider.kind}/{provider.pk}/"
        asked = client.post(path, post.body, content_type=post.content_type)
        assert (asked.status_code, asked["WWW-Authenticate"][:5]) == (401, "Basic")
    assert not Notice.objects.exists()


def test_a_call_of_another_account_is_refused(client: Client, hook: Hook) -> None:
    now = timezone.now()
    provider = account(hook.kind)
    change = {"resend": "whsec_b3RoZXItc2VjcmV0LXdpdGgtMzItY2hhcnMhISE="}.get(hook.kind, "another")
    if hook.kind in ("sendgrid", "postal"):
        change = HOOK_OF["postal" if hook.kind == "sendgrid" else "sendgrid"].secret
    other = account(hook.kind, **({hook.secret_name: change} if hook.secret else {"from_name": "Other"}))
    message = sent(provider, now)
    post = hook.post(told(message, "hard", now), url_of(provider))
    password = None if hook.secret else next(passwords.valid(provider))
    assert tell(client, other, post, password=password) == 403
    assert not Notice.objects.exists()


def test_a_token_that_was_used_proves_no_other_call(client: Client) -> None:
    now = timezone.now()
    provider = account("mailgun")
    message, other = sent(provider, now), sent(provider, now, "m2")
    assert tell(client, provider, HOOK_OF["mailgun"].post(told(message, "delivered", now), "")) == 200
    assert tell(client, provider, HOOK_OF["mailgun"].post(told(other, "complained", now), "")) == 403
    assert Notice.objects.get().what == "delivered"


def test_an_old_recording_is_refused(client: Client, hook: Hook) -> None:
    now = timezone.now()
    provider = account(hook.kind)
    message = sent(provider, now)
    then = now - keeping.KEPT - timedelta(days=1)
    assert tell(client, provider, hook.post(told(message, "hard", then), url_of(provider), signed_at=then)) == 403
    assert not Notice.objects.exists()


@pytest.mark.parametrize("kind", ["mailgun", "postmark"])
def test_a_new_key_is_good_at_once_and_the_former_no_more(client: Client, kind: str) -> None:
    now = timezone.now()
    provider, hook = account(kind), HOOK_OF[kind]
    message = sent(provider, now)
    password = None if hook.secret else next(passwords.valid(provider))
    assert tell(client, provider, hook.post(told(message, "delivered", now), ""), password) == 200
    if kind == "mailgun":
        # As another process writes it.
        Provider.objects.filter(pk=provider.pk).update(secrets=secrets.encrypt({"webhook_signing_key": "new"}))
        assert tell(client, provider, hook.post(told(message, "hard", now, "e2"), "")) == 403
        assert tell(client, provider, hook.post(told(message, "hard", now, "e3"), "", secret="new")) == 200
    else:
        Provider.objects.filter(pk=provider.pk).update(created_at=now - timedelta(days=1))
        assert tell(client, provider, hook.post(told(message, "hard", now, "e2"), ""), password) == 403
    assert Notice.objects.count() == (2 if kind == "mailgun" else 1)


def test_an_account_that_is_gone_is_not_found(client: Client) -> None:
    now = timezone.now()
    provider, hook = account("mailgun"), HOOK_OF["mailgun"]
    assert tell(client, provider, hook.post(Told("hard", "", now, "e1"), "")) == 200
    pk = provider.pk
    provider.delete()
    provider.pk = pk
    assert tell(client, provider, hook.post(Told("hard", "", now, "e2"), "")) == 404
    assert not Notice.objects.exists()


def test_an_unknown_provider_or_one_that_tells_nothing_is_not_found(client: Client) -> None:
    postmark, scaleway = account("postmark"), account("scaleway")
    assert client.post(f"/webhooks/mailgun/{postmark.pk}/", b"{}", content_type="application/json").status_code == 404
    assert client.post("/webhooks/postmark/999999/", b"{}", content_type="application/json").status_code == 404
    assert client.post(f"/webhooks/scaleway/{scaleway.pk}/", b"{}", content_type="application/json").status_code == 404
    assert client.head(f"/webhooks/postmark/{postmark.pk}/").status_code == 200


@pytest.mark.parametrize("deep", [b"[" * 100_000, b'{"a":' * 100_000, b'[{"a":' * 50_000 + b"1" + b"}]" * 50_000])
def test_what_is_nested_too_deep_is_no_error_of_ours(client: Client, hook: Hook, deep: bytes) -> None:
    """Nor is it for whoever proves nothing, and is only out for errors."""
    provider = account(hook.kind)
    signed = hook.sign(deep, hook.secret, timezone.now(), "e1") if hook.sign and not hook.form else {}
    assert tell(client, provider, Post(deep, signed)) in (400, 403)
    assert tell(client, provider, Post(deep)) in (400, 403)
    assert tell(client, provider, Post(deep), password="guessed") == 403


def test_what_is_too_long_is_not_even_read(client: Client, hook: Hook) -> None:
    provider = account(hook.kind)
    path = f"/webhooks/{provider.kind}/{provider.pk}/"
    giant = {"CONTENT_LENGTH": str(notices.LARGEST + 1)}
    for content_type in ("application/json", "multipart/form-data; boundary=x"):
        assert client.post(path, b"{}", content_type=content_type, **giant).status_code == 413
    if hook.kind in proving.SIGNED_INSIDE:
        assert tell(client, provider, Post(b"[" + b"[]," * (proving.LONGEST_UNPROVEN // 3) + b"[]]")) == 403


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"null", b"7", b'"x"', b"[7]", b'{"event-data": 3}', b"\xff", b'[{"event": {}}]']
)
def test_what_nobody_can_read_is_no_error_of_ours(client: Client, hook: Hook, body: bytes) -> None:
    provider = account(hook.kind)
    post = Post(body, hook.sign(body, hook.secret, timezone.now(), "e1") if hook.sign and not hook.form else {})
    assert tell(client, provider, post) in (200, 400, 403)
    assert not Notice.objects.exists()
