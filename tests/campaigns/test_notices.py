"""What email services tell by webhooks: proven, kept once, and applied to the ledger in any order."""

import base64
import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns import budget, claiming, configuring, outcomes, providers, secrets, signatures, stats, tracking
from campaigns.models import Hit, LedgerEntry, Message, Notice, Price, Provider
from campaigns.notices import applying, keeping, passwords, proving
from campaigns.outcomes import Outcome
from campaigns.views import notices
from contacts import consent
from contacts.models import Contact, Event, Installation, Suppression
from tests import make, recount
from tests.campaigns import letters
from tests.campaigns.esp_protocols import BY_KIND
from tests.campaigns.esp_webhooks import ADA, HAPPENINGS, HOOK_OF, HOOKS, Hook, Post, Told
from tests.campaigns.test_budget import D, adds_up, money

pytestmark = pytest.mark.django_db
STATES = {
    "delivered": "delivered", "hard": "bounced", "soft": "bounced", "complained": "complained", "opened": "sent",
    "unsubscribed": "sent", "later": "sent",
}  # fmt: skip


@pytest.fixture(autouse=True)
def still() -> Iterator[None]:
    """Calls are received at the moment of which the tests speak."""
    with time_machine.travel(make.NOW, tick=False):
        yield


@pytest.fixture(params=[hook.kind for hook in HOOKS])
def hook(request: pytest.FixtureRequest) -> Hook:
    return HOOK_OF[request.param]


def account(kind: str, **settings: str) -> Provider:
    form_class = providers.registry()[kind].Form
    given = {"from_email": "shop@mail.example.com", "api_url": "https://api.example.com/"}
    secret = {HOOK_OF[kind].secret_name: HOOK_OF[kind].secret} if kind in HOOK_OF else {}
    settings = dict(BY_KIND[kind].settings) | secret | settings
    form = configuring.settings_form(kind, form_class.defaults({}) | given | settings)
    assert form.is_valid(), form.errors
    return configuring.save(Provider(channel="email", kind=kind, name=f"{kind} {settings}"[:200]), form)


def sent(provider: Provider, now: datetime, mail: str = "m1", email: str = ADA) -> Message:
    """A mail to Ada that the provider took."""
    ada = Contact.objects.filter(email=email).first() or make.contact(email)
    origin = f"scenario:{Message.objects.count() + 1}:n2"
    content = letters.content("email")
    (message,) = letters.queue([ada.pk], content, origin=origin)
    taken = claiming.claim(max(now, make.NOW), 10, ["email"])
    outcome = Outcome(taken.messages[0], "sent", "", provider.pk, mail)
    outcomes.record(taken.owner, [outcome], now - timedelta(minutes=1))
    message.refresh_from_db()
    return message


def tell(client: Client, provider: Provider, post: Post | None, password: str | None = None, **headers: str) -> int:
    assert post is not None
    if password is None and HOOK_OF[provider.kind].secret == "":
        password = next(passwords.valid(provider))
    login = {}
    if password is not None:
        login = {"Authorization": "Basic " + base64.b64encode(f"waypost:{password}".encode()).decode()}
    path = f"/webhooks/{provider.kind}/{provider.pk}/"
    response = client.post(
        path, post.body, content_type=post.content_type, headers={**post.headers, **login, **headers}
    )
    return response.status_code


def told(message: Message, what: str, at: datetime, id: str = "e1", url: str = "") -> Told:
    return Told(what, signatures.token(message.pk), at, id, message.provider_message_id or "m1", url)


def url_of(provider: Provider) -> str:
    return passwords.address(provider, with_password=False)


@pytest.mark.parametrize("what", HAPPENINGS)
def test_what_a_service_tells_is_applied(client: Client, hook: Hook, what: str) -> None:
    now = timezone.now()
    provider = account(hook.kind)
    message = sent(provider, now)
    post = hook.post(told(message, what, now), url_of(provider))
    if post is None:
        pytest.skip("The service never tells this.")
    assert tell(client, provider, post) == 200
    applying.apply(now)
    message.refresh_from_db()
    assert message.state == STATES[what]
    assert (message.opened_at is not None) == (what == "opened")
    assert (message.unsubscribed_at is not None) == (what == "unsubscribed")
    assert Suppression.objects.filter(address=ADA).exists() == (what in ("hard", "complained"))
    assert bool(consent.refusals("email", [message.contact_id])) == (what in ("hard", "complained", "unsubscribed"))
    events = {"hard": "bounced", "soft": "bounced"}
    if what != "later":
        event = Event.objects.get(name=f"email.{events.get(what, what)}")
        assert event.properties["message"] == message.pk
        assert event.properties.get("bounce") == (what if what in events else None)
    assert recount.of_tables() == {}


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


