"""Runs a whole Waypost on this machine: `manage.py up`."""

import os
import shutil
import socket
import sys
from argparse import ArgumentParser
from contextlib import closing
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection

from config import beats, first_start, postgres, supervisor
from config.checks import SETTINGS_TAG
from config.schedules import LANES
from contacts import restored_log


class Command(BaseCommand):
    help = "Starts the database (unless DATABASE_URL is set), the web server and the workers, and keeps them running."
    requires_system_checks = [SETTINGS_TAG]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-web", action="store_true", help="Workers only, for a further machine.")
        parser.add_argument("--no-workers", action="store_true", help="Web server only.")

    def handle(self, *args: Any, no_web: bool, no_workers: bool, **options: Any) -> None:
        if no_web and no_workers:
            raise CommandError("There is nothing to run with both --no-web and --no-workers.")
        listener = None if no_web else _listener(settings.HOST, settings.PORT)
        self._prepare_database()
        lanes = [] if no_workers else list(LANES)
        signs = settings.VAR_DIR / "run" / str(os.getpid())
        shutil.rmtree(signs, ignore_errors=True)
        signs.mkdir(parents=True)
        settings.BEATS_DIR = str(signs)
        children = [supervisor.lane(name, signs) for name in lanes]
        if listener:
            children.append(supervisor.web(listener, settings.WEB_WORKERS, signs))
        try:
            self._run(supervisor.Supervisor(children, self._mend_database, self._report), lanes, listener)
        finally:
            shutil.rmtree(signs, ignore_errors=True)
            if settings.EMBEDDED_POSTGRES:
                postgres.leave(settings.POSTGRES_DIR, seconds=10)
        self._report("Waypost has stopped.")

    def _run(self, family: supervisor.Supervisor, lanes: list[str], listener: socket.socket | None) -> None:
        waiting = True
        with closing(family.run()) as ticks:
            for _ in ticks:
                if not waiting or any(beats.last(lane) is None for lane in lanes):
                    continue
                if listener is None:
                    self._say("Waypost’s workers are ready")
                    waiting = False
                elif supervisor.answers(listener):
                    self._say(f"Waypost is ready at http://{settings.HOST}:{listener.getsockname()[1]}")
                    waiting = False

    def _prepare_database(self) -> None:
        try:
            with first_start.alone():
                self.check(tags=["database"], databases=["default"])
                first_start.migrate()
                restored_log.mend()
                kept_in = Path(settings.VAR_DIR) / "admin_password"
                if password := first_start.make_admin(settings.ADMIN_PASSWORD, kept_in):
                    note = "" if settings.ADMIN_PASSWORD else f" with the password {password} (kept in {kept_in})"
                    self._say(f"Sign in as {first_start.ADMIN}{note}")
        except OperationalError as error:
            raise CommandError(f"The database does not answer: {str(error).strip()} Check DATABASE_URL.") from error
        finally:
            connection.close()

    def _mend_database(self) -> None:
        if settings.EMBEDDED_POSTGRES and not postgres.answers(settings.POSTGRES_DIR):
            self._report("PostgreSQL does not answer; starting it again.")
            try:
                postgres.running_at(settings.POSTGRES_DIR)
            except postgres.NotStarted as error:
                self._report(str(error))

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _report(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)


def _listener(host: str, port: int) -> socket.socket:
    """A socket at the web server's address, taken before anything is started, so that a taken port is known at once."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        cure = "Set PORT to a free one, or stop what uses it." if error.errno in (48, 98) else "Check HOST and PORT."
        raise CommandError(f"Waypost cannot listen at {host}:{port}: {error.strerror}. {cure}") from error
    # A PORT of 0 asks for any free one; the children learn it here, because links in mails default to it.
    os.environ["PORT"] = str(listener.getsockname()[1])
    return listener
