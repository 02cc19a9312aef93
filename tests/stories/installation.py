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
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery"
READY = "Waypost is ready at "
START_SECONDS, STOP_SECONDS = 90, 15


@dataclass
class Waypost:
    """A running installation: its address, an API key that may do everything, and its admin's password."""

    url: str
    api_key: str
    env: dict[str, str]
    username: str = "admin"
    password: str = PASSWORD
    output: list[str] = field(default_factory=list)

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
