"""A mail server, who looks after providers, and workers that forget their connections between tests."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from campaigns import connections, sending
from config.models import User
from config.roles import Role, give
from tests import outside


@pytest.fixture
def mail_server(smtp_server: outside.MailServer) -> outside.MailServer:
    return smtp_server


@pytest.fixture
def keeper(db: None) -> Client:
    """Ann’s browser, who may change providers and read the inbox."""
    ann = User.objects.create_user("ann", password="x", email="ann@example.com")
    names = ["change_provider", "view_provider", "view_inboxmessage"]
    ann.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(ann)
    return client


@pytest.fixture
def marketer(db: None) -> Client:
    """Mia’s browser, who may do everything with campaigns but set prices."""
    mia = User.objects.create_user("mia", email="mia@example.com")
    give(mia, Role.MARKETER)
    client = Client()
    client.force_login(mia)
    return client


@pytest.fixture(autouse=True)
def fresh_worker() -> Iterator[None]:
    yield
    connections.close_all()
    sending._pace.size = 100
