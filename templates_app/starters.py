"""Designs that a new email can start from: MJML files, named by what they are for."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings


@dataclass(frozen=True)
class Starter:
    key: str
    label: str
    hint: str
    subject: str
    preheader: str
    body: str


WORDS = {
    "plain": ("A plain letter", "A few lines from one person to another.", "A word from us", ""),
    "newsletter": (
        "A newsletter",
        "A headline and two stories with a button each.",
        "What is new this month",
        "Two short stories.",
    ),
    "order": (
        "A message about an order",
        "Says what happened to an order, with its facts in a table.",
        "Your order {{ event.number }}",
        "Thank you for your order.",
    ),
}


@cache
def starters() -> dict[str, Starter]:
    """Every starter by its key."""
    folder = Path(settings.BASE_DIR) / "templates" / "templates_app" / "starters"
    return {
        key: Starter(key, *words, body=(folder / f"{key}.mjml").read_text(encoding="utf-8"))
        for key, words in WORDS.items()
    }
