"""Signs of life: a lane's workers touch a file whenever a task is done, and while one is under way.

The files are this machine's own, because each supervisor judges only the workers that it started.
"""

import threading
import time
from pathlib import Path
from typing import Any

from django.conf import settings

# A task that takes longer than this no longer counts as being worked on (tasks are slices of a few seconds).
LONGEST_TASK = 60.0


def _file(lane: str) -> Path:
    return Path(settings.BEATS_DIR) / lane


def beat(lane: str) -> None:
    try:
        _file(lane).touch()
    except FileNotFoundError:  # its supervisor is gone, and so will this worker be
        Path(settings.BEATS_DIR).mkdir(parents=True, exist_ok=True)


def last(lane: str) -> float | None:
    """When the lane last showed life, in seconds of the epoch; None if it never did."""
    try:
        return _file(lane).stat().st_mtime
    except FileNotFoundError:
        return None


def ask_to_stop() -> None:
    _file("stopping").touch()


def stopping() -> bool:
    """Whether the supervisor wants workers to end after the slice they have in hand."""
    return _file("stopping").exists()


class Pacemaker:
    """Beats for one worker process, from the signals django-q2 sends around each task."""

    def __init__(self, lane: str) -> None:
        self.lane = lane
        self.busy_since: float | None = None
        self.thread: threading.Thread | None = None

    def started(self, **kwargs: Any) -> None:
        self.busy_since = time.monotonic()
        if self.thread is None:  # in the worker, not before its fork: threads do not survive one
            self.thread = threading.Thread(target=self._run, daemon=True)
            self.thread.start()

    def finished(self, **kwargs: Any) -> None:
        self.busy_since = None
        beat(self.lane)

    def _run(self) -> None:
        while True:
            time.sleep(1)
            since = self.busy_since
            if since is not None and time.monotonic() - since < LONGEST_TASK:
                beat(self.lane)
