"""A small believable shop in the database, and the addresses of the pages that show one of its things."""

from datetime import datetime, timedelta

from django.urls import reverse
from django.utils import timezone

from campaigns import outbox, unsubscribing
from campaigns.counting import count, of
from campaigns.models import Campaign, Content, InboxMessage, Link, Message, Origin, Price, Provider, SavedReport
from campaigns.tracking import signatures, visits
from config.models import ApiKey, User
from contacts.models import BulkEdit, Consent, Contact, ContactTag, CsvImport, Event, Segment, Tag
from flows.models import Execution, ExecutionState, Flow, NodeCount, Scenario
from templates_app.models import Template, TemplateVersion
from tests import make
from tests.campaigns import letters, mailings
from tests.stories import consent_examples

PEOPLE = [
    ("Amélie", "Durand", "amelie.durand@example.com", "Paris"),
    (
        "Bartholomew",
        "Featherstonehaugh-Montgomery",
        "bartholomew.featherstonehaugh@a-rather-long-domain.example.com",
        "Leeds",
    ),
    ("Chiara", "Rossi", "chiara@example.com", "Torino"),
    ("Dmitri", "Volkov", "dmitri@example.com", "Riga"),
    ("Eun-ji", "Park", "eunji@example.com", "Busan"),
    ("Fatima", "Zahra", "fatima@example.com", "Rabat"),
]
STATES = ["delivered", "sent", "queued", "skipped", "failed", "unknown"]


def pages() -> dict[str, str]:
    """Fill the database and return page name → address, for pages that need an object."""
    now = timezone.now()
    people = [
        make.contact(
            email,
            first_name=first,
            last_name=last,
            timezone="Europe/Paris",
            attributes={"city": city, "orders": number},
            created_at=now - timedelta(days=number),
        )
        for number, (first, last, email, city) in enumerate(PEOPLE)
    ]
    one = people[1]
    vip = Tag.objects.create(name="vip")
    for person in people[:3]:
        ContactTag.objects.create(contact=person, tag=vip, at=now)
        Consent.objects.create(contact=person, channel="email", state="subscribed", at=now, source="import")
    for minutes, (name, properties) in enumerate(
        [
            ("contact.created", {}),
            ("tag.added", {"tag": "vip"}),
            ("order.placed", {"amount": 129.9, "items": ["mug", "tea"]}),
        ]
    ):
        Event.objects.create(contact=one, name=name, properties=properties, at=now - timedelta(hours=minutes))
    rule = {
        "all": [
            {"rule": "tag", "name": "vip"},
            {"rule": "attribute", "field": "city", "op": "equals", "value": "Paris"},
        ]
    }
    segment = Segment.objects.create(name="Parisian regulars", rule=rule, size=1, counted_at=now)
    template = Template.objects.create(name="Welcome", channel="email")
    version = TemplateVersion.objects.create(
        template=template, number=1, subject="Hello {{ contact.first_name }}", body="<p>Good to have you.</p>"
    )
    provider = Provider.objects.create(
        channel="email",
        kind="smtp",
        name="Mail server",
        settings={"host": "smtp.example.com", "port": 587, "from_name": "Shop", "from_email": "shop@example.com"},
    )
    graph = make.graph(
        ("n1", "on_event", {"event": "contact.created"}),
        ("n2", "email", {"subject": "Hello", "body": "<p>Good to have you.</p>"}),
        ("n3", "wait", {"amount": 7, "unit": "days"}),
        edges="n1>n2 n2>n3",
    )
    started = []
    names = {"Welcome series": "running", "Birthday": "paused", "Win back": "paused_error"}
    for days, (name, state) in enumerate(names.items()):
        made = Scenario.objects.create(name=name, state=state, started_at=now - timedelta(days=9 * days))
        made.flow = Flow.objects.create(scenario=made, number=1, graph=graph)
        made.save()
        started.append(made)
    scenario = started[0]
    Execution.objects.create(
        scenario=scenario, flow=scenario.flow, contact=one, state=ExecutionState.WAITING, node="n3",
        due_at=now + timedelta(days=7), entered_at=now, arrived_at=now,
    )  # fmt: skip
    content = Content.objects.create(
        digest="d", channel="email", subject="Hello", body=version.body, markup="html", template_version=version
    )
    origin = Origin.objects.get_or_create(key=f"scenario:{scenario.pk}:n2")[0]
    sent = [
        Message.objects.create(
            contact=person, channel="email", origin=origin, origin_pass=number, content=content, state=state,
            reason="The server says: 550 no such user." if state == "failed" else "", provider=provider,
            queued_at=now - timedelta(hours=5 * number), due_at=now, sent_at=now,
        )
        for number, (person, state) in enumerate(zip(people, STATES, strict=True))
    ]  # fmt: skip
    report = _counted(sent, now)
    mail = InboxMessage.objects.create(
        channel="email", message_id=sent[0].pk, sender="shop@example.com", recipient=one.email, subject="Hello",
        html="<h1>Hello</h1><p>Good to have you.</p>", text="Hello", headers={"List-Unsubscribe": "<https://e.com/u>"},
        at=now,
    )  # fmt: skip
    text = InboxMessage.objects.create(
        channel="sms", sender="Shop", recipient="+33612345678", text="Your order is on its way.", at=now
    )
    file = CsvImport.objects.create(
        name="newsletter-2026.csv", state=CsvImport.State.DONE,  rows_read=1200, created=1100,
        updated=80, refused=20, finished_at=now,
    )  # fmt: skip
    key, _ = ApiKey.objects.issue("Shop back end", ["contacts:write", "events:write"])
    viewer = User.objects.create_user("victor", "victor@example.com")
    edit = BulkEdit.objects.create(
        action="add_tag", values={"tags": ["fair"]}, selection={"filters": {"q": "example"}}, total=4200, done=1800,
        changed=1700, state="running", created_at=now,
    )  # fmt: skip
    things = {
        "bulk_edit_page": edit, "contact_erase": one, "merge_choose": one,
        "contact_page": one, "contact_edit": one, "contact_delete": one, "import_page": file,
        "segment_page": segment, "segment_edit": segment, "segment_delete": segment, "template_page": template,
        "provider_edit": provider, "provider_delete": provider, "inbox_message": mail, "message_page": sent[4],
        "scenario_editor": scenario, "scenario_start": scenario, "scenario_delete": scenario, "user_edit": viewer,
        "user_password": viewer, "api_key_revoke": key, "saved_report_edit": report, "saved_report_delete": report,
    }  # fmt: skip
    found = {name: reverse(name, args=[thing.pk]) for name, thing in things.items()}
    found["contact_merge"] = reverse("contact_merge", args=[one.pk, people[0].pk])
    found |= campaigns(people, now) | consent_examples.pages(one)
    return found | _edited(scenario) | _reports() | {"inbox_message_sms": reverse("inbox_message", args=[text.pk])}


