"""Lets a process follow its parent into death, where the system can (Linux), so that no SIGKILL leaves an orphan."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def follow(parent: int, number: int = signal.SIGKILL) -> None:
    """Have the kernel send this process signal `number` as soon as `parent`, who started it, ends."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != parent:  # it ended before we could ask
        os.kill(os.getpid(), number)


def forks_follow(number: int = signal.SIGKILL) -> None:
    """The same for everything that this process and its children will fork."""
    parents: list[int] = []
    os.register_at_fork(
        before=lambda: parents.append(os.getpid()),
        after_in_parent=parents.clear,
        after_in_child=lambda: follow(parents[-1], number),
    )
