"""Whom and what the naive evaluator of rule trees asks about: plain values, no database."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo


@dataclass
class Person:
    """A contact with everything that rules may ask about; `events` are (name, properties, at).

    `messages` are (origin's key, channel, state, {what happened: when}), `passes` (scenario, state, entered, finished).
    """

    fields: dict[str, Any]
    attributes: dict[str, Any]
    tags: set[str] = field(default_factory=set)
    consent: dict[str, str] = field(default_factory=dict)
    topics: dict[str, dict[str, str]] = field(default_factory=dict)
    events: list[tuple[str, dict[str, Any], datetime]] = field(default_factory=list)
    messages: list[tuple[str, str, str, dict[str, datetime]]] = field(default_factory=list)
    passes: list[tuple[int, str, datetime, datetime | None]] = field(default_factory=list)


@dataclass
class World:
    """What holds for everybody: the moment, the installation's zone, the segments' rules by id."""

    now: datetime
    zone: ZoneInfo
    segments: dict[int, Any] = field(default_factory=dict)
