"""Sends, schedules, pauses, resumes and cancels one-time campaigns: each only turns the state, workers do the rest."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from campaigns.models import Campaign


def send(campaign: Campaign, now: datetime) -> None:
    """Begin now, whatever time its schedule names (a spread over hours stays). Raises NotReady or WrongState."""
    raise NotImplementedError


def schedule(campaign: Campaign, now: datetime) -> None:
    """Let it begin by itself at the time of its schedule. Raises NotReady or WrongState."""
    raise NotImplementedError


def unschedule(campaign: Campaign, now: datetime) -> None:
    """A draft again. Raises WrongState."""
    raise NotImplementedError


def pause(campaign: Campaign, now: datetime) -> None:
    """Nothing is queued, nothing more is handed over. Raises WrongState."""
    raise NotImplementedError


def suspend(campaign_ids: Iterable[int], state: str, reason: str, now: datetime) -> list[int]:
    """Pause those of the campaigns that are sending because of `state` ("paused_error" or "paused_balance"), with a
    sentence for people to read; returns their ids. Each in a transaction of its own."""
    raise NotImplementedError


def resume(campaign: Campaign, now: datetime) -> None:
    """Go on where it stopped. Raises WrongState."""
    raise NotImplementedError


def cancel(campaign: Campaign, now: datetime) -> None:
    """Nobody gets it any more; what is queued is taken back in slices. Raises WrongState."""
    raise NotImplementedError


def archive(campaign: Campaign, now: datetime) -> None:
    """Out of the lists. Raises WrongState."""
    raise NotImplementedError


def unarchive(campaign: Campaign) -> None:
    raise NotImplementedError


def clone(campaign: Campaign, user: Any, now: datetime) -> Campaign:
    """A draft with the same contents, under the name “… (copy)”; its file too."""
    raise NotImplementedError


def resend_to_unopened(campaign: Campaign, user: Any, now: datetime) -> Campaign:
    """A draft to those who were sent a message of this campaign and opened none. Raises WrongState."""
    raise NotImplementedError
