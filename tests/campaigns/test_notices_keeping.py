"""What email services tell is kept once, in one insert and for some days, whatever happens to the call."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import Notice
from campaigns.notices import applying, keeping
from tests.campaigns.esp_webhooks import HOOK_OF, Hook, Post, Told
from tests.campaigns.telling import account, sent, tell, told, url_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("still")]


def test_the_same_call_again_changes_nothing(client: Client, hook: Hook) -> None:
    """A service whose answer was lost calls again, and is not told that it lies; Mailgun asks that a token be good for
    one call."""
    now = timezone.now()
    provider = account(hook.kind)
    post = hook.post(told(sent(provider, now), "hard", now), url_of(provider))
    assert tell(client, provider, post) == 200
    assert tell(client, provider, post) == (403 if hook.kind == "mailgun" else 200)
    assert Notice.objects.count() == 1


def test_halves_of_characters_and_nothing_at_all_are_kept_as_text(client: Client) -> None:
    provider = account("postmark")
    message = sent(provider, timezone.now())
    post = HOOK_OF["postmark"].post(told(message, "hard", timezone.now()), "")
    assert post is not None
    body = post.body.replace(b"5.1.1 No such user", rb"\ud800 gone \u0000")
    assert tell(client, provider, Post(body)) == 200
    assert Notice.objects.get().reason == "? gone"


def test_a_call_is_kept_in_one_insert(client: Client) -> None:
    now = timezone.now()
    provider = account("sendgrid")
    message = sent(provider, now)
    hook = HOOK_OF["sendgrid"]
    many = [event for n in range(50) for event in hook.say(told(message, "opened", now, f"e{n}"))]
    post = Hook("sendgrid", lambda _told: many, hook.sign, "", hook.secret).post(told(message, "opened", now), "")
    with CaptureQueriesContext(connection) as captured:
        assert tell(client, provider, post) == 200
    assert len(captured) == 2, [query["sql"] for query in captured]  # the provider, and the insert
    assert Notice.objects.count() == 50
    many = [event for n in range(50, 60) for event in hook.say(told(message, "opened", now, f"e{n}"))]
    post = Hook("sendgrid", lambda _told: many, hook.sign, "", hook.secret).post(told(message, "opened", now), "")
    with CaptureQueriesContext(connection) as captured:
        assert tell(client, provider, post) == 200
    assert len(captured) == 1, [query["sql"] for query in captured]
    assert Notice.objects.count() == 60


@pytest.mark.django_db(transaction=True)
def test_a_call_is_kept_though_the_connection_was_cut(client: Client) -> None:
    provider = account("postmark")
    hook = HOOK_OF["postmark"]
    assert tell(client, provider, hook.post(Told("hard", "", timezone.now(), "e1"), "")) == 200
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
    other.close()
    assert tell(client, provider, hook.post(Told("hard", "", timezone.now(), "e2"), "")) == 200
    assert Notice.objects.count() == 2


def test_applied_notices_are_forgotten_in_time(client: Client) -> None:
    now = timezone.now()
    provider = account("mailgun")
    message = sent(provider, now)
    tell(client, provider, HOOK_OF["mailgun"].post(told(message, "delivered", now), ""))
    applying.apply(now)
    keeping.forget(now + keeping.KEPT - timedelta(hours=1))
    assert keeping.last_received(provider) is not None
    keeping.forget(now + keeping.KEPT + timedelta(hours=1))
    assert not Notice.objects.exists()
