"""Until when a worker has the messages of a claim in hand, and whether it has begun to hand them over."""

from django.db import models


class Lease(models.Model):
    """One row per claim, from the claim until it is recorded what came of it, or until the worker is given up.

    The table is unlogged: to mark that a hand-over begins costs no wait for the disk, and if the database server
    crashes it is empty afterwards. So a claim without a row counts as begun.
    """

    owner = models.UUIDField(primary_key=True)
    until = models.DateTimeField()
    begun = models.BooleanField(db_default=False)

    def __str__(self) -> str:
        return f"{self.owner} until {self.until}"
