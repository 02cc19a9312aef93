"""Drives the engine by hand, as the lanes' clock would."""

from datetime import datetime

from flows import engine, entering, listening, starting


def until_still(now: datetime) -> None:
    """Work everything that is due at `now`."""
    while any([listening.listen(now), entering.plan(now), entering.admit(now), engine.advance(now)]):
        pass
    starting.complete(now)
