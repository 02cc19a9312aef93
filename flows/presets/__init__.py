"""Prebuilt scenarios, one JSON file each: {"name", "description", "icon", "order", "objective", "graph"}."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Preset:
    """A scenario ready to be opened on the canvas; `key` is the file's name."""

    key: str
    name: str
    description: str
    icon: str
    graph: dict[str, Any]
    objective: dict[str, Any]
    order: int = 0


@cache
def listed() -> tuple[Preset, ...]:
    """All presets, in the order in which they are offered."""
    found = [_read(path) for path in Path(__file__).parent.glob("*.json")]
    return tuple(sorted(found, key=lambda preset: (preset.order, preset.name)))


def by_key(key: str) -> Preset | None:
    return next((preset for preset in listed() if preset.key == key), None)


def _read(path: Path) -> Preset:
    return Preset(key=path.stem, **json.loads(path.read_text(encoding="utf-8")))
