"""Changes what a scenario, a campaign or a chain's step is meant to achieve, found by the key of its messages."""

import re
from typing import Any

from django.db import transaction

from campaigns import objectives
from campaigns.models import Campaign, ChainStep
from campaigns.objectives import Problems
from flows import configuring
from flows import objectives as saved
from flows.models import Scenario

OWNER = r"(?:scenario:[1-9][0-9]{0,17}|campaign:[1-9][0-9]{0,17}(?::[A-Za-z0-9_-]{1,50})?)"


class NoOwner(LookupError):
    """Nothing has this key."""


@transaction.atomic
def aim(owner: str, objective: dict[str, Any]) -> Problems:
    """Make this the owner's objective, `{}` for none, where it is saved as well as for its messages.

    Returns what is wrong, by field, and then nothing has changed. Raises NoOwner.
    """
    if not re.fullmatch(OWNER, owner):
        raise NoOwner(owner)
    kind, number, *key = owner.split(":")
    scenario = _scenario(kind, int(number)) if not key else None
    if scenario is None and not _is_there(kind, int(number), key):
        raise NoOwner(owner)
    if found := objectives.problems(objective):
        return found
    if storing := saved.problems(objective):
        return {"detail": [problem.message for problem in storing]}
    objective = objectives.tidy(objective)
    if scenario is not None:
        configuring.change(scenario, {"objective": objective})
        return {}
    if key:
        ChainStep.objects.filter(campaign=int(number), key=key[0]).update(objective=objective)
    return objectives.set_objective(owner, objective)


def _scenario(kind: str, number: int) -> Scenario | None:
    """The scenario of this number, or the one that runs the chain of this number."""
    found = Scenario.objects.filter(pk=number, campaign=None) if kind == "scenario" else None
    return (found if found is not None else Scenario.objects.filter(campaign=number)).first()


def _is_there(kind: str, number: int, key: list[str]) -> bool:
    if key:
        return ChainStep.objects.filter(campaign=number, key=key[0]).exists()
    return kind == "campaign" and Campaign.objects.filter(pk=number).exists()
