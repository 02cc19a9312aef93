"""Whose something is that one keeps for oneself, or shares with everybody."""

from typing import Any, Self

from django.db import models


class Shareable(models.QuerySet):
    """Of a model with an `owner`, and `shared`: whether everybody sees it."""

    def visible(self, user: Any) -> Self:
        """One's own, and what others share."""
        return self.filter(models.Q(owner=user.pk) | models.Q(shared=True)).select_related("owner")

    def changeable(self, user: Any) -> Self:
        """One's own; those who may do everything also change what others share."""
        mine = models.Q(owner=user.pk)
        return self.filter(mine | models.Q(shared=True) if user.is_superuser else mine)

    def opened(self, user: Any, pk: str) -> Any:
        """The one that an address says is open, or None."""
        return self.visible(user).filter(pk=pk).first() if pk.isdecimal() and len(pk) < 19 else None
