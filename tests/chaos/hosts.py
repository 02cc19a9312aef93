"""Worker hosts as network namespaces, each with a cable to a bridge where the database and the mail server are.

Linux only, and only for root. Addresses are of the range for benchmarks (RFC 2544), which nobody has in use.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from config import postgres

NETWORK = "198.18.77"
ADDRESS = f"{NETWORK}.1"
PORT = 54329


@dataclass(frozen=True)
class Host:
    """`cable` is the end of its link that hangs on the bridge."""

    name: str
    cable: str

    @property
    def prefix(self) -> tuple[str, ...]:
        """What runs a command there."""
        return ("ip", "netns", "exec", self.name)

    def pull(self) -> None:
        _ip("link", "set", self.cable, "down")

    def plug(self) -> None:
        _ip("link", "set", self.cable, "up")


def why_not() -> str:
    """Why this machine cannot make them; "" if it can."""
    if not shutil.which("ip"):
        return "the command `ip` (of iproute2) is not installed"
    if os.geteuid() != 0:
        return "only root makes network namespaces"
    tried = subprocess.run(["ip", "netns", "add", "wp-try"], capture_output=True, text=True)
    if tried.returncode == 0:
        tried = subprocess.run(["ip", "link", "add", "wp-try", "type", "bridge"], capture_output=True, text=True)
        subprocess.run(["ip", "link", "del", "wp-try"], capture_output=True)
        subprocess.run(["ip", "netns", "del", "wp-try"], capture_output=True)
    return "" if tried.returncode == 0 else f"this machine makes no network namespaces: {tried.stderr.strip()}"


@contextmanager
def hosts(count: int) -> Iterator[list[Host]]:
    _tidy(count)
    try:
        _ip("link", "add", "wp-bridge", "type", "bridge")
        _ip("addr", "add", f"{ADDRESS}/24", "dev", "wp-bridge")
        _ip("link", "set", "wp-bridge", "up")
        made = [Host(f"wp-host-{n}", f"wp-cable-{n}") for n in range(count)]
        for n, host in enumerate(made):
            _ip("netns", "add", host.name)
            _ip("link", "add", host.cable, "type", "veth", "peer", "name", "eth0", "netns", host.name)
            _ip("link", "set", host.cable, "master", "wp-bridge", "up")
            _ip("-n", host.name, "addr", "add", f"{NETWORK}.{10 + n}/24", "dev", "eth0")
            for device in ("lo", "eth0"):
                _ip("-n", host.name, "link", "set", device, "up")
        yield made
    finally:
        _tidy(count)


def _tidy(count: int) -> None:
    for n in range(count):
        subprocess.run(["ip", "netns", "del", f"wp-host-{n}"], capture_output=True)
        subprocess.run(["ip", "link", "del", f"wp-cable-{n}"], capture_output=True)
    subprocess.run(["ip", "link", "del", "wp-bridge"], capture_output=True)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextmanager
def database(folder: Path) -> Iterator[str]:
    """A PostgreSQL that listens on the bridge, and its URL."""
    uid, gid = postgres._identity(folder / "postgres")
    data = folder / "postgres"
    postgres._make(data, uid, gid)
    with (data / "pg_hba.conf").open("a") as rules:
        rules.write(f"host all all {NETWORK}.0/24 trust\n")
    url = f"postgresql://postgres:x@{ADDRESS}:{PORT}/postgres"
    command = [str(postgres.BINARIES / "postgres"), "-D", str(data), "-p", str(PORT), "-k", ""]
    with (folder / "postgres.log").open("w") as log, subprocess.Popen(
        [*command, "-c", f"listen_addresses={ADDRESS}"], user=uid, group=gid, extra_groups=[gid], cwd="/",
        stdout=log, stderr=log,
    ) as server:  # fmt: skip
        try:
            for _ in range(300):
                with suppress(psycopg.OperationalError):
                    psycopg.connect(url, connect_timeout=2).close()
                    break
                time.sleep(0.1)
            yield url
        finally:
            server.terminate()
            with suppress(subprocess.TimeoutExpired):
                server.wait(10)
            server.kill()
