"""Django's entry for the app."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"

    def ready(self) -> None:
        from campaigns import contact_panel, sms_carriage
        from contacts import panels
        from templates_app import carrying

        panels.register(contact_panel.panel)
        carrying.register(sms_carriage.Carriage())