def test_the_same_call_again_changes_nothing(client: Client, hook: Hook) -> None:
    """A service whose answer was lost calls again, and is not told that it lies; Mailgun asks that a token be good for
    one call."""
    now = timezone.now()
    provider = account(hook.kind)
    post = hook.post(told(sent(provider, now), "hard", now), url_of(provider))
    assert tell(client, provider, post) == 200
    assert tell(client, provider, post) == (403 if hook.kind == "mailgun" else 200)
    assert Notice.objects.count() == 1


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


def test_halves_of_characters_and_nothing_at_all_are_kept_as_text(client: Client) -> None:
    provider = account("postmark")
    message = sent(provider, timezone.now())
    post = HOOK_OF["postmark"].post(told(message, "hard", timezone.now()), "")
    assert post is not None
    body = post.body.replace(b"5.1.1 No such user", rb"\ud800 gone \u0000")
    assert tell(client, provider, Post(body)) == 200
    assert Notice.objects.get().reason == "? gone"


def test_an_unknown_provider_or_one_that_tells_nothing_is_not_found(client: Client) -> None:
    postmark, scaleway = account("postmark"), account("scaleway")
    assert client.post(f"/webhooks/mailgun/{postmark.pk}/", b"{}", content_type="application/json").status_code == 404
    assert client.post("/webhooks/postmark/999999/", b"{}", content_type="application/json").status_code == 404
    assert client.post(f"/webhooks/scaleway/{scaleway.pk}/", b"{}", content_type="application/json").status_code == 404
    assert client.head(f"/webhooks/postmark/{postmark.pk}/").status_code == 200


def test_a_click_on_a_link_of_ours_counts_once_however_it_is_heard_of(client: Client) -> None:
    now = timezone.now()
    provider = account("mailgun")
    message = sent(provider, now)
    url = f"https://waypost.example/c/{signatures.token(message.pk)}/0"
    for id in ("e1", "e2"):
        post = HOOK_OF["mailgun"].post(told(message, "clicked", now, id, url), "")
        assert tell(client, provider, post) == 200
    applying.apply(now)
    message.refresh_from_db()
    assert (message.clicked_at, message.opened_at) == (now, now)
    tracking.clicked(message, 0, "https://example.com/", now)
    assert Event.objects.filter(name="email.clicked").count() == 1
    assert recount.of_tables() == {}
    other = f"https://waypost.example/c/{signatures.token(message.pk + 1)}/0"
    assert tell(client, provider, HOOK_OF["mailgun"].post(told(message, "clicked", now, "e3", other), "")) == 200
    applying.apply(now)
    assert Event.objects.filter(name="email.clicked").count() == 1


@pytest.mark.parametrize("counts", [False, True])
def test_machines_of_which_a_service_tells_are_no_people(client: Client, counts: bool) -> None:
    now = timezone.now()
    Installation.objects.update_or_create(
        pk=1, defaults={"count_machine_opens": counts, "count_machine_clicks": counts}
    )
    provider = account("mailgun")
    message = sent(provider, now)
    url = f"https://waypost.example/c/{signatures.token(message.pk)}/0"
    visits = [("e1", "opened", "Mozilla/5.0"), ("e2", "clicked", "curl/8.5.0"), ("e3", "clicked", "Mimecast")]
    for id, what, agent in visits:
        said = HOOK_OF["mailgun"].say(told(message, what, now, id, url))
        said["event-data"]["client-info"] = {"user-agent": agent}
        hook = Hook("mailgun", lambda _told, said=said: said, None, "", HOOK_OF["mailgun"].secret)
        assert tell(client, provider, hook.post(told(message, what, now, id), "")) == 200
    applying.apply(now)
    message.refresh_from_db()
    assert (message.opened_at, message.clicked_at) == ((now, now) if counts else (None, None))
    assert sorted(Hit.objects.values_list("machine", "counted")) == [
        ("privacy", counts), ("program", counts), ("scanner", counts),
    ]  # fmt: skip
    numbers = stats.counts([message.origin.key])[message.origin.key]
    assert (numbers["machine_opened"], numbers["machine_clicked"], numbers.get("clicked", 0)) == (1, 1, int(counts))
    names = set(Event.objects.filter(name__regex="opened|clicked").values_list("name", flat=True))
    assert names == ({"email.opened", "email.clicked"} if counts else {"email.machine_opened", "email.machine_clicked"})


