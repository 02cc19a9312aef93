"""A worker of all lanes that send and advance, on a clock that stands in a file: made to be killed.

`python -m tests.chaos.worker CLOCK` works until it is stopped.
"""

import logging
import os
import sys
import time
from datetime import datetime
from pathlib import Path

import django

logger = logging.getLogger(__name__)


def work(clock: Path) -> None:
    from django.db import close_old_connections
    from django.utils.module_loading import import_string

    from config.schedules import LANES

    slices = [import_string(path) for lane in ("advance", "send") for path in LANES[lane]]
    while True:
        now, more = datetime.fromisoformat(clock.read_text()), False
        for one in slices:
            try:
                more = bool(one(now)) or more
            except Exception:
                logger.exception("A slice broke; the next round tries again.")
                close_old_connections()
        if not more:
            time.sleep(0.02)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    work(Path(sys.argv[1]))