def _counted(messages: list[Message], now: datetime) -> SavedReport:
    """What reports count of the messages, and more of the last weeks; a saved report of it."""
    which = of(messages[0])._replace(country="FR", language="fr", domain="example.com")
    for days in range(20):
        at = now - timedelta(days=days)
        other = which._replace(country="DE" if days % 3 else "", domain="a-rather-long-domain.example.com")
        count([(which, "sent", 40 + 3 * days), (other, "sent", 20), (which, "bounced", days)], at)
        count([(which._replace(device="mobile"), "opened", 15 + days), (which, "clicked", 3)], at)
    for number, url in enumerate(("https://shop.example/sale", "https://shop.example/" + "a-long-way/" * 8)):
        Link.objects.create(content=messages[0].content, number=number, url=url)
        message = Message.objects.select_related("origin").get(pk=messages[number].pk)
        visits.clicked(message, number, url, now)
    NodeCount.objects.bulk_create(
        NodeCount(scenario=Scenario.objects.order_by("pk")[0], node=node, metric=metric, n=n, day=now.date())
        for node, metric, n in (
            ("n1", "entered", 80),
            ("n2", "entered", 80),
            ("n3", "entered", 61),
            ("n3", "waiting", 40),
        )
    )
    query = "by=week&then=country&period=90d"
    return SavedReport.objects.create(
        name="Weekly by country", query=query, owner=User.objects.all()[0], shared=True, created_at=now
    )


def _reports() -> dict[str, str]:
    """Reports in their several shapes."""
    asked = {
        "weeks": "by=week&then=country", "bars": "by=country&then=device&show=opened", "rates": "show=open_rate",
        "filtered": "by=node&channel=email&country=FR", "days": "period=custom&by=device", "nobody": "channel=sms",
    }  # fmt: skip
    return {f"report_{name}": f"{reverse('report')}?{query}" for name, query in asked.items()}


