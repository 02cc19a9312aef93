"""Browsers, signed in, watched for every error; and a whole running installation."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from playwright.sync_api import BrowserContext, ConsoleMessage, Page

from config.models import User
from tests.conftest import NO_CHROMIUM
from tests.stories import chromium, installation
from tests.stories.mailbox import READER

HERE = Path(__file__).parent


def pytest_configure() -> None:
    # Playwright's synchronous API keeps an event loop in the thread that also talks to the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("browser")
            if chromium.PATH is None:
                item.add_marker(pytest.mark.skip(reason=NO_CHROMIUM))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": chromium.PATH, "args": chromium.FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    shown = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce"}
    return {**browser_context_args, **shown, "user_agent": READER["User-Agent"]}


@pytest.fixture(scope="session")
def base_url() -> None:
    """Stories write whole addresses; the plugin's own fixture of this name warns, and warnings are errors."""


@pytest.fixture
def site(transactional_db: None, live_server: Any) -> Iterator[str]:
    """The address of a real web server on the test's database."""
    yield live_server.url
    until_answered()


def until_answered() -> None:
    """What pages asked for last may still be answered, by threads that nobody waits for; each has a session, which
    would keep the database from being emptied or dropped."""
    deadline = time.monotonic() + 10
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(f"SELECT count(*) {others} AND backend_type = 'client backend' AND state <> 'idle'")
            if not cursor.fetchone()[0]:
                break
            time.sleep(0.02)
        cursor.execute(f"SELECT pg_terminate_backend(pid) {others} AND backend_type = 'client backend'")


@pytest.fixture
def admin(transactional_db: None) -> User:
    return User.objects.create_superuser("ada", "ada@example.com", "correct horse battery")


@pytest.fixture
def page_errors(context: BrowserContext) -> Iterator[list[str]]:
    """Everything that went wrong in the context's pages; the test fails unless it is empty in the end.

    A Content-Security-Policy violation is one of Chromium's console errors.
    """
    errors: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # The driver looks into every frame by a script of its own; where nothing may run, that is refused.
        probed = message.text.startswith("Blocked script execution") and "/blocks/canvas/" in message.text
        if message.type == "error" and not probed:
            errors.append(f"{message.page.url if message.page else ''}: {message.text}")

    context.on("console", heard)
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield errors
    assert errors == []


@pytest.fixture
def signed_in(site: str, admin: User, context: BrowserContext, page_errors: list[str]) -> Page:
    """A page of a browser in which the admin is signed in, watched for errors."""
    sign_in(context, site, admin)
    return context.new_page()


def sign_in(context: BrowserContext, site: str, user: User) -> None:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site}])


@pytest.fixture(scope="module")
def waypost() -> Iterator[installation.Waypost]:
    """A whole installation with its workers, for the stories of one module."""
    with installation.running() as running:
        yield running
        assert [line for line in running.output if " ERROR " in line or "Traceback" in line] == []


@pytest.fixture
def marketer(waypost: installation.Waypost, page: Page, page_errors: list[str]) -> Page:
    """A page of the installation in which its admin has signed in, watched for errors."""
    return waypost.sign_in(page)
