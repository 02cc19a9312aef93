"""Keeps what people write into a campaign while it is a draft, and says field by field what cannot be kept."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from campaigns.models import Campaign

# What may be given: the names are those of the model's fields; `provider` is an id or None.
FIELDS = ("name", "channel", "audience", "variants", "test", "schedule", "topic", "provider")


class Invalid(Exception):
    """`errors` has sentences by field, as in {"name": ["…"], "variants.a.subject": ["…"]} (see Problem.field)."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(" ".join(sentence for found in errors.values() for sentence in found))
        self.errors = errors


def create(given: Mapping[str, Any], user: Any, now: datetime, kind: str = "mailing") -> Campaign:
    """A new draft. What is not given is empty. Raises Invalid."""
    raise NotImplementedError


def change(campaign: Campaign, given: Mapping[str, Any]) -> None:
    """Change what is given of a draft; what is unfinished may be kept (see campaign_checks), what makes no sense not.

    Raises Invalid, or WrongState where it is no draft (its name may always be changed)."""
    raise NotImplementedError


def delete(campaign: Campaign) -> None:
    """Remove a draft. Raises WrongState."""
    raise NotImplementedError
