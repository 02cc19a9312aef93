"""Runs the workers of one lane: `manage.py qcluster -n LANE`."""

import os
import sys
from typing import Any

from django.core.management.base import CommandError
from django_q import signals
from django_q.management.commands import qcluster

from config import death_signal
from config.beats import Pacemaker
from config.schedules import LANES


class Command(qcluster.Command):
    requires_system_checks: list[str] = []  # `manage.py up` has made them
    help = f"Runs the workers of one lane: {', '.join(LANES)}."

    def handle(self, *args: Any, **options: Any) -> None:
        lane = options.get("cluster_name") or os.environ.get("Q_CLUSTER_NAME") or "advance"
        if lane not in LANES:
            raise CommandError(f"There is no lane “{lane}”. The lanes are: {', '.join(LANES)}.")
        if os.environ.get("Q_CLUSTER_NAME") != lane:
            # django-q2 has read its name from the environment while it was imported, so begin again with it there.
            os.environ["Q_CLUSTER_NAME"] = lane
            os.execv(sys.executable, sys.orig_argv)  # noqa: S606
        # A cluster is a family of processes, and the others live on when its head is killed.
        death_signal.forks_follow()
        pacemaker = Pacemaker(lane)
        signals.pre_execute.connect(pacemaker.started, weak=False)
        signals.post_execute_in_worker.connect(pacemaker.finished, weak=False)
        super().handle(*args, **options)
