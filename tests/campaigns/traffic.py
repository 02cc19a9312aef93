"""A shop's traffic at random: scenarios and mailings to contacts of many homes, and all that can come of a message."""

import random
from datetime import datetime, timedelta
from typing import Any

from campaigns import contents, unsubscribing, webhooks
from campaigns.delivery import resending
from campaigns.models import Campaign, Message, Provider
from campaigns.objectives import set_objective
from campaigns.tracking import visits
from campaigns.tracking.devices import DEVICES
from contacts.models import Contact, Segment
from flows import starting
from flows.chains import beginning, changing, commanding, editing
from flows.chains.editing import Change
from flows.models import Scenario
from templates_app.models import Template
from templates_app.models.template import TemplateVersion
from tests import make
from tests.campaigns import converted, letters
from tests.make import NOW

DOMAINS = ["gmail.example", "Corp.example", "web.example"]
HOMES = [("FR", "fr"), ("DE", "de"), ("", "en"), ("GB", "")]
PHONES = ["+3361234{:04d}", "+4915123{:04d}"]


def contacts(count: int) -> list[int]:
    """People of four countries and three mail providers; every third has a phone, some have no address."""
    made = []
    for n in range(count):
        country, language = HOMES[n % len(HOMES)]
        made.append(
            Contact(
                email=f"c{n}@{DOMAINS[n % len(DOMAINS)]}" if n % 11 else None,
                phone=PHONES[n % 2].format(n) if n % 3 == 0 else None,
                language=language,
                attributes={"country": country} if country else {},
                created_at=NOW,
                updated_at=NOW,
            )
        )
    return [contact.pk for contact in Contact.objects.bulk_create(made)]


def template(name: str = "Newsletter") -> Template:
    made = Template.objects.create(name=name, channel="email")
    body = '<p><a href="https://shop.example/a">A</a> <a href="https://shop.example/b">B</a></p>'
    version = TemplateVersion.objects.create(template=made, number=1, subject="News", body=body, markup="html")
    Template.objects.filter(pk=made.pk).update(published=version)
    return Template.objects.get(pk=made.pk)


def scenario(segment: Segment, published: Template) -> Scenario:
    """An A/B test with a mail of each kind, a text message for everybody, and another mail in both arms."""
    link = '<p><a href="https://shop.example/sale">Sale</a></p>'
    graph = make.graph(
        ("in", "now", {"segment": segment.pk}),
        ("test", "ab_test", {"variants": [{"name": "Short", "weight": 1}, {"name": "Long", "weight": 1}]}),
        ("short", "email", {"subject": "Hi", "body": link, "name": "Short hello"}),
        ("long", "email", {"template": published.pk}),
        ("both", "sms", {"body": "See https://shop.example/sms"}),
        ("wait", "wait", {"amount": 3, "unit": "days"}),
        ("last", "email", {"subject": "Bye", "body": link}),
        edges="in>test test:a>short test:b>long short>both long>both both>wait wait>last",
    )
    made = make.scenario(graph, name="=Welcome, “series”")
    assert set_objective(made.origin, converted.ORDERS) == {}
    starting.start(made, NOW)
    return made


def mailing(ids: list[int], segments: list[Segment], now: datetime) -> Campaign:
    """A mailing to everybody with two variants, queued."""
    variants = [{"key": key, "subject": f"Sale {key}", "body": "<p>Sale</p>"} for key in "ab"]
    campaign = Campaign.objects.create(
        name="Sale", channel="email", created_at=now, variants=variants,
        audience={"segments": [s.pk for s in segments], "tags": [], "file": False, "exclude": [], "rule": None},
    )  # fmt: skip
    assert set_objective(campaign.origin, converted.ORDERS) == {}
    for place, variant in enumerate(variants):
        content = contents.content_of("email", variant, now)
        letters.queue(ids[place::2], content, origin=f"campaign:{campaign.pk}:{variant['key']}", now=now)
    return campaign


def chain(segment: Segment, now: datetime) -> Campaign:
    """A chain that is being sent: the first step has an objective of its own, two have an audience of their own, one
    comes by SMS, and one is never reached."""
    campaign = beginning.begin("Spring", None, now)
    campaign.audience = {"segments": [segment.pk], "tags": [], "file": False, "exclude": [], "rule": None}
    campaign.save()
    opened = {"rule": "message", "did": "opened", "node": "n1"}
    unsubscribed = {"rule": "consent", "channel": "email", "is": "unsubscribed"}
    steps = {
        "n1": step("One", objective=converted.ORDERS),
        "n2": step("Two", after=1),
        "n3": step("Three", terms=opened, after=1),
        "n4": step("Four", "sms", terms=unsubscribed),
        "n5": step("Five", "sms", terms={"not": unsubscribed}, after=90),
        "n6": step("Six", after=90),
    }
    editing.save(campaign, Change(steps), None, None, now)
    assert set_objective(campaign.origin, converted.ORDERS) == {}
    commanding.send(campaign, None, now)
    return campaign


def change(campaign: Campaign, now: datetime, order: list[str], **steps: dict[str, Any]) -> None:
    """Publish new steps, which those who have passed get, too; a step that is not in the order any more is removed, and
    who waits for it leaves."""
    gone = [key for key in campaign.steps.values_list("key", flat=True) if key not in order]
    editing.save(campaign, Change(steps, removed=gone, order=order), None, None, now)
    asked = changing.asked(campaign, Scenario.objects.select_related("flow").get(campaign=campaign))
    answers = changing.answers(asked, {"backfill": "1", **{f"to:{step.key}": "!" for step in asked.removed}})
    editing.publish(campaign, None, None, now, answers)


def step(name: str, channel: str = "email", after: int = 0, **fields: Any) -> dict[str, Any]:
    link = "https://shop.example/spring"
    message = {"subject": name, "body": f'<p><a href="{link}">{name}</a></p>'} if channel == "email" else {"body": link}
    timing = {"kind": "delay", "amount": after, "unit": "days"} if after else {"kind": "at_once"}
    found = {"name": name, "channel": channel, "message": message, "terms": None, "timing": timing, "objective": {}}
    return found | fields


def happen(chance: random.Random, now: datetime, times: int) -> datetime:
    """So many things happen to messages, through the activities that pages, links and webhooks call."""
    messages = list(Message.objects.select_related("origin").order_by("pk"))
    devices = [*DEVICES, ""]
    for _ in range(times):
        now += timedelta(minutes=chance.randrange(1, 90))
        message = chance.choice(messages)
        match chance.randrange(8):
            case 0 | 1:
                visits.opened(message, now, chance.choice(devices))
            case 2:
                visits.clicked(message, chance.randrange(2), "https://shop.example", now, chance.choice(devices))
            case 3:
                unsubscribing.unsubscribe(message, unsubscribing.PAGE, now)
            case 4 | 5:
                status = chance.choice(["sent", "delivered", "failed", "undelivered"])
                for provider in Provider.objects.filter(channel=message.channel):
                    webhooks.reported(provider, message.pk, "", status, "gone", now)
            case 6:
                message.refresh_from_db()
                resending.send_again(message, now)
            case 7:
                worth = {"value": chance.randrange(5, 90), "currency": chance.choice(["EUR", "USD"])}
                converted.order(message.contact_id, now, **worth)
    converted.until_read(now)
    return now
