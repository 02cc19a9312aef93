"""Wakes workers: each lane (advance, send, upkeep) is a cluster of its own that drains what is due in slices."""

from django.db import transaction
from django_q.tasks import async_task


def nudge(lane: str) -> None:
    """After the running transaction commits, let a worker of `lane` look for work at once.

    A nudge carries nothing: lost or doubled ones do not matter, for the supervisor's pulse comes every second anyway.
    """
    transaction.on_commit(lambda: async_task("config.schedules.work", lane, cluster=lane, q_options={"save": False}))
