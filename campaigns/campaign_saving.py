"""Keeps what people write into a campaign while it is a draft, and says field by field what cannot be kept."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from campaigns import campaign_fields
from campaigns.campaign_moves import DRAFT, refusal, take
from campaigns.models import Campaign
from campaigns.models.campaign import Kind

# What may be given: the names are those of the model's fields; `provider` is an id or None.
FIELDS = tuple(campaign_fields.CLEANERS)


class Invalid(Exception):
    """`errors` has sentences by field, as in {"name": ["…"], "variants.a.subject": ["…"]} (see Problem.field)."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(" ".join(sentence for found in errors.values() for sentence in found))
        self.errors = errors


def create(given: Mapping[str, Any], user: Any, now: datetime, kind: str = Kind.MAILING) -> Campaign:
    """A new draft. What is not given is empty. Raises Invalid."""
    campaign = Campaign(kind=kind, created_at=now, created_by=user if getattr(user, "pk", None) else None)
    _put(campaign, given)
    if not campaign.name:
        raise Invalid({"name": ["Give the campaign a name."]})
    campaign.save()
    return campaign


def change(campaign: Campaign, given: Mapping[str, Any]) -> None:
    """Change what is given of a draft; what is unfinished may be kept (see campaign_checks), what makes no sense not.

    Raises Invalid, or WrongState where it is no draft (its name may always be changed)."""
    with transaction.atomic():
        if set(given) == {"name"}:
            locked = Campaign.objects.select_for_update(no_key=True, of=("self",)).get(pk=campaign.pk)
        else:
            locked = take(campaign, "change")
        locked.save(update_fields=_put(locked, given) or ["name"])
    campaign.refresh_from_db()


def delete(campaign: Campaign) -> None:
    """Remove a draft. Raises WrongState."""
    if not Campaign.objects.filter(pk=campaign.pk, state=DRAFT).delete()[0]:
        campaign.refresh_from_db()
        raise refusal(campaign, "delete")


def _put(campaign: Campaign, given: Mapping[str, Any]) -> list[str]:
    """The names of the fields that were given. Raises Invalid."""
    cleaned, errors = campaign_fields.clean(given, campaign.channel)
    if errors:
        raise Invalid(errors)
    for name, value in cleaned.items():
        setattr(campaign, "provider_id" if name == "provider" else name, value)
    return list(cleaned)
