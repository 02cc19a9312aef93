"""A whole installation for stories: `manage.py up` on a data folder and a port of its own."""

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from playwright.sync_api import Page

from config import postgres
from tests.outside import MailServer

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery"
READY = "Waypost is ready at "
START_SECONDS, STOP_SECONDS = 180, 15
# Everything that the engine, the ledger and the timeline know of time.
MOMENTS = """
    SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = 'public' AND data_type = 'timestamp with time zone'
      AND table_name ~ '^(contacts|campaigns|flows|templates_app)_'
    ORDER BY table_name, column_name
"""


@dataclass
class Waypost:
    """A running installation: its address, an API key that may do everything, and its admin's password."""

    url: str
    api_key: str
    env: dict[str, str]
    username: str = "admin"
    password: str = PASSWORD
    output: list[str] = field(default_factory=list)

    @property
    def public_url(self) -> str:
        """How links in messages begin."""
        return self.url.replace("127.0.0.1", "localhost")

    def api(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and JSON of a call to /api/v1/`path`."""
        request = urllib.request.Request(
            f"{self.url}/api/v1/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.api_key}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, _json(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, _json(error.read())

    def must(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of a call that has to succeed."""
        status, answer = self.api(method, path, body)
        assert status < 300, (status, answer)
        return answer

    def mail_through(self, server: MailServer) -> int:
        """Let every email go to this mail server; the id of the provider."""
        settings = {"host": "127.0.0.1", "port": server.port, "security": "none", "from_email": "shop@example.com"}
        name = f"Mail server {server.port}"
        provider = {"channel": "email", "kind": "smtp", "name": name, "settings": settings, "is_default": True}
        return self.must("POST", "providers/", provider)["id"]

    def running_scenario(self, name: str, graph: dict[str, Any]) -> int:
        """The id of a scenario that was just started."""
        scenario = self.must("POST", "scenarios/", {"name": name})["id"]
        self.must("PUT", f"scenarios/{scenario}/flow/", graph)
        self.must("POST", f"scenarios/{scenario}/start/")
        return scenario

    def create_contacts(self, *emails: str) -> None:
        contacts = [{"email": email} for email in emails]
        assert self.must("POST", "contacts/bulk/", {"contacts": contacts})["created"] == len(emails)

    def sign_in(self, page: Page) -> Page:
        """The page, after its browser has signed in as the admin."""
        page.goto(f"{self.url}/login/")
        page.get_by_label("Username").fill(self.username)
        page.get_by_label("Password").fill(self.password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{self.url}/")
        return page

    def manage(self, *command: str) -> str:
        """What a management command of this installation prints."""
        return _manage(self.env, *command)

    def rows(self, query: str, *params: Any) -> list[tuple[Any, ...]]:
        """What the installation's own database answers."""
        with self._database() as connection:
            return connection.execute(query, params).fetchall()

    def pass_days(self, days: int) -> None:
        """Let time go by: every moment in the database lies so much further back, as if the clock had moved on."""
        for _ in range(100):
            with suppress(psycopg.errors.LockNotAvailable), self._database() as connection:
                _move_back(connection, days)
                return
        raise AssertionError("The workers never rest.")

    def _database(self) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(postgres.url(Path(self.env["WAYPOST_VAR"]) / "postgres"))


def _move_back(connection: psycopg.Connection[tuple[Any, ...]], days: int) -> None:
    moments: dict[str, list[str]] = {}
    for table, column in connection.execute(MOMENTS):
        moments.setdefault(table, []).append(column)
    # Alone, so that no worker sees half of it; and giving way to one that waits for what is locked here.
    connection.execute("SET LOCAL lock_timeout = '300ms'")
    connection.execute(f"LOCK {', '.join(moments)}")
    for table, columns in moments.items():
        moved = ", ".join(f"{column} = {column} - make_interval(days => %(days)s)" for column in columns)
        connection.execute(f"UPDATE {table} SET {moved}", {"days": days})


@contextmanager
def running(**environment: str) -> Iterator[Waypost]:
    # Under /tmp itself, because the embedded server of a root user runs as somebody else, who must reach the folder.
    folder = Path(tempfile.mkdtemp(prefix="waypost-"))
    folder.chmod(0o755)
    env = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "PUBLIC_URL")}
    env |= {
        "WAYPOST_VAR": str(folder / "var"),
        "WAYPOST_ADMIN_PASSWORD": PASSWORD,
        "PORT": "0",
        "WEB_WORKERS": "1",
        **environment,
    }
    up = subprocess.Popen(
        [sys.executable, "manage.py", "up"],
        cwd=ROOT,
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        lines: queue.Queue[str] = queue.Queue()
        output: list[str] = []
        reader = threading.Thread(target=_read, args=(up, lines, output))
        reader.start()
        url = _address(lines, output)
        api_key = _manage(env, "apikey", "stories").split()[-1]
        yield Waypost(url, api_key, env, output=output)
    finally:
        up.send_signal(signal.SIGTERM)
        try:
            up.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            up.kill()
            up.wait()
        reader.join()
        up.stdout.close()
        shutil.rmtree(folder, ignore_errors=True)


def _read(up: subprocess.Popen[str], lines: "queue.Queue[str]", output: list[str]) -> None:
    for line in up.stdout:
        output.append(line)
        lines.put(line)
    lines.put("")


def _address(lines: "queue.Queue[str]", output: list[str]) -> str:
    while True:
        try:
            line = lines.get(timeout=START_SECONDS)
        except queue.Empty:
            line = ""
        if not line:
            raise AssertionError("manage.py up did not become ready:\n" + "".join(output))
        if line.startswith(READY):
            return line.removeprefix(READY).strip()


def _manage(env: dict[str, str], *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *command], cwd=ROOT, env=env, text=True, capture_output=True, timeout=60
    )
    if done.returncode:
        raise AssertionError(f"manage.py {' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _json(data: bytes) -> Any:
    return json.loads(data) if data else None
