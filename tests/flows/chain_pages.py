"""Builders of chains, and what their pages send."""

from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Campaign
from flows.chains import beginning, editing
from flows.chains.editing import Change
from flows.models import Scenario
from tests.flows.drive import until_still


def url(name: str, campaign: Campaign) -> str:
    return reverse(f"chain_{name}", args=[campaign.pk])


def chain(*names: str) -> Campaign:
    campaign = beginning.begin("Spring", None, timezone.now())
    steps = {f"n{n}": step(name) for n, name in enumerate(names, 1)}
    if steps:
        editing.save(campaign, Change(steps), None, None, timezone.now())
    return campaign


def step(name: str) -> dict[str, Any]:
    message = {"subject": name, "body": "Hello"}
    return {
        "name": name, "channel": "email", "message": message, "terms": None, "timing": {"kind": "at_once"},
        "objective": {},
    }  # fmt: skip


def fields(key: str, **said: Any) -> dict[str, Any]:
    """What the block of an email step sends."""
    found = {"name": f"Step {key}", "channel": "email", "who": "previous", "when": "at_once"}
    found |= {"email-subject": "Hi", "email-body": "<p>Hello</p>", "goal-kind": ""} | said
    return {f"{key}-{name.replace('_', '-')}": value for name, value in found.items()}


def save(web: Client, campaign: Campaign, **posted: Any) -> dict[str, Any]:
    scenario = Scenario.objects.select_related("flow").get(campaign=campaign)
    return web.post(url("save", campaign), {"base": editing.stamp(scenario), **posted}).json()


def sent(web: Client, campaign: Campaign) -> Campaign:
    web.post(url("send", campaign))
    until_still(timezone.now())
    campaign.refresh_from_db()
    return campaign


def names(campaign: Campaign) -> list[str]:
    return list(campaign.steps.values_list("name", flat=True))
