"""What email services tell is applied to messages, contacts and the budget, in any order."""

import itertools
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns import budget, stats
from campaigns.delivery import claiming, outcomes, settling
from campaigns.delivery.outcomes import Outcome
from campaigns.models import Hit, LedgerEntry, Notice, Price
from campaigns.notices import applying
from campaigns.tracking import signatures
from campaigns.tracking.visits import clicked
from contacts import consent
from contacts.models import Event, Installation, Suppression
from tests import make, recount
from tests.campaigns import letters
from tests.campaigns.budgets import D, adds_up, money
from tests.campaigns.esp_webhooks import ADA, HAPPENINGS, HOOK_OF, Hook, Told
from tests.campaigns.telling import account, sent, tell, told, url_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("still")]
STATES = {
    "delivered": "delivered", "hard": "bounced", "soft": "bounced", "complained": "complained", "opened": "sent",
    "unsubscribed": "sent", "later": "sent",
}  # fmt: skip


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
    clicked(message, 0, "https://example.com/", now)
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
    claiming.begin(claiming.claim(now, 10, ["email"]).owner)
    settling.settle(now + claiming.LEASE * 2)
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
    claiming.begin(taken.owner)
    settling.settle(now + claiming.LEASE * 2)
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
    claiming.begin(claiming.claim(now, 10, ["email"]).owner)
    settling.settle(now + claiming.LEASE * 2)
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


@pytest.mark.parametrize("order", [("delivered", "hard"), ("hard", "delivered")])
@pytest.mark.parametrize("together", [True, False])
def test_what_comes_back_was_sent_and_not_delivered(client: Client, order: tuple[str, str], together: bool) -> None:
    now = timezone.now()
    provider = account("mailgun")
    message = sent(provider, now)
    before = stats.counts([message.origin.key])[message.origin.key].get("sent", 0)
    for n, what in enumerate(order):
        tell(client, provider, HOOK_OF["mailgun"].post(told(message, what, now, f"e{what}"), ""))
        if not together:
            applying.apply(now + timedelta(days=n))
    applying.apply(now + timedelta(days=1))
    message.refresh_from_db()
    assert (message.state, message.delivered_at, bool(message.bounced_at)) == ("bounced", None, True)
    counts = stats.counts([message.origin.key])[message.origin.key]
    assert (counts.get("sent"), counts.get("delivered"), counts["bounced"]) == (before, None, 1)
    told_of = Event.objects.filter(contact_id=message.contact_id, name__in=["email.delivered", "email.bounced"])
    assert told_of.count() == 2  # the timeline is a log
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
