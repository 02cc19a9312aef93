"""Runs the embedded PostgreSQL for as long as any process holds the users' lock, then stops it.

Started by `config.postgres` as a program of its own: `python postgres_keeper.py USERS UID GID COMMAND…`. Every user of
the server keeps a shared lock on the file USERS. The kernel drops a lock with its process, however that process ends,
so the exclusive lock comes through exactly when nobody is left: no counting, and nothing to clean up after a SIGKILL.
"""

import fcntl
import os
import signal
import subprocess
import sys
from types import FrameType

# It runs as a program, without site-packages and without the project on its path.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import death_signal


class Interrupted(Exception):
    """The server ended by itself, or somebody asked the keeper to stop."""


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise Interrupted


def keep(users: str, uid: int, gid: int, command: list[str]) -> None:
    identity = {"user": uid, "group": gid, "extra_groups": [gid]} if uid != os.geteuid() else {}
    keeper = os.getpid()
    server = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        preexec_fn=lambda: death_signal.follow(keeper, signal.SIGINT),
        **identity,  # type: ignore[call-overload]
    )
    with open(users, "a") as handle:
        try:
            for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
                signal.signal(number, _interrupt)
            if server.poll() is None:
                fcntl.flock(handle, fcntl.LOCK_EX)
        except Interrupted:
            pass
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN if number != signal.SIGCHLD else signal.SIG_DFL)
        if server.poll() is None:
            server.send_signal(signal.SIGINT)  # a "fast shutdown": sessions are ended, everything is written
            try:
                server.wait(60)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


if __name__ == "__main__":
    keep(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
