"""Wakes workers: each lane (advance, send, upkeep) is a cluster of its own that drains what is due in slices."""

from dataclasses import dataclass

from django.db import connection, transaction
from django_q.tasks import async_task


@dataclass(frozen=True)
class _Nudge:
    lane: str

    def __call__(self) -> None:
        async_task("config.schedules.work", self.lane, cluster=self.lane, q_options={"save": False})


def nudge(lane: str) -> None:
    """After the running transaction commits, let a worker of `lane` look for work at once.

    A nudge carries nothing: lost or doubled ones do not matter, for the supervisor's pulse comes every second anyway.
    """
    wake = _Nudge(lane)
    # One per transaction is enough, however many rows it wrote.
    if all(waiting[1] != wake for waiting in connection.run_on_commit):
        transaction.on_commit(wake)
