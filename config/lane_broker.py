"""A lane's queue: django-q2's database broker, with a clock of its own and nudges that never pile up."""

import time
import uuid
from typing import Any

from django.db import InterfaceError, OperationalError, connections
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.signing import BadSignature, SignedPackage

from config import beats
from config.schedules import LANES

WORK = "config.schedules.work"
PULSE_SECONDS = 1.0
# A pulse that a killed worker took along is replaced after this long.
LOST_SECONDS = 3.0

Task = tuple[int | None, str]


class LaneBroker(ORM):
    """Hands a cluster the tasks of its lane and, every second, a pulse: a task that lives only in its own memory.

    A pulse drains the lane like a nudge does, so due work is found without one; and since it passes through the
    cluster's every part, its completion proves that this cluster, on this machine, works. The next pulse waits for it.
    """

    pulsed_at = 0.0

    def dequeue(self) -> list[Task] | None:
        try:
            tasks = self._without_doubles(super().dequeue() or [])
        except (OperationalError, InterfaceError):
            # The server is restarting. Without this, django-q2 would rest for ten seconds and start a new process.
            connections.close_all()
            time.sleep(0.5)
            tasks = []
        if self.list_key in LANES and self._pulse_due():
            self.pulsed_at = time.time()
            tasks.append((None, SignedPackage.dumps(self._pulse())))
        return tasks or None

    def _pulse_due(self) -> bool:
        waited = time.time() - self.pulsed_at
        taken = (beats.last(self.list_key) or 0.0) >= self.pulsed_at
        return waited >= (PULSE_SECONDS if taken else LOST_SECONDS)

    def _pulse(self) -> dict[str, Any]:
        return {
            "id": uuid.uuid4().hex,
            "name": "pulse",
            "func": WORK,
            "args": (self.list_key,),
            "kwargs": {},
            "started": timezone.now(),
            "save": False,
            "ack_failure": True,
        }

    def _without_doubles(self, tasks: list[Task]) -> list[Task]:
        """Of many nudges that came since the last look, one is enough."""
        kept: list[Task] = []
        doubles: list[int | None] = []
        nudged = False
        for pk, payload in tasks:
            try:
                nudge = SignedPackage.loads(payload)["func"] == WORK
            except (TypeError, BadSignature):
                nudge = False  # django-q2 reports it and removes it
            if nudge and nudged:
                doubles.append(pk)
            else:
                kept.append((pk, payload))
            nudged = nudged or nudge
        if doubles:
            self.get_connection().using(Conf.ORM).filter(pk__in=doubles).delete()
        return kept
