"""Keeps what a chain is called, whom it is for, when it begins, and what it is meant to achieve."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from campaigns.mailings import saving
from campaigns.models import Campaign, CampaignState, Kind
from flows import configuring
from flows.chains import beginning, editing
from flows.chains.commanding import SENDABLE
from flows.models import Scenario
from flows.transitions import WrongState


@transaction.atomic
def change(
    campaign: Campaign, name: str, schedule: dict[str, Any], objective: dict[str, Any], user: Any, now: datetime
) -> None:
    """The schedule only of a draft: one that is scheduled is scheduled anew by `commanding.schedule`."""
    scenario = beginning.locked(campaign, user, now)
    Campaign.objects.select_for_update().get(pk=campaign.pk)
    Campaign.objects.filter(pk=campaign.pk).update(name=name)
    configuring.change(scenario, {"name": name, "objective": objective})
    if schedule != campaign.schedule:
        Campaign.objects.filter(pk=campaign.pk, state=CampaignState.DRAFT).update(schedule=schedule)
        campaign.refresh_from_db()
        editing.recompile(campaign, user, now)
    campaign.refresh_from_db()


def aim_at(campaign: Campaign, audience: dict[str, Any], may_send: bool = True) -> None:
    """Only until it begins, for then everybody enters; only of a draft, where the user may not send. Raises
    WrongState."""
    states = SENDABLE if may_send else (CampaignState.DRAFT,)
    waiting = Campaign.objects.filter(pk=campaign.pk, state__in=states)
    if not waiting.update(audience=audience):
        if Campaign.objects.filter(pk=campaign.pk, state=CampaignState.SCHEDULED).exists():
            raise WrongState(editing.SENDERS_ONLY)
        raise WrongState("The chain has begun meanwhile: its audience cannot be changed any more.")
    campaign.audience = audience


@transaction.atomic
def create(given: Mapping[str, Any], user: Any, now: datetime) -> Campaign:
    """A draft without steps, of a campaign's name, audience and schedule. Raises saving.Invalid."""
    made = saving.create({"schedule": {"when": "now"}, **given}, user, now, Kind.CHAIN)
    beginning.scenario_of(made, user, now)
    return made


@transaction.atomic
def keep(campaign: Campaign, given: Mapping[str, Any], user: Any, now: datetime) -> None:
    """Change them, of a draft; the name always. Raises saving.Invalid, or moves.WrongState of mailings."""
    scenario = beginning.locked(campaign, user, now)
    saving.change(campaign, given)
    Scenario.objects.filter(pk=scenario.pk).update(name=campaign.name)
    if "schedule" in given:
        editing.recompile(campaign, user, now)
