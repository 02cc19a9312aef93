"""Remembers for the length of one activity what it would otherwise ask or work out again for every node or rule."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

Found = TypeVar("Found")
_known: ContextVar[dict[Hashable, Any] | None] = ContextVar("known", default=None)


@contextmanager
def remembering() -> Iterator[None]:
    """Inside, `remembered` works each thing out once. Nothing that is remembered may change meanwhile; what is
    remembered ends with the outermost block."""
    if _known.get() is not None:
        yield
        return
    token = _known.set({})
    try:
        yield
    finally:
        _known.reset(token)


def remembered(key: Hashable, find: Callable[[], Found]) -> Found:
    """What `find` says, asked once per `key` within `remembering`, and every time outside of it."""
    known = _known.get()
    if known is None:
        return find()
    if key not in known:
        known[key] = find()
    return known[key]
