"""Makes new drafts out of campaigns: copies, and mailings to those who did not open one."""

from datetime import datetime
from typing import Any

from django.db import transaction

from campaigns.mailings import audience_files
from campaigns.mailings.moves import WrongState, may, refusal
from campaigns.models import Campaign
from campaigns.models.campaign import Kind
from campaigns.objectives import copy_objective
from contacts.models.consent import Channel

COPIED = (
    "kind",
    "channel",
    "audience",
    "variants",
    "test",
    "schedule",
    "topic",
    "utm",
    "provider_id",
    "priority",
    "late_hours",
)


@transaction.atomic
def clone(campaign: Campaign, user: Any, now: datetime) -> Campaign:
    """A draft with the same contents, under the name “… (copy)”; its file too."""
    copy = Campaign.objects.create(
        name=f"{campaign.name[:190]} (copy)",
        **{name: getattr(campaign, name) for name in COPIED},
        created_at=now,
        created_by=_person(user),
    )
    copy_objective(campaign.origin, copy.origin)
    audience_files.copy(campaign, copy)
    return copy


@transaction.atomic
def resend_to_unopened(campaign: Campaign, user: Any, now: datetime) -> Campaign:
    """A draft to those who were sent a message of this campaign and opened none, with the words that won; a new
    subject is for people to write. Raises WrongState."""
    if not may(campaign, "resend") or campaign.kind != Kind.MAILING:
        raise refusal(campaign, "resend")
    if campaign.channel != Channel.EMAIL:
        raise WrongState("Nobody can tell who has opened an SMS.")
    best = next((one for one in campaign.variants if one["key"] == campaign.winner), campaign.variants[0])
    asked = {"rule": "message", "campaign": campaign.pk}
    unopened = {"all": [{**asked, "did": "sent"}, {**asked, "did": "not:opened"}]}
    made = Campaign.objects.create(
        name=f"{campaign.name[:180]} (not opened)",
        kind=Kind.MAILING,
        channel=campaign.channel,
        audience=Campaign().audience | {"rule": unopened},
        variants=[{**best, "key": "a"}],
        topic=campaign.topic,
        utm=campaign.utm,
        provider_id=campaign.provider_id,
        schedule={"when": "now"},
        resends=campaign,
        created_at=now,
        created_by=_person(user),
    )
    copy_objective(campaign.origin, made.origin)
    return made


def _person(user: Any) -> Any:
    return user if getattr(user, "pk", None) else None
