"""People who have a role, and the browser in which somebody is signed in."""

from typing import Any

from django.test import Client

from config.models import User
from config.roles import give


def person(role: str, name: str = "mara", **fields: Any) -> User:
    made = User.objects.create_user(name, **fields)
    give(made, role)
    return User.objects.get(pk=made.pk)


def signed_in(user: User) -> Client:
    found = Client()
    found.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return found
