"""Begins chains, copies them, and deletes them with what the engine knows of them."""

from datetime import datetime
from typing import Any

from django.db import transaction

from campaigns import objectives as goals
from campaigns.mailings import audience_files
from campaigns.models import Campaign, ChainStep, Kind
from contacts.models.consent import Channel
from flows import deleting, objectives, publishing, saving
from flows.chains.compiling import AT_ONCE, Part, compiled
from flows.models import Reentry, Scenario

COPIED = ("audience", "schedule", "topic", "priority")
OF_STEP = ("key", "position", "name", "channel", "message", "terms", "timing", "objective")


@transaction.atomic
def begin(name: str, user: Any, now: datetime) -> Campaign:
    """A draft for everybody, with one empty email."""
    campaign = Campaign.objects.create(
        name=name, kind=Kind.CHAIN, schedule={"when": "now"}, created_at=now, created_by=_person(user)
    )
    ChainStep.objects.create(
        campaign=campaign, key="n1", position=0, name="Step 1", channel=Channel.EMAIL, timing=dict(AT_ONCE)
    )
    scenario_of(campaign, user, now)
    return campaign


@transaction.atomic
def scenario_of(campaign: Campaign, user: Any, now: datetime) -> Scenario:
    """The scenario that runs the chain, made where it has none yet; with its live flow."""
    found = Scenario.objects.select_related("flow", "draft_saved_by").filter(campaign=campaign).first()
    if found:
        return found
    Campaign.objects.select_for_update().get(pk=campaign.pk)
    made, new = Scenario.objects.get_or_create(
        campaign=campaign,
        defaults={"name": campaign.name, "reentry": Reentry.ONCE, "created_by": _person(user)},
    )
    if new:
        graph = compiled(campaign.pk, campaign.schedule, parts_of(campaign))
        saving.save(made, graph, {}, user, None, now)
    return Scenario.objects.select_related("flow", "draft_saved_by").get(pk=made.pk)


def locked(campaign: Campaign, user: Any, now: datetime) -> Scenario:
    """The same, locked: always before the campaign's row is."""
    scenario = scenario_of(campaign, user, now)
    return publishing.lock(scenario, None, None)


def parts_of(campaign: Campaign) -> list[Part]:
    """The steps as they were saved last, in their order."""
    names = Part.__dataclass_fields__
    return [Part(**{name: getattr(step, name) for name in names}) for step in campaign.steps.all()]


@transaction.atomic
def clone(campaign: Campaign, user: Any, now: datetime) -> Campaign:
    """A draft with the same audience, steps and objective, under the name “… (copy)”."""
    copy = Campaign.objects.create(
        name=f"{campaign.name[:190]} (copy)",
        kind=Kind.CHAIN,
        created_at=now,
        created_by=_person(user),
        **{name: getattr(campaign, name) for name in COPIED},
    )
    steps = [{name: getattr(step, name) for name in OF_STEP} for step in campaign.steps.all()]
    ChainStep.objects.bulk_create([ChainStep(campaign=copy, **step) for step in steps])
    audience_files.copy(campaign, copy)
    made = scenario_of(copy, user, now)
    made.objective = Scenario.objects.filter(campaign=campaign).values_list("objective", flat=True).first() or {}
    made.save(update_fields=["objective"])
    objectives.keep(made)
    for step in steps:
        goals.set_objective(f"{copy.origin}:{step['key']}", step["objective"])
    return copy


@transaction.atomic
def delete(campaign: Campaign) -> None:
    """With everybody's way through it; what was sent stays in the ledger. Raises WrongState while it is being sent."""
    if scenario := Scenario.objects.filter(campaign=campaign).first():
        deleting.delete(scenario)
    audience_files.drop(campaign)
    campaign.delete()


def _person(user: Any) -> Any:
    return user if getattr(user, "pk", None) else None
