"""Queues the audiences of campaigns slice by slice, finds the winners of tests, and finishes what is through."""

from datetime import datetime


def begin_scheduled(now: datetime) -> bool:
    """Begin one campaign whose moment has come; where something keeps it from beginning, it is a draft again and says
    why. Returns whether there may be more."""
    raise NotImplementedError


def queue(now: datetime) -> bool:
    """Queue one slice of one campaign's audience. Returns whether there may be more."""
    raise NotImplementedError


def decide(now: datetime) -> bool:
    """Choose the winner of one test whose time is over. Returns whether there may be more."""
    raise NotImplementedError


def finish(now: datetime) -> bool:
    """Finish the campaigns of which nothing is queued or in hand any more."""
    raise NotImplementedError
