"""Django's entry for the app."""

from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "contacts"
