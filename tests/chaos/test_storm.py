"""Thousands of contacts walk through random scenarios while everything around them breaks, and nobody is lost."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos import hosts

FULL = os.environ.get("WAYPOST_CHAOS") == "full"
SIZE = [] if FULL else ["--contacts", "900", "--scenarios", "2", "--days", "8", "--trouble", "4"]
SECONDS = 1_500 if FULL else 240


def storm(folder: Path, *options: str, **environment: str) -> str:
    """What it printed. A process of its own, with a database server of its own, because that is killed too."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "WAYPOST_VAR")}
    command = [sys.executable, "-m", "tests.chaos.storm", str(folder), "--seconds", str(SECONDS), *options]
    done = subprocess.run(
        command, env=inherited | environment, capture_output=True, text=True, timeout=SECONDS + 120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr[-5_000:]
    return done.stdout


@pytest.mark.chaos
def test_contacts_go_the_reference_interpreters_way_through_crashes_of_everything(
    tmp_path: Path, capsys: pytest.CaptureFixture
):
    said = storm(tmp_path, *SIZE)
    with capsys.disabled():
        sys.stdout.write(f"\n{said}")


@pytest.mark.chaos
def test_worker_hosts_may_be_cut_off_and_come_back(tmp_path: Path, capsys: pytest.CaptureFixture):
    if reason := hosts.why_not():
        pytest.skip(reason)
    with hosts.hosts(3), hosts.database(tmp_path) as url:
        said = storm(tmp_path, *SIZE, "--hosts", "4" if FULL else "1", DATABASE_URL=url)
    with capsys.disabled():
        sys.stdout.write(f"\n{said}")
    assert "hosts cut off" in said
