"""Finds whatever makes a batch break, sets it aside, and lets the rest go on."""

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import InterfaceError, OperationalError, transaction

logger = logging.getLogger(__name__)

T = TypeVar("T")

# So many that break are looked for in a batch, at the cost of about log2(batch) tries for each. Where there are more,
# it is hardly the items that are at fault, and trying them one by one would keep everybody else waiting.
MOST = 50
LIMIT_EXCEEDED = "54"  # PostgreSQL's class of such errors


def isolating_apart(
    work: Callable[[Sequence[T]], None],
    everything: Sequence[T],
    parts: Sequence[Sequence[T]],
    fail: Callable[[T, Exception], None],
) -> None:
    """Run `work` on everything at once, or, where that breaks, on each of the parts that make it up by itself: what is
    broken in one part is no reason to leave others undone."""
    if len(parts) > 1 and _tried(work, everything) is None:
        return
    for part in parts:
        isolating(work, part, fail)


def isolating(work: Callable[[Sequence[T]], None], items: Sequence[T], fail: Callable[[T, Exception], None]) -> list[T]:
    """Run `work` on all items, each try in a savepoint; where it breaks, halve until the one that breaks it stands
    alone, and `fail` that one. Returns those that were not done because too many others had broken.

    A database that is gone or a deadlock is nobody's fault and goes on to the caller.
    """
    parts, broken, left = [items], 0, list[T]()
    while parts:
        part = parts.pop()
        error = _tried(work, part)
        if error is None:
            continue
        if len(part) == 1:
            logger.error("%s failed", part[0], exc_info=error)
            fail(part[0], error)
            broken += 1
        elif broken >= MOST:
            left += part
        else:
            middle = len(part) // 2
            parts += [part[middle:], part[:middle]]
    if left:
        logger.error("After %s that failed, %s more were left undone.", broken, len(left))
    return left


def _tried(work: Callable[[Sequence[T]], None], part: Sequence[T]) -> Exception | None:
    try:
        with transaction.atomic():
            work(part)
    except (OperationalError, InterfaceError) as error:
        # Too large or too complex for PostgreSQL is the item's fault, though it is called operational.
        if not (getattr(error.__cause__, "sqlstate", None) or "").startswith(LIMIT_EXCEEDED):
            raise
        return error
    except Exception as error:
        return error
    return None


def reason_of(error: Exception) -> str:
    """What went wrong, as it can be stored."""
    text = f"{type(error).__name__}: {error}".replace("\0", "")
    return text.encode(errors="replace").decode()[:2000]
