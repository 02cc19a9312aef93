"""Who looks at scenarios and chains in these tests, each in a browser."""

from typing import Any

import pytest
from django.test import Client

from config.roles import Role
from tests.people import person, signed_in


@pytest.fixture
def web(django_user_model: Any) -> Client:
    """Ada’s browser, who may do everything."""
    return signed_in(django_user_model.objects.create_superuser("ada"))


@pytest.fixture
def mara(db: None) -> Client:
    """The browser of a marketer in Tokyo."""
    return signed_in(person(Role.MARKETER, timezone="Asia/Tokyo"))


@pytest.fixture
def victor(db: None) -> Client:
    """The browser of somebody who may only look."""
    return signed_in(person(Role.VIEWER, "victor"))
