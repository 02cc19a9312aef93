"""Lets contacts into one scenario by a call from outside: an `api.call` event with its context."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from contacts import segments, timeline
from flows.claiming import running
from flows.entering import enter, trigger_of
from flows.models import Scenario
from flows.transitions import WrongState

EVENT = "api.call"


class WrongTrigger(Exception):
    """The scenario does not start with On Event: api.call."""


@transaction.atomic
def call(scenario: Scenario, contacts: Sequence[int], context: dict[str, Any], now: datetime) -> int:
    """Record the call on each contact's timeline and let them in; returns how many entered.

    The context is what templates and conditions read as event.*. Raises WrongTrigger or WrongState.
    """
    if scenario.flow is None or scenario.listens_to != EVENT:
        raise WrongTrigger(f"This scenario does not start with an On Event trigger that listens to “{EVENT}”.")
    locked = running([scenario.pk])
    if not locked:
        raise WrongState(f"Nobody can enter: this scenario is {scenario.get_state_display().lower()}.")
    unique = list(dict.fromkeys(contacts))
    events = timeline.record_for(unique, EVENT, context, now)
    _, config = trigger_of(locked[0])
    return enter(locked[0], *_matching(config.get("filter"), events, now), now)


def _matching(rule: dict[str, Any] | None, events: dict[int, int], now: datetime) -> tuple[list[int], list[int | None]]:
    """Contacts and their events that the trigger's filter lets through."""
    if rule:
        matching = segments.matching_events(rule, list(events.values()), now)
        events = {contact: event for contact, event in events.items() if event in matching}
    return list(events), list(events.values())
