"""Deletes segments that nothing uses."""

from django.db import transaction

from contacts.models import Segment
from contacts.segments.saving import alone
from contacts.segments.using import Use, uses


class InUse(Exception):
    """The segment is used; `uses` says where."""

    def __init__(self, found: list[Use]) -> None:
        super().__init__(sentence(found))
        self.uses = found


def sentence(found: list[Use]) -> str:
    named = ", ".join(f"{use.what.lower()} “{use.name}”" for use in found[:5])
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return f"This segment is used by {named}{more}, so it cannot be deleted."


@transaction.atomic
def delete(segment: Segment) -> None:
    """Raises InUse."""
    alone()
    list(Segment.objects.select_for_update().filter(pk=segment.pk))
    found = uses(segment.pk)
    if found:
        raise InUse(found)
    segment.delete()
