"""Processes that start at once agree on one secret key."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from config import secret_key


def test_everybody_reads_the_same_whole_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: secret_key.kept_in(tmp_path / "secret_key"), range(64)))
    assert len(keys) == 1
    assert len(keys.pop()) > 50
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    secret_key.kept_in(tmp_path / "secret_key")
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0
