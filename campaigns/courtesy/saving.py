"""Keeps the courtesy rules."""

from typing import Any

from django.db import transaction

from campaigns.courtesy.rules import Errors, clean
from campaigns.models import Courtesy
from contacts.lanes import nudge


class Invalid(Exception):
    """`errors` has sentences by field, such as "caps.email.day"."""

    def __init__(self, errors: Errors) -> None:
        super().__init__(" ".join(sentence for found in errors.values() for sentence in found))
        self.errors = errors


@transaction.atomic
def keep(given: Any) -> Courtesy:
    """Replace all rules. Raises Invalid."""
    kept, errors = clean(given)
    if errors:
        raise Invalid(errors)
    row, _new = Courtesy.objects.select_for_update().get_or_create(pk=1)
    # What does not count any more must be forgotten, and what counts from now on remembered.
    if not kept["caps"] or _exempt(row.rules) != _exempt(kept):
        row.remembers = False
    row.rules = kept
    row.save()
    nudge("send")
    return row


def _exempt(rules: dict[str, Any]) -> set[str]:
    return set(rules.get("exempt") or ())
