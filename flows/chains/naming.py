"""Changes what a chain is called, when it begins, and what it is meant to achieve."""

from datetime import datetime
from typing import Any

from django.db import transaction

from campaigns.models import Campaign, CampaignState
from flows import configuring
from flows.chains import beginning, editing


@transaction.atomic
def change(
    campaign: Campaign, name: str, schedule: dict[str, Any], objective: dict[str, Any], user: Any, now: datetime
) -> None:
    """The schedule only of a draft: one that is scheduled is scheduled anew by `commanding.schedule`."""
    scenario = beginning.scenario_of(campaign, user, now)
    Campaign.objects.select_for_update().get(pk=campaign.pk)
    Campaign.objects.filter(pk=campaign.pk).update(name=name)
    configuring.change(scenario, {"name": name, "objective": objective})
    if schedule != campaign.schedule:
        Campaign.objects.filter(pk=campaign.pk, state=CampaignState.DRAFT).update(schedule=schedule)
        campaign.refresh_from_db()
        editing.recompile(campaign, user, now)
    campaign.refresh_from_db()
