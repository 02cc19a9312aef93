"""The cast and the virtual clock."""

import math
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings

from tests import outside

NO_CHROMIUM = "Chromium is not installed"


@pytest.fixture
def smtp_server() -> Iterator[outside.MailServer]:
    """A real mail server on a free port (`.port`) that keeps what it takes (`.mails`)."""
    with outside.mail_server() as server:
        yield server


@pytest.fixture
def api(db: None) -> Any:
    """A program that may do everything."""
    from tests import programs

    return programs.client("*")


@pytest.fixture(autouse=True)
def new_installation(request: pytest.FixtureRequest) -> None:
    """Tests that commit empty every table when they end, also of what migrations put there: the two local outboxes."""
    from campaigns.tracking import addresses

    # Nobody asks for the tracking domain in the midst of a test that counts queries, or has no database.
    addresses._known = addresses._Known(math.inf, "", frozenset())
    uses_database = {"db", "transactional_db", "live_server"} & set(request.fixturenames)
    if uses_database or request.node.get_closest_marker("django_db"):
        request.getfixturevalue("_django_db_helper")
        from tests import make

        make.local_outboxes()


def pytest_xdist_setupnodes(config: pytest.Config, specs: list[Any]) -> None:
    """An embedded PostgreSQL for each process that runs tests: the timeline is only read up to the oldest transaction
    that a server has open, and a test in another process may keep one open for long."""
    for number, spec in enumerate(specs):
        spec.env["WAYPOST_VAR"] = str(settings.VAR_DIR / f"tests-{number}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly when the stories in a browser were left out."""
    skipped = terminalreporter.stats.get("skipped", [])
    stories = [report for report in skipped if NO_CHROMIUM in str(report.longrepr)]
    if stories:
        terminalreporter.write_sep(
            "!", f"{len(stories)} BROWSER STORIES SKIPPED: {NO_CHROMIUM.upper()}", red=True, bold=True
        )
        terminalreporter.write_line("Install it (on Debian: apt-get install chromium) and run the tests again.")
