"""Keeps what people write into a campaign while it is a draft, and says field by field what cannot be kept."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from campaigns import objectives, outbox
from campaigns.mailings import audience_files, fields
from campaigns.mailings.moves import take
from campaigns.models import Campaign
from campaigns.models.campaign import Kind

# What may be given: the names are those of the model's fields; `provider` is an id or None. `objective` is what the
# campaign is meant to achieve (see `objectives`), {} for nothing; it may be given whatever the state.
OBJECTIVE, PRIORITY = "objective", "priority"
FIELDS = (*fields.CLEANERS, OBJECTIVE)
ALWAYS = {"name", OBJECTIVE, PRIORITY}


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
    with transaction.atomic():
        campaign.save()
        _mean(campaign, given)
    return campaign


def change(campaign: Campaign, given: Mapping[str, Any]) -> None:
    """Change what is given of a draft; what is unfinished may be kept (see mailings.checks), what makes no sense not.

    Raises Invalid, or WrongState where it is no draft (its name, objective and priority may always be changed)."""
    with transaction.atomic():
        if set(given) <= ALWAYS:
            locked = Campaign.objects.select_for_update(no_key=True, of=("self",)).get(pk=campaign.pk)
        else:
            locked = take(campaign, "change")
        locked.save(update_fields=_put(locked, given) or ["name"])
        if PRIORITY in given:
            outbox.prioritise(locked.origin, locked.priority)
        _mean(locked, given)
    campaign.refresh_from_db()


@transaction.atomic
def delete(campaign: Campaign) -> None:
    """Remove a draft. Raises WrongState."""
    owner = campaign.origin
    locked = take(campaign, "delete")
    audience_files.drop(locked)
    locked.delete()
    objectives.forget(owner)


def _put(campaign: Campaign, given: Mapping[str, Any]) -> list[str]:
    """The names of the fields that were given. Raises Invalid."""
    given = {name: value for name, value in given.items() if name != OBJECTIVE}
    cleaned, errors = fields.clean(given, campaign.channel)
    if errors:
        raise Invalid(errors)
    for name, value in cleaned.items():
        setattr(campaign, "provider_id" if name == "provider" else name, value)
    return list(cleaned)


def _mean(campaign: Campaign, given: Mapping[str, Any]) -> None:
    """Keep its objective, where one is given. Raises Invalid."""
    if OBJECTIVE in given and (found := objectives.set_objective(campaign.origin, given[OBJECTIVE])):
        raise Invalid({OBJECTIVE: [f"{name}: {sentence}" for name, told in found.items() for sentence in told]})
