"""Mends the timeline's log after a restore from a dump: `manage.py mendlog` (`manage.py up` does it by itself)."""

from typing import Any

from django.core.management.base import BaseCommand

from contacts import restored_log


class Command(BaseCommand):
    help = "After a restore into another database cluster: lets consumers read new events again. Safe to run twice."

    def handle(self, *args: Any, **options: Any) -> None:
        mended = restored_log.mend()
        self.stdout.write("The log was mended." if mended else "The log is in order; nothing was changed.")
