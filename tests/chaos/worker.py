"""A worker of all lanes that send and advance, on a clock that stands in a file: made to be killed.

`python -m tests.chaos.worker CLOCK` works until it is stopped. Whenever it finds nothing to do, it writes down beside
the clock for which reading of it that holds, and how often it has had something to do.
"""

import logging
import os
import sys
import time
from datetime import datetime
from pathlib import Path

import django

logger = logging.getLogger(__name__)


def work(clock: Path, idle: Path) -> None:
    from django.db import close_old_connections
    from django.utils.module_loading import import_string

    from config.schedules import LANES

    slices = [import_string(path) for lane in ("advance", "send") for path in LANES[lane]]
    worked = 0
    while True:
        reading, more = clock.read_text(), False
        for one in slices:
            try:
                # Read anew: a slice may have lost so much time that the others are further.
                now = datetime.fromisoformat(clock.read_text().split()[0])
                more = bool(one(now)) or more
            except Exception:
                logger.exception("A slice broke; the next round tries again.")
                close_old_connections()
                more = True
        if more:
            worked += 1
        else:
            idle.write_text(f"{reading}\n{worked}")
            time.sleep(0.02)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    clock = Path(sys.argv[1])
    work(clock, clock.with_name(f"{os.environ['PGAPPNAME']}.idle"))
