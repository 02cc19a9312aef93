"""Django's entry for the app."""

from django.apps import AppConfig


class FlowsConfig(AppConfig):
    name = "flows"

    def ready(self) -> None:
        from contacts import panels
        from flows import contact_panel

        panels.register(contact_panel.panel)
