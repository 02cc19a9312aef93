"""Runs the web server and the workers as children, restarts what dies or hangs, and leaves no orphan."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path

from config import beats, death_signal

# A lane without a sign of life for so long hangs. With the start of its successor that makes less than 15 seconds.
SILENCE_SECONDS = 6.0
# A fresh lane has to load first, maybe on a busy machine.
START_SECONDS = 30.0
# From the signal to the end: what has not stopped by then is killed, and loses nothing but the slice in hand.
STOP_SECONDS = 2.5
TICK_SECONDS = 0.1
# A server that listens everywhere is asked here.
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


@dataclass
class Child:
    """One program under supervision, the head of a process group of its own."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    keep_open: tuple[int, ...] = ()
    silent_for: Callable[[], float] | None = None  # seconds since its last sign of life, for those who give any
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    not_before: float = 0.0
    failures: int = 0

    def start(self) -> None:
        supervisor = os.getpid()
        self.started_at = time.time()
        self.process = subprocess.Popen(
            self.command,
            env={**os.environ, **self.environment},
            pass_fds=self.keep_open,
            start_new_session=True,
            preexec_fn=lambda: death_signal.follow(supervisor, signal.SIGTERM),
        )

    def watch(self) -> str:
        """See that it runs; what was wrong, if something was."""
        now = time.time()
        if self.process is None:
            if now >= self.not_before:
                self.start()
            return ""
        trouble = ""
        if (code := self.process.poll()) is not None:
            trouble = f"{self.name} ended ({_meaning(code)})"
        elif self.silent_for and min(self.silent_for(), now - self.started_at) > self._patience(now):
            trouble = f"{self.name} hangs"
        elif now - self.started_at > 60:
            self.failures = 0
        if trouble:
            self.kill()
            # The first restart is immediate; a child that cannot run at all is tried ever more seldom.
            self.not_before = now + min(2.0**self.failures - 1, 15.0)
            self.failures += 1
        return trouble

    def _patience(self, now: float) -> float:
        assert self.silent_for
        has_shown_life = self.silent_for() < now - self.started_at
        return SILENCE_SECONDS if has_shown_life else START_SECONDS

    def kill(self) -> None:
        """End the whole group at once. Work in hand is rolled back or, where it has left the house, accounted for."""
        if self.process:
            _signal_group(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        # Only the head: a cluster whose members all get the signal hangs.
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)


@dataclass
class Supervisor:
    """Keeps `children` running until told to stop. `mend` sees to what they stand on, such as the database."""

    children: list[Child]
    mend: Callable[[], None]
    report: Callable[[str], None]
    stopping: bool = False

    def run(self) -> Generator[None]:
        """Start everything, then yield about ten times a second until somebody asks to stop."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        mended_at = 0.0
        try:
            while not self.stopping:
                if time.monotonic() - mended_at > 1:
                    self.mend()
                    mended_at = time.monotonic()
                for child in self.children:
                    if trouble := child.watch():
                        self.report(f"{trouble}; starting it again.")
                yield
                time.sleep(TICK_SECONDS)
        finally:
            self._stop()

    def _ask_to_stop(self, *args: object) -> None:
        self.stopping = True

    def _stop(self) -> None:
        beats.ask_to_stop()
        for child in self.children:
            child.stop()
        until = time.monotonic() + STOP_SECONDS
        while any(child.process and child.process.poll() is None for child in self.children):
            if time.monotonic() > until:
                break
            time.sleep(0.02)
        for child in self.children:
            child.kill()


def lane(name: str, signs: Path) -> Child:
    """The workers of one lane. Their environment names it too, because django-q2 reads it while being imported."""
    child = Child(f"Lane “{name}”", [sys.executable, sys.argv[0], "qcluster", "-n", name])
    child.environment = {"Q_CLUSTER_NAME": name, "WAYPOST_BEATS": str(signs)}
    child.silent_for = lambda: time.time() - (beats.last(name) or 0.0)
    return child


def web(listener: socket.socket, workers: int, signs: Path) -> Child:
    """The web server, on a socket that stays open here: a restart refuses no connection."""
    number = listener.fileno()
    command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"fd://{number}", "--preload"]
    command += ["--worker-class", "gthread", "--workers", str(workers), "--threads", "8", "--timeout", "12"]
    command += ["--graceful-timeout", "2", "--no-control-socket", "--log-level", "warning", "--keep-alive", "5"]
    if Path("/dev/shm").is_dir():  # noqa: S108  (heartbeats belong into memory: a slow disk would look like a hang)
        command += ["--worker-tmp-dir", "/dev/shm"]  # noqa: S108
    return Child("The web server", command, {"WAYPOST_BEATS": str(signs)}, keep_open=(number,))


def answers(listener: socket.socket) -> bool:
    """Whether a page comes back from the web server behind `listener`."""
    host, port = listener.getsockname()[:2]
    connection = http.client.HTTPConnection(_EVERYWHERE.get(host, host), port, timeout=2)
    try:
        connection.request("GET", "/login/", headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _signal_group(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):  # macOS says the latter of a group of zombies
        return


def _meaning(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
