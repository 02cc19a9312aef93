"""The embedded PostgreSQL starts for the first who needs it and stops with the last, however they end."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from django.conf import settings

from config import postgres
from tests.config.running import environment, eventually, lives

USE = """
import sys
from pathlib import Path
from config import postgres
print(postgres.running_at(Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""


class User:
    """Another process that uses the server until it is let go."""

    def __init__(self, data: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", USE, str(data)],
            cwd=settings.BASE_DIR,
            env=environment(data.parent),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def wait(self) -> str:
        return self.process.stdout.readline().strip()

    def let_go(self) -> None:
        self.process.communicate(timeout=30)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # Its path is longer than a socket's may be.
    return tmp_path_factory.mktemp("x" * 100) / "postgres"


@pytest.fixture
def users(data: Path) -> Iterator[list[User]]:
    users: list[User] = []
    yield users
    for user in users:
        user.process.kill()
        user.process.communicate()


def postmaster(data: Path) -> psutil.Process:
    return psutil.Process(int((data / "postmaster.pid").read_text().split()[0]))


def test_two_who_start_at_once_share_a_server_that_stops_with_the_last(data: Path, users: list[User]) -> None:
    users += [User(data), User(data)]
    url, other_url = users[0].wait(), users[1].wait()
    assert url == other_url
    server = postmaster(data)
    users[0].let_go()
    with psycopg.connect(url) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        assert connection.execute("SHOW max_connections").fetchone() == ("200",)
        assert connection.execute("SELECT lower('ÄÉ')").fetchone() == ("äé",)
    users[1].let_go()
    assert eventually(lambda: not lives(server), seconds=15)
    assert not (data / "postmaster.pid").exists()


def test_it_stops_though_its_last_user_was_killed(data: Path, users: list[User]) -> None:
    users.append(User(data))
    users[0].wait()
    server = postmaster(data)
    users[0].process.kill()
    assert eventually(lambda: not lives(server), seconds=15)


def test_a_killed_server_whose_number_another_process_got_is_started_again(data: Path, users: list[User]) -> None:
    users.append(User(data))
    users[0].wait()
    server = postmaster(data)
    server.kill()
    assert eventually(lambda: not lives(server), seconds=5)
    pid_file = data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(users[0].process.pid), *lines[1:]]))
    users.append(User(data))
    with psycopg.connect(users[1].wait()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_data_of_another_version_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("14\n")
    with pytest.raises(postgres.NotStarted, match="written by PostgreSQL 14"):
        postgres.running_at(tmp_path / "postgres")
