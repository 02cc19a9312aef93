"""How a shop's messages are delivered, and its chain and designs: the addresses of the pages that show it."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.urls import reverse
from django.utils import timezone

from campaigns import dkim, funding, secrets
from campaigns.counting import count, of
from campaigns.models import (
    Breaker,
    BreakerTurn,
    Budget,
    Campaign,
    Courtesy,
    DkimKey,
    LedgerEntry,
    Message,
    Price,
    Provider,
    Reservation,
    TopicRoute,
)
from campaigns.tracking import visits
from config.models import User
from contacts.models import Installation
from flows.chains import beginning, commanding, editing
from flows.chains.editing import Change
from templates_app import composing, publishing
from templates_app.models import Brand
from templates_app.starters import starters
from tests import make
from tests.campaigns import letters

SERVER = {"host": "smtp.example.com", "port": 587, "from_name": "Shop", "from_email": "shop@example.com"}
SAID = "421 4.7.0 Too many connections from 203.0.113.9: try again later, see https://mail.example/help/throttling."


def pages() -> dict[str, str]:
    """Fill the database and return page name → address."""
    now = timezone.now()
    ada = User.objects.first()
    people = make.contacts(40)
    return (
        _providers(ada, now)
        | _money(ada, now)
        | _settings()
        | _clicked(people, now)
        | _designs(ada, now)
        | _chains(ada, now)
    )


def _providers(ada: User | None, now: datetime) -> dict[str, str]:
    """An account that fails while it is warmed up, one that takes over, and one that sends SMS."""
    esp = Provider.objects.create(
        channel="email", kind="postmark", name="Postmark", settings={"from_name": "Shop", "from_email": "a@example.com"}
    )
    smtp = Provider.objects.create(
        channel="email", kind="smtp", name="Mail server", fallback=esp, per_second=20, per_day=40_000,
        warmup_starts=now.date() - timedelta(days=6),
        settings=SERVER,
    )  # fmt: skip
    twilio = Provider.objects.create(
        channel="sms",
        kind="twilio",
        name="Twilio",
        settings={"account_sid": "AC0123456789", "from_number": "+15005550006"},
    )
    Breaker.objects.create(
        provider=smtp, state="open", failures=10, tried=34, failed=22, reason=SAID, openings=2,
        opened_at=now - timedelta(minutes=9), probes_at=now + timedelta(minutes=6),
    )  # fmt: skip
    turns = [("open", SAID, None), ("half_open", "", None), ("closed", "", None), ("open", "No answer.", None)]
    for number, (to, reason, by) in enumerate([*turns, ("closed", "", ada), turns[0]]):
        at = now - timedelta(hours=60 - 11 * number)
        BreakerTurn.objects.create(provider=smtp, at=at, to=to, reason=reason, by=by)
    for topic, provider in (("news", esp), ("receipts", smtp), ("delivery", twilio)):
        make.topic(topic)
        TopicRoute.objects.create(channel=provider.channel, topic=topic, provider=provider)
    DkimKey.objects.create(
        provider=smtp, domain="example.com", selector="waypost", secret=secrets.encrypt({"key": dkim.new_key()})
    )
    plain = Provider.objects.create(channel="email", kind="smtp", name="Another server", settings=SERVER)
    found = {f"provider_new_{kind}": f"{reverse('provider_create')}?kind={kind}" for kind in ("amazon_ses", "smtp")}
    found |= {f"provider_{one.kind}": reverse("provider_edit", args=[one.pk]) for one in (esp, smtp, twilio)}
    found |= {
        "dkim_key": reverse("provider_dkim", args=[smtp.pk]),
        "dkim_none": reverse("provider_dkim", args=[plain.pk]),
    }
    return found | {"provider_list": reverse("provider_list"), "provider_kinds": reverse("provider_create")}


def _money(ada: User | None, now: datetime) -> dict[str, str]:
    Price.objects.create(channel="email", country="", amount="0.001")
    funding.turn_on()
    funding.top_up(Decimal(500), "Invoice 2026-117", ada, now - timedelta(days=30))
    for day in range(20):
        at = now - timedelta(days=20 - day)
        kind = "refund" if day == 12 else "charge"
        LedgerEntry.objects.create(
            at=at, kind=kind, channel="sms" if day % 4 == 0 else "email", messages=1200 + 7 * day,
            amount=Decimal("3.25") if kind == "refund" else -Decimal("24.120065"),
            note="Not delivered after all" if kind == "refund" else "",
        )  # fmt: skip
    Budget.objects.update(balance=Decimal("45.10"), warn_below=Decimal(50))
    Reservation.objects.create(
        owner="11111111-1111-4111-8111-111111111111", amount=Decimal("1.2"), messages=1200, leased_until=now
    )
    return {"budget": reverse("budget"), "budget_no_match": reverse("budget") + "?q=nothing+like+it"}


def _settings() -> dict[str, str]:
    hours = {"begins": "21:00", "ends": "08:00", "days": [1, 2, 3, 4, 5, 6, 7], "whole_days": [7]}
    rules = {
        "caps": {"email": {"day": 1, "week": 3}, "all": {"week": 4}}, "quiet": {"sms": hours},
        "when_quiet": "later", "when_capped": "skip", "exempt": ["receipts", "delivery"], "late_hours": 12,
    }  # fmt: skip
    Courtesy.objects.update_or_create(pk=1, defaults={"rules": rules})
    installation = Installation.current()
    installation.tracking_domain, installation.utm_on = "links.example.com", True
    installation.former_tracking_domains = ["go.example.com", "clicks.a-rather-long-former-domain.example.com"]
    installation.save()
    return {name: reverse(name) for name in ("courtesy", "tracking_settings")}


def _clicked(people: list[int], now: datetime) -> dict[str, str]:
    """A mail with its clicks, from one place and from all; and one that nobody clicked."""
    content, quiet = (
        letters.content(subject="Spring sale", body=letters.LETTER["body"]),
        letters.content(subject="Calm"),
    )
    rows = {row.pk: row for row in Message.objects.select_related("origin", "content").filter(
        pk__in=[one.pk for one in letters.queue(people, content)]
    )}  # fmt: skip
    for place, message in enumerate(rows.values()):
        count([(of(message), "sent", 1)], now)
        if place % 2:
            visits.clicked(message, 0 if place % 3 else 1, "https://shop.example/sale?a=1&b=2", now)
    here = reverse("link_map", args=[content.pk])
    return {
        "link_map": here, "link_map_origin": f"{here}?origin=scenario:1:n2",
        "link_map_unclicked": reverse("link_map", args=[quiet.pk]),
    }  # fmt: skip


def _designs(ada: User | None, now: datetime) -> dict[str, str]:
    """Published mails of an earlier brand, one of them with a draft; an SMS, and a mail written by hand."""
    words = {"subject": "Hello {{ contact.first_name }}", **composing.words(starters()["plain"].design)}
    made = [publishing.create(name, "email", words, ada) for name in ("Letter", "Newsletter", "Receipt")]
    for template in made:
        publishing.publish(template.versions.get(), ada, now)
    Brand.objects.update_or_create(pk=1, defaults={"address": "5 Elm Street, Springfield", "accent": "#0a7f5a"})
    publishing.draft_of(made[2], ada)
    text = "Hello {{ contact.first_name }}, “your” order is on its way: https://shop.example/orders/{{ contact.id }}"
    sms = publishing.create("On its way", "sms", {"body": text}, ada)
    html = publishing.create(
        "By hand", "email", {"subject": "WINNER!!!", "body": "<p>Buy <b>now", "markup": "html"}, ada
    )
    named = {"template_sms": sms, "template_html": html, "template_blocks": made[2], "template_published": made[0]}
    return {name: reverse("template_page", args=[one.pk]) for name, one in named.items()} | {"brand": reverse("brand")}


def _chains(ada: User | None, now: datetime) -> dict[str, str]:
    """A chain that is being written, and one that is out and was changed since."""
    first, found = beginning.begin("Spring sale", ada, now), {}
    editing.save(first, Change({"n1": _step("Sale"), "n2": _step("Text", "sms", 3)}), ada, None, now)
    for name in ("page", "audience", "review"):
        found[f"chain_{name}"] = reverse(f"chain_{name}", args=[first.pk])
    empty = beginning.begin("Nothing in it yet", ada, now)
    found |= {f"chain_{name}_empty": reverse(f"chain_{name}", args=[empty.pk]) for name in ("page", "review")}
    out = beginning.begin("Welcome in four letters", ada, now)
    steps = {"n1": _step("Welcome"), "n2": _step("A tip", days=1), "n3": _step("Another tip", days=4)}
    editing.save(out, Change(steps), ada, None, now)
    commanding.send(Campaign.objects.get(pk=out.pk), ada, now)
    out.refresh_from_db()
    changed = Change({"n2": _step("A better tip", days=2), "n4": _step("Last call", "sms", 7)}, removed=["n3"])
    editing.save(out, changed, ada, None, now)
    for name in ("page", "publish"):
        found[f"chain_out_{name}"] = reverse(f"chain_{name}", args=[out.pk])
    return found


def _step(name: str, channel: str = "email", days: int = 0) -> dict[str, object]:
    mail = {"subject": name, "body": '<p>Good to have you.</p><a href="{{ unsubscribe_url }}">Unsubscribe</a>'}
    timing = {"kind": "delay", "amount": days, "unit": "days"} if days else {"kind": "at_once"}
    message = mail if channel == "email" else {"body": "Good to have you."}
    return {
        "name": name, "channel": channel, "message": message, "terms": None, "timing": timing, "objective": {},
    }  # fmt: skip
