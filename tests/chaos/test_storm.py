"""Thousands of contacts walk through random scenarios while everything around them breaks, and nobody is lost."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FULL = os.environ.get("WAYPOST_CHAOS") == "full"
SIZE = [] if FULL else ["--contacts", "900", "--scenarios", "2", "--days", "8", "--trouble", "4"]
SECONDS = 1_500 if FULL else 240


@pytest.mark.chaos
def test_contacts_go_the_reference_interpreters_way_through_crashes_of_everything(
    tmp_path: Path, capsys: pytest.CaptureFixture
):
    # A process of its own, with a database server of its own, because that is killed too.
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "WAYPOST_VAR")}
    command = [sys.executable, "-m", "tests.chaos.storm", str(tmp_path), "--seconds", str(SECONDS), *SIZE]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS + 120)
    with capsys.disabled():
        sys.stdout.write(f"\n{done.stdout}")
    assert done.returncode == 0, done.stdout + done.stderr[-5_000:]
