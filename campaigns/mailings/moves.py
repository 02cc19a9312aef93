"""Says by which commands a campaign gets from which states to which, and makes each such move: one guarded update."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from campaigns.models import Campaign, CampaignState

DRAFT, SCHEDULED, SENDING = CampaignState.DRAFT, CampaignState.SCHEDULED, CampaignState.SENDING
SENT, CANCELLED = CampaignState.SENT, CampaignState.CANCELLED
PAUSED = (CampaignState.PAUSED, CampaignState.PAUSED_ERROR, CampaignState.PAUSED_BALANCE)


@dataclass(frozen=True)
class Problem:
    """What keeps a campaign from being sent, or what would be better otherwise.

    `field` is where it is to be mended: "name", "audience", "schedule", "test", "provider" or "variants"; of a variant,
    "variants.a.subject" (its key, and one of template, subject, preheader, body).
    """

    field: str
    sentence: str


class NotReady(Exception):
    """The campaign cannot be sent; `problems` says why."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(" ".join(dict.fromkeys(problem.sentence for problem in problems)))
        self.problems = problems


class WrongState(Exception):
    """The campaign is not in a state from which this is possible; the text is a sentence."""


@dataclass(frozen=True)
class Command:
    """What an operator or the clock does: leads from the states `of` to one of `to`, and leaves those of `within` as
    they are."""

    done: str  # as in "cannot be …"
    of: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    within: tuple[str, ...] = ()


COMMANDS = {
    "send": Command("sent", (DRAFT, SCHEDULED), (SENDING,)),
    "schedule": Command("scheduled", (DRAFT, SCHEDULED), (SCHEDULED,)),
    "unschedule": Command("unscheduled", (SCHEDULED,), (DRAFT,)),
    "pause": Command("paused", (SENDING,), (CampaignState.PAUSED,)),
    "suspend": Command("paused", (SENDING,), (CampaignState.PAUSED_ERROR, CampaignState.PAUSED_BALANCE)),
    "resume": Command("resumed", PAUSED, (SENDING,)),
    "cancel": Command("cancelled", (SCHEDULED, SENDING, *PAUSED), (CANCELLED,)),
    "finish": Command("finished", (SENDING,), (SENT,)),
    "change": Command("changed", within=(DRAFT,)),
    "delete": Command("deleted", within=(DRAFT,)),
    "archive": Command("archived", within=(DRAFT, SENT, CANCELLED)),
    "unarchive": Command("taken out of the archive", within=tuple(CampaignState)),
    "clone": Command("cloned", within=tuple(CampaignState)),
    "resend": Command("sent again to those who did not open it", within=(SENT, CANCELLED)),
}


def possible(state: str) -> set[str]:
    """The commands that a campaign in this state takes."""
    return {name for name, command in COMMANDS.items() if state in (*command.of, *command.within)}


def may(campaign: Campaign, command: str) -> bool:
    return command in possible(campaign.state)


def refusal(campaign: Campaign, command: str) -> WrongState:
    state = campaign.get_state_display()
    return WrongState(f"This campaign cannot be {COMMANDS[command].done}: it is {state[0].lower()}{state[1:]}.")


def move(campaign: Campaign, command: str, to: str, **fields: Any) -> None:
    """Put the campaign into another state, with what the new state needs to know; the old state's reason is gone.

    Waits for a slice of its audience that is being queued at this moment. Raises WrongState, and then nothing changed.
    """
    assert to in COMMANDS[command].to
    fields = {"state_reason": "", **fields}
    changed = Campaign.objects.filter(pk=campaign.pk, state__in=COMMANDS[command].of).update(state=to, **fields)
    campaign.refresh_from_db()
    if not changed:
        raise refusal(campaign, command)


def take(campaign: Campaign, command: str) -> Campaign:
    """The campaign as it is now, locked until the transaction ends; raises WrongState where the command is not
    possible."""
    assert transaction.get_connection().in_atomic_block
    locked = Campaign.objects.select_for_update(no_key=True, of=("self",)).get(pk=campaign.pk)
    if not may(locked, command):
        raise refusal(locked, command)
    return locked
