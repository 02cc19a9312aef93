"""Finds what a rule may name by a piece of its name: campaigns, scenarios, segments."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

MOST = 20


@dataclass(frozen=True)
class Choice:
    """What is chosen by its text and kept by its id."""

    id: int
    text: str


@dataclass(frozen=True)
class Code:
    """What is kept as a code and understood by its label."""

    value: str
    label: str


Option = str | Choice | Code


def named(rows: QuerySet[Any], words: str) -> list[Choice]:
    """The first few whose name contains `words`; where several have the same name their number tells them apart."""
    found = list(rows.filter(name__icontains=words).values_list("pk", "name")[:MOST])
    times = Counter(name for _, name in found)
    return [Choice(pk, name if times[name] == 1 else f"{name} ({pk})") for pk, name in found]
