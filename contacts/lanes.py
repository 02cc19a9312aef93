"""Wakes workers: each lane (see config.schedules) is a cluster of its own that drains what is due in slices."""

from dataclasses import dataclass

from django.db import connection, transaction
from django_q.tasks import async_task


@dataclass(frozen=True)
class _Nudge:
    lanes: tuple[str, ...]

    def __call__(self) -> None:
        with transaction.atomic():  # one commit, for waiting for the disk is what a nudge costs
            for lane in self.lanes:
                async_task("config.schedules.work", lane, cluster=lane, q_options={"save": False})


# Who reads the timeline.
READERS = ("advance", "segments")


def nudge(*lanes: str) -> None:
    """After the running transaction commits, let a worker of each of these lanes look for work at once.

    A nudge carries nothing: lost or doubled ones do not matter, for the supervisor's pulse comes every second anyway.
    """
    wake = _Nudge(lanes)
    # One per transaction is enough, however many rows it wrote.
    if all(waiting[1] != wake for waiting in connection.run_on_commit):
        transaction.on_commit(wake)
