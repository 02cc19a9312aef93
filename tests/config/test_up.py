"""`manage.py up` starts everything, replaces what dies or hangs, keeps data and leaves no orphan."""

import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.config.running import Up, eventually, lives, manage

pytestmark = pytest.mark.xdist_group("up")


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("installation") / "var"


@pytest.fixture(scope="module")
def first(var: Path) -> Iterator[Up]:
    up = Up(var)
    try:
        up.wait_until_ready()
        yield up
    finally:
        up.clean()


def test_the_first_start_makes_an_admin_and_is_ready(first: Up) -> None:
    password = re.search(r"Sign in as admin with the password (\S+)", first.output).group(1)
    kept = first.var / "admin_password"
    assert kept.read_text().strip() == password
    assert kept.stat().st_mode & 0o077 == 0
    status, page = first.get("/login/")
    assert status == 200
    assert "Sign in" in page


def test_machines_can_ask_for_its_health(first: Up) -> None:
    assert first.get("/healthz")[0] == 200
    status, text = first.get("/metrics")
    assert status == 200
    assert 'waypost_queue_depth{lane="advance"} 0' in text
    assert first.silence("send") < 8


def test_every_lane_has_a_cluster_of_its_own(first: Up) -> None:
    heads = [first.lane(name)[0] for name in ("advance", "send", "segments", "upkeep")]
    assert {head.ppid() for head in heads} == {first.process.pid}
    assert [head.environ()["Q_CLUSTER_NAME"] for head in heads] == ["advance", "send", "segments", "upkeep"]


@pytest.mark.parametrize("which", [0, 1])
def test_a_killed_worker_is_replaced_within_fifteen_seconds(first: Up, which: int) -> None:
    # One of the two holds the lock of the lane's inner queue while it waits. Killing that one hangs the cluster.
    worker = first.workers("advance")[which]
    killed_at = time.time()
    worker.kill()
    assert eventually(lambda: not lives(worker) and len(first.lane("advance")) == 6, seconds=15)
    assert eventually(lambda: first.lives_on("advance", killed_at), seconds=15)


def test_a_hung_cluster_is_replaced_within_fifteen_seconds(first: Up) -> None:
    hung = first.lane("send")
    for member in hung:
        member.suspend()
    replaced = eventually(lambda: {p.pid for p in first.lane("send")}.isdisjoint({p.pid for p in hung}), seconds=15)
    assert replaced
    assert eventually(lambda: len(first.lane("send")) == len(hung) and first.silence("send") < 1, seconds=15)
    assert not [process for process in hung if process in first.left_over()]


def test_a_killed_web_server_is_replaced(first: Up) -> None:
    head = first.web()[0]
    head.kill()
    assert eventually(lambda: not lives(head), seconds=5)
    # The socket stays open meanwhile: requests wait for the new server. Only one that an orphan of the old server had
    # just taken is cut off with it.
    assert eventually(lambda: bool(first.web()) and answers(first), seconds=10)


def answers(up: Up) -> bool:
    try:
        return up.get("/login/")[0] == 200
    except ConnectionError:
        return False


def test_a_killed_database_is_started_again(first: Up) -> None:
    postmaster = psutil.Process(int((first.var / "postgres" / "postmaster.pid").read_text().split()[0]))
    killed_at = time.time()
    postmaster.kill()
    assert eventually(lambda: first.get("/healthz")[0] == 200 and not lives(postmaster), seconds=15)
    assert eventually(lambda: first.lives_on("advance", killed_at), seconds=15)


def test_a_second_one_is_refused_the_port_with_a_clear_sentence(first: Up) -> None:
    result = manage("up", var=first.var, PORT=str(first.port))
    assert result.returncode == 1
    assert f"cannot listen at 127.0.0.1:{first.port}" in result.stderr
    assert "Traceback" not in result.stderr


def test_sigterm_stops_it_within_five_seconds_and_a_second_run_keeps_everything(first: Up) -> None:
    made = manage("apikey", "Shop", "--scope", "providers:read", var=first.var)
    key = made.stdout.strip()
    assert key.startswith("wp_"), made.stderr
    assert first.stop() < 5
    assert first.process.returncode == 0
    assert first.left_over() == []
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", first.port), timeout=1)

    second = Up(first.var)
    try:
        second.wait_until_ready()
        assert "password" not in second.output
        assert second.get("/api/v1/providers/", Authorization=f"Bearer {key}")[0] == 200
        second.look_around()
        second.process.send_signal(signal.SIGKILL)
        second.process.wait()
        # Nobody is left to clean up, so the kernel does.
        assert eventually(lambda: second.left_over() == [], seconds=10), second.left_over()
    finally:
        second.clean()
