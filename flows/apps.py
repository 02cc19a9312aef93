"""Django's entry for the app."""

from django.apps import AppConfig


class FlowsConfig(AppConfig):
    name = "flows"
