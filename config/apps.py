"""Django's entry for the app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config import api_schema, checks, roles  # noqa: F401  (two of them register themselves)

        post_migrate.connect(roles.grant, dispatch_uid="roles")
