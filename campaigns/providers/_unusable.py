"""A connection of an account whose secrets cannot be read: every message fails with the reason."""

from collections.abc import Sequence

from campaigns.providers.base import Outgoing, Result


class Unusable:
    def __init__(self, reason: str) -> None:
        self.reason = reason

    def send(self, batch: Sequence[Outgoing | None]) -> list[Result]:
        return [Result("failed", reason=self.reason, temporary=True, outage=True) for _outgoing in batch]
