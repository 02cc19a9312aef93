"""Designs that a new email can start from: what the block editor would have saved, named by what they are for."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings


@dataclass(frozen=True)
class Starter:
    key: str
    label: str
    hint: str
    subject: str
    preheader: str
    design: dict[str, Any]


WORDS = {
    "newsletter": (
        "A newsletter",
        "A headline and two stories with a button each.",
        "What is new this month",
        "Two short stories.",
    ),
    "plain": ("A plain letter", "A few lines from one person to another.", "A word from us", ""),
    "welcome": (
        "A welcome",
        "Three first steps and one button.",
        "Welcome, {{ contact.first_name | default: 'good to see you' }}",
        "Three things to get you going.",
    ),
    "sale": ("An offer", "A code, an end date, and two places to go.", "20 % off everything", "Until Sunday night."),
    "order": (
        "A message about an order",
        "Thanks for an order and lists what is in it.",
        "Your order {{ event.number }}",
        "Thank you for your order.",
    ),
    "cart": (
        "An abandoned basket",
        "Shows what was left, from the event that began the scenario.",
        "Did you forget something?",
        "We have kept your basket.",
    ),
}


@cache
def starters() -> dict[str, Starter]:
    """Every starter by its key."""
    folder = Path(settings.BASE_DIR) / "templates" / "templates_app" / "starters"
    return {
        key: Starter(key, *words, design=json.loads((folder / f"{key}.json").read_text(encoding="utf-8")))
        for key, words in WORDS.items()
    }