def campaigns(people: list[Contact], now: datetime) -> dict[str, str]:
    """A campaign that is being made, one that is out, and what their pages offer."""
    Price.objects.create(channel="email", country="", amount="0.001")
    Price.objects.create(channel="sms", country="FR", amount="0.065")
    draft = mailings.tested(name="Spring sale, for everybody who bought something in the last twelve months")
    names = ("audience", "message", "when", "review", "send", "test", "rename", "delete", "objective")
    found = {f"campaign_{name}": reverse(f"campaign_{name}", args=[draft.pk]) for name in names}
    make.topic("news")
    sent = mailings.tested(name="Newsletter", topic="news")
    Campaign.objects.filter(pk=sent.pk).update(
        state="sending", phase="rest", started_at=now, audience_count=len(people), winner="b",
        winner_reason="B was best (opened: A 10 % of 400, B 15 % of 400 sent).",
        test_numbers={"a": {"sent": 400, "opened": 40, "rate": 0.1}, "b": {"sent": 400, "opened": 60, "rate": 0.15}},
    )  # fmt: skip
    for number, person in enumerate(people):
        key = f"{sent.origin}:{'ab'[number % 2]}"
        outbox.enqueue(key, letters.content(), [person.pk], [number], [0], [None], now)
    for message in mailings.messages(sent)[:4]:
        count([(of(message), "sent", 1), (of(message), "opened", 1)], now)
    for name in ("page", "pause", "cancel"):
        found[f"campaign_{name}"] = reverse(f"campaign_{name}", args=[sent.pk])
    later = mailings.campaign(name="Last call")
    Campaign.objects.filter(pk=later.pk).update(state="scheduled", starts_at=now + timedelta(days=3))
    return found | {"campaign_scheduled": reverse("campaign_page", args=[later.pk])}


def pages_for_contacts() -> dict[str, tuple[str, int]]:
    """Page name → (address, status) of what contacts reach from their messages."""
    people = [make.contact(email).pk for _, _, email, _ in PEOPLE[:3]]
    stays, leaves, returns = letters.queue(people, letters.content())
    for message in (leaves, returns):
        unsubscribing.unsubscribe(message, unsubscribing.PAGE, make.NOW)
    unsubscribing.resubscribe(returns, make.NOW)
    stays_at, leaves_at, returns_at = (
        reverse("unsubscribe", args=[signatures.token(message.pk)]) for message in (stays, leaves, returns)
    )
    return {
        "unsubscribe": (stays_at, 200),
        "unsubscribed": (leaves_at, 200),
        "subscribed-again": (f"{returns_at}?subscribed", 200),
        "link-not-found": (reverse("unsubscribe", args=["nothing"]), 404),
        **consent_examples.pages_for_contacts(people),
    }


def _edited(scenario: Scenario) -> dict[str, str]:
    """The pages of a scenario with a second version and a draft of the next one."""
    reminded = ("n4", "email", {"subject": "Still there?", "body": "<p>Hello again.</p>"})
    before = [(node["id"], node["type"], node["config"]) for node in scenario.flow.graph["nodes"]]
    grown = make.graph(*before, reminded, edges="n1>n2 n2>n3 n3>n4")
    shorter = ("n3", "wait", {"amount": 2, "unit": "days"})
    scenario.flow = Flow.objects.create(scenario=scenario, number=2, graph=grown, settled_at=timezone.now())
    scenario.draft = make.graph(*before[:2], shorter, reminded, edges="n1>n2 n2>n3 n3>n4")
    scenario.draft_saved_at, scenario.draft_saved_by = timezone.now(), User.objects.first()
    scenario.save()
    compared = reverse("scenario_compare", args=[scenario.pk])
    return {
        "scenario_versions": reverse("scenario_versions", args=[scenario.pk]),
        "scenario_version": reverse("scenario_version", args=[scenario.pk, 2]) + "?since=1",
        "scenario_compare": f"{compared}?from=1&to=draft",
        "scenario_restore": reverse("scenario_restore", args=[scenario.pk, 1]),
        "scenario_discard": reverse("scenario_discard", args=[scenario.pk]),
    }