def test_what_is_said_of_a_message_in_hand_waits_until_it_is_recorded(client: Client) -> None:
    now = timezone.now()
    provider = account("postal")  # which brings no token back
    ada = make.contact(ADA)
    (message,) = letters.queue([ada.pk], letters.content("email"))
    taken = claiming.claim(now, 10, ["email"])
    assert tell(client, provider, HOOK_OF["postal"].post(Told("hard", "", now, "e1", "m1"), "")) == 200
    applying.apply(now)
    assert Notice.objects.get().due_at == now + applying.LATER
    outcomes.record(taken.owner, [Outcome(taken.messages[0], "sent", "", provider.pk, "m1")], now)
    applying.apply(now + applying.LATER)
    message.refresh_from_db()
    assert message.state == "bounced"
    assert Notice.objects.get().due_at is None


def test_a_message_that_nobody_knows_is_given_up_after_a_while(client: Client) -> None:
    now = timezone.now()
    provider = account("postal")
    tell(client, provider, HOOK_OF["postal"].post(Told("hard", "", now, "e1", "m1"), ""))
    applying.apply(now + applying.PATIENCE * 2)
    assert Notice.objects.get().due_at is None


def test_a_webhook_settles_what_a_dead_worker_left_unknown(client: Client) -> None:
    now = timezone.now()
    provider = account("mailgun")
    ada = make.contact(ADA)
    (message,) = letters.queue([ada.pk], letters.content("email"))
    claiming.claim(now, 10, ["email"])
    claiming.settle(now + claiming.LEASE * 2)
    tell(client, provider, HOOK_OF["mailgun"].post(told(message, "delivered", now), ""))
    applying.apply(now)
    message.refresh_from_db()
    assert (message.state, message.sent_at, message.unknown_at, message.reason) == ("delivered", now, None, "")
    assert recount.of_tables() == {}


@pytest.mark.parametrize(("what", "left"), [("delivered", "0.98"), ("hard", "0.98"), ("refused", "0.99")])
def test_what_a_service_never_took_is_given_back(client: Client, what: str, left: str) -> None:
    now = timezone.now()
    provider = account("mailgun")
    money("1")
    first, _second = letters.queue([make.contact(ADA).pk, make.contact("bo@example.com").pk], letters.content("email"))
    taken = claiming.claim(now, 10, ["email"])
    budget.reserve(taken.owner, [budget.Wanted("email", "", 1)] * 2, now + claiming.LEASE)
    claiming.settle(now + claiming.LEASE * 2)
    assert adds_up() == D("0.98")
    Price.objects.update(amount=D("0.05"))
    said = HOOK_OF["mailgun"].say(told(first, "delivered" if what == "refused" else what, now))
    if what == "refused":
        said["event-data"] |= {"event": "rejected", "reject": {"reason": "Not allowed"}}
    hook = Hook("mailgun", lambda _told: said, None, "", HOOK_OF["mailgun"].secret)
    for id in ("e1", "e2"):  # told twice
        assert tell(client, provider, hook.post(told(first, what, now, id), "")) == 200
        applying.apply(now + claiming.LEASE * 3)
    assert adds_up() == D(left)
    refunds = list(LedgerEntry.objects.filter(kind="refund").values_list("amount", "messages", "channel"))
    assert refunds == ([(D("0.01"), 1, "email")] if what == "refused" else [])


