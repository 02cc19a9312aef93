"""A mail server, the people and services of whom tests speak, and workers that forget what they keep between tests."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.test import Client

from campaigns.delivery import connections, sending
from campaigns.mailings import queueing
from config.models import ApiKey, User
from config.roles import Role, give
from tests import make, outside
from tests.campaigns.esp_webhooks import HOOK_OF, HOOKS, Hook
from tests.people import person


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


@pytest.fixture
def boss(db: None) -> Client:
    """Bea’s browser, who may do everything."""
    bea = User.objects.create_user("bea", email="bea@example.com")
    give(bea, Role.ADMINISTRATOR)
    client = Client()
    client.force_login(bea)
    return client


@pytest.fixture
def mara(client: Client) -> User:
    """A marketer, who is signed in in the test’s own browser."""
    user = person(Role.MARKETER)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return user


@pytest.fixture
def program(client: Client) -> Callable[[str], Any]:
    """Asks for a path below reports, with a key that may read them."""
    headers = {"Authorization": f"Bearer {ApiKey.objects.issue('shop', ['reports:read'])[1]}"}
    return lambda path: client.get(f"/api/v1/reports/{path}", headers=headers)


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten contacts are queued at a time."""
    monkeypatch.setattr(queueing, "BATCH", 10)


@pytest.fixture
def ada(db: None) -> int:
    """Ada’s number among the contacts."""
    return make.contact("ada@example.com").pk


@pytest.fixture
def still() -> Iterator[None]:
    """Calls are received at the moment of which the tests speak."""
    with time_machine.travel(make.NOW, tick=False):
        yield


@pytest.fixture(params=[hook.kind for hook in HOOKS])
def hook(request: pytest.FixtureRequest) -> Hook:
    """Every email service that calls us."""
    return HOOK_OF[request.param]


@pytest.fixture(autouse=True)
def fresh_worker() -> Iterator[None]:
    yield
    connections.close_all()
    sending._pace.size = 100
