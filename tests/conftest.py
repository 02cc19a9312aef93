"""The cast and the virtual clock."""

from collections.abc import Iterator

import pytest

from tests import outside

NO_CHROMIUM = "Chromium is not installed"


@pytest.fixture
def smtp_server() -> Iterator[outside.MailServer]:
    """A real mail server on a free port (`.port`) that keeps what it takes (`.mails`)."""
    with outside.mail_server() as server:
        yield server


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly when the stories in a browser were left out."""
    skipped = terminalreporter.stats.get("skipped", [])
    stories = [report for report in skipped if NO_CHROMIUM in str(report.longrepr)]
    if stories:
        terminalreporter.write_sep(
            "!", f"{len(stories)} BROWSER STORIES SKIPPED: {NO_CHROMIUM.upper()}", red=True, bold=True
        )
        terminalreporter.write_line("Install it (on Debian: apt-get install chromium) and run the tests again.")
