"""Django's entry for the app."""

import gc

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config import api_schema, checks, lost_hosts, roles  # noqa: F401  (two of them register themselves)

        connection_created.connect(lost_hosts.tell_server, dispatch_uid="lost hosts")
        post_migrate.connect(roles.grant, dispatch_uid="roles")
        # What is loaded by now stays for good, and a batch makes rows by the thousand that live for a moment. Left to
        # itself, the collector looks through all of Django every few batches: half of the engine's time.
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
