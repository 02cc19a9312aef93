"""Waits for what workers do in their own time: looks again and again, with a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def until(look: Callable[[], Found], seconds: float = 30) -> Found:
    """What `look` returns as soon as that is true; an AssertionError with the last answer after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"After {seconds} seconds it is still {found!r}.")
        time.sleep(0.1)


def until_equal(look: Callable[[], Found], expected: Found, seconds: float = 30) -> None:
    """Wait until `look` returns what is expected; the AssertionError says what it returned last."""
    deadline = time.monotonic() + seconds
    found = look()
    while found != expected and time.monotonic() < deadline:
        time.sleep(0.1)
        found = look()
    assert found == expected
