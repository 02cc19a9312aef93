"""Fills an empty installation with a believable one."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config.demo import history


class Command(BaseCommand):
    help = "Fill an empty installation: 2,000 contacts, segments, templates, and running scenarios with history."

    def handle(self, *args: Any, **options: Any) -> None:
        # On a bare machine the demo may well be the first thing that is asked for.
        call_command("migrate", verbosity=0)
        if history.is_there():
            self.stdout.write("The demo is there already. Nothing was changed.")
            return

        def say(text: str) -> None:
            self.stdout.write(f"\r{text}", ending="")
            self.stdout.flush()

        try:
            history.make(timezone.now(), say)
        except history.NotEmpty as error:
            raise CommandError("This installation has contacts already; the demo only fills an empty one.") from error
        self.stdout.write("\rThe demo is ready: sign in and look at its scenarios.")
