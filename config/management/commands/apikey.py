"""Makes an API key and prints it, this once: `manage.py apikey NAME [--scope contacts:write …]`."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config.models import ApiKey, User
from config.scopes import EVERYTHING, SCOPES


class Command(BaseCommand):
    help = "Makes an API key and prints it. Only a hash is kept, so it cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="What the key is for, as people will see it in the list of keys.")
        parser.add_argument(
            "--scope",
            action="append",
            default=[],
            dest="scopes",
            help=f"What it may do; may be given several times. Without one, everything. One of: {', '.join(SCOPES)}.",
        )
        parser.add_argument("--owner", default="", help="The user name of the person in whose name it acts.")
        parser.add_argument("--days", type=int, help="After how many days it ends; never without this.")

    def handle(self, *args: Any, name: str, scopes: list[str], owner: str, days: int | None, **options: Any) -> None:
        scopes = [scope for given in scopes for scope in given.replace(",", " ").split()]
        if unknown := [scope for scope in scopes if scope not in SCOPES]:
            raise CommandError(f"There is no scope “{unknown[0]}”. The scopes are: {', '.join(SCOPES)}.")
        if days is not None and days < 1:
            raise CommandError("A key lasts at least one day.")
        person = User.objects.filter(username=owner).first()
        if owner and person is None:
            raise CommandError(f"There is nobody called “{owner}”.")
        expires_at = timezone.now() + timedelta(days=days) if days else None
        _, key = ApiKey.objects.issue(name, scopes or [EVERYTHING], owner=person, expires_at=expires_at)
        self.stdout.write(key)
