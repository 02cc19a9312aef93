"""A real `manage.py up` on a data folder of its own, for tests to look at, kill and stop."""

import http.client
import math
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
from django.conf import settings

READY = re.compile(r"^Waypost is ready at http://127\.0\.0\.1:(\d+)$", re.MULTILINE)


def eventually(holds: Callable[[], bool], seconds: float) -> bool:
    """Whether it comes to hold within so many seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.05)
    return holds()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def environment(var: Path, **more: str) -> dict[str, str]:
    ours = {"DATABASE_URL", "WAYPOST_BEATS", "Q_CLUSTER_NAME", "PORT", "HOST", "PYTHONDONTWRITEBYTECODE"}
    return {name: value for name, value in os.environ.items() if name not in ours} | {"WAYPOST_VAR": str(var)} | more


def manage(*arguments: str, var: Path, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *arguments]
    env = environment(var, **more)
    return subprocess.run(command, cwd=settings.BASE_DIR, env=env, capture_output=True, text=True, timeout=60)


def lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:  # it has just ended
        return []


class Up:
    """A running Waypost. `family` is every process it has started so far, whoever is their parent by now."""

    def __init__(self, var: Path, *arguments: str, **more: str) -> None:
        self.var = var
        self.port = free_port()
        self.log = var.parent / f"{var.name}.log"
        self.family: dict[int, psutil.Process] = {}
        with self.log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up", *arguments],
                cwd=settings.BASE_DIR,
                env=environment(var, PORT=str(self.port), **more),
                stdout=output,
                stderr=output,
            )

    @property
    def output(self) -> str:
        return self.log.read_text()

    def wait_until_ready(self, seconds: float = 60) -> None:
        assert eventually(lambda: bool(READY.search(self.output)) or self.process.poll() is not None, seconds)
        assert READY.findall(self.output) == [str(self.port)], self.output
        self.look_around()

    def look_around(self) -> list[psutil.Process]:
        now = psutil.Process(self.process.pid).children(recursive=True)
        self.family |= {process.pid: process for process in now}
        return now

    def lane(self, name: str) -> list[psutil.Process]:
        """The processes of a lane, its head first."""
        members = [process for process in self.look_around() if _command(process)[-2:] == ["-n", name]]
        return sorted(members, key=lambda process: process.pid)

    def web(self) -> list[psutil.Process]:
        """The web server's processes, its head first."""
        return [process for process in self.look_around() if "gunicorn" in _command(process)]

    def workers(self, lane: str) -> list[psutil.Process]:
        """Its working processes: what the cluster's second process starts first."""
        return self.lane(lane)[2:4]

    def left_over(self) -> list[psutil.Process]:
        return [process for process in self.family.values() if lives(process)]

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def silence(self, lane: str) -> float:
        """For how many seconds the lane has shown no sign of life."""
        _, text = self.get("/metrics")
        found = re.search(rf'lane_silence_seconds{{lane="{lane}"}} (\S+)', text)
        return float(found[1]) if found else math.inf  # while its database is away, nothing is heard of it

    def lives_on(self, lane: str, since: float) -> bool:
        """Whether the lane showed life later than two seconds after `since`, which a hung one could not do."""
        return time.time() - self.silence(lane) > since + 2

    def stop(self, number: int = signal.SIGTERM) -> float:
        """Ask it to end; after how many seconds it had."""
        self.look_around()
        start = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(30)
        return time.monotonic() - start

    def clean(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for process in self.left_over():
            with suppress(psutil.NoSuchProcess):  # it may end by itself meanwhile
                process.kill()
