"""Django's entry for the app."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"
