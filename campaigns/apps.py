"""Django's entry for the app."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"

    def ready(self) -> None:
        from campaigns import contact_panel
        from contacts import panels

        panels.register(contact_panel.panel)