def test_what_was_unknown_before_there_was_a_budget_is_not_given_back(client: Client) -> None:
    now = timezone.now()
    provider = account("mailgun")
    (message,) = letters.queue([make.contact(ADA).pk], letters.content("email"))
    claiming.claim(now, 10, ["email"])
    claiming.settle(now + claiming.LEASE * 2)
    money("1")
    said = HOOK_OF["mailgun"].say(told(message, "delivered", now))
    said["event-data"] |= {"event": "rejected", "reject": {"reason": "Not allowed"}}
    hook = Hook("mailgun", lambda _told: said, None, "", HOOK_OF["mailgun"].secret)
    assert tell(client, provider, hook.post(told(message, "delivered", now), "")) == 200
    applying.apply(now)
    message.refresh_from_db()
    assert (message.state, adds_up()) == ("failed", D(1))


def test_soft_bounces_in_a_row_give_an_address_up_and_an_arrival_between_them_does_not(client: Client) -> None:
    now = timezone.now()
    provider = account("mailgun")
    for id, what in enumerate(["soft", "soft", "delivered", "soft", "soft"]):
        message = sent(provider, now, f"m{id}")
        tell(client, provider, HOOK_OF["mailgun"].post(told(message, what, now, f"e{id}"), ""))
        applying.apply(now)
    assert not Suppression.objects.exists()
    message = sent(provider, now, "m9")
    tell(client, provider, HOOK_OF["mailgun"].post(told(message, "soft", now, "e9"), ""))
    applying.apply(now)
    assert Suppression.objects.get().reason == "soft bounces"


def test_the_rule_of_soft_bounces_is_the_providers_own(client: Client) -> None:
    now = timezone.now()
    never, once = account("mailgun", soft_bounces="0"), account("mailgun", soft_bounces="1", from_name="x")
    for id, provider in enumerate((never, never, never, never, once)):
        assert not Suppression.objects.exists()
        message = sent(provider, now, f"m{id}")
        tell(client, provider, HOOK_OF["mailgun"].post(told(message, "soft", now, f"e{id}"), ""))
        applying.apply(now)
    assert Suppression.objects.exists()


def test_in_every_order_the_message_ends_the_same(client: Client) -> None:
    now = timezone.now()
    provider = account("mailgun")
    ends = set()
    happenings = ["delivered", "soft", "hard", "complained", "opened"]
    for n, order in enumerate(itertools.islice(itertools.permutations(happenings), 0, 120, 7)):
        email = f"c{n}@example.com"
        message = sent(provider, now, f"m{n}", email)
        for what in (*order, order[0], order[2]):
            said = HOOK_OF["mailgun"].say(told(message, what, now, f"{n}{what}"))
            said["event-data"]["recipient"] = email
            hook = Hook("mailgun", lambda _told, said=said: said, None, "", "mg-signing-key")
            tell(client, provider, hook.post(told(message, what, now, f"{n}{what}"), ""))
            if what in order[::2]:
                applying.apply(now)
        applying.apply(now)
        message.refresh_from_db()
        events = frozenset(Event.objects.filter(contact_id=message.contact_id).values_list("name", "key"))
        names = tuple(sorted((name, (key or "").partition(":")[0]) for name, key in events))
        moments = tuple(bool(getattr(message, f"{m}_at")) for m in ("delivered", "bounced", "complained", "opened"))
        refused = consent.refusals("email", [message.contact_id])[message.contact_id]
        ends.add((message.state, moments, names, refused))
    assert len(ends) == 1, ends
    assert next(iter(ends))[0] == "complained"
    assert recount.of_tables() == {}


def test_a_batch_takes_a_fixed_handful_of_statements(client: Client) -> None:
    now = timezone.now()
    provider = account("mailgun")
    counts = []
    for size in (2, 12):
        for n in range(size):
            message = sent(provider, now, f"m{size}.{n}", f"c{size}.{n}@x.example")
            for what in ("delivered", "soft", "complained", "unsubscribed", "opened", "clicked"):
                url = f"https://waypost.example/c/{signatures.token(message.pk)}/0"
                said = told(message, what, now, f"{size}.{n}.{what}", url)
                assert tell(client, provider, HOOK_OF["mailgun"].post(said, "")) == 200
        with CaptureQueriesContext(connection) as captured:
            applying.apply(now)
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert counts[0] <= 25
    assert not Notice.objects.filter(due_at__isnull=False).exists()


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
