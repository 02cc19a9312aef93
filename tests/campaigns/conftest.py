"""A mail server, and workers that forget their connections between tests."""

from collections.abc import Iterator

import pytest

from campaigns import connections, sending
from tests import outside


@pytest.fixture
def mail_server(smtp_server: outside.MailServer) -> outside.MailServer:
    return smtp_server


@pytest.fixture(autouse=True)
def fresh_worker() -> Iterator[None]:
    yield
    connections.close_all()
    sending._pace.size = 100
