"""Lists time zones by region for contacts to choose from, called as in the language that is spoken just now."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib.resources import files

from babel.dates import get_timezone_location
from django.utils.translation import get_language, gettext, gettext_noop

from contacts import zones

REGIONS = {
    "Africa": gettext_noop("Africa"),
    "America": gettext_noop("America"),
    "Antarctica": gettext_noop("Antarctica"),
    "Arctic": gettext_noop("Arctic"),
    "Asia": gettext_noop("Asia"),
    "Atlantic": gettext_noop("Atlantic Ocean"),
    "Australia": gettext_noop("Australia"),
    "Europe": gettext_noop("Europe"),
    "Indian": gettext_noop("Indian Ocean"),
    "Pacific": gettext_noop("Pacific Ocean"),
}
Named = tuple[str, str]  # (IANA name, what people call it)


@dataclass(frozen=True)
class Region:
    label: str
    zones: list[Named]


def offered(now: datetime, also: str = "") -> list[Region]:
    """All zones in which somebody lives, without the many older names of theirs; `also` is what a contact has already.
    Each tells how far it is from UTC at this moment."""
    language = get_language() or "en"
    regions = [Region(label, _with_distance(named, now)) for label, named in _by_region(language)]
    if also and also in zones.names() and also not in canonical():
        regions.insert(0, Region("", _with_distance(((also, city(also)),), now)))
    return regions


@lru_cache(maxsize=1)
def canonical() -> frozenset[str]:
    lines = (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8").splitlines()
    return zones.names() & {line.split("\t")[2] for line in lines if line and not line.startswith("#")}


def city(name: str) -> str:
    """What the zone's city is called; "UTC" for "UTC"."""
    found = get_timezone_location(name, locale=get_language() or "en", return_city=True)
    return found.rpartition("/")[2].replace("_", " ")


def distance(name: str, now: datetime) -> str:
    """ "UTC+5:30" """
    minutes = round((now.astimezone(zones.zone(name)).utcoffset()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'−' if minutes < 0 else '+'}{hours}{f':{rest:02}' if rest else ''}"


def _with_distance(named: tuple[Named, ...], now: datetime) -> list[Named]:
    return [(name, f"{label} ({distance(name, now)})") for name, label in named]


@lru_cache(maxsize=32)
def _by_region(language: str) -> list[tuple[str, tuple[Named, ...]]]:
    """Under `language`, which is the one that is spoken."""
    found: dict[str, list[Named]] = {region: [] for region in REGIONS}
    for name in canonical():
        found[name.partition("/")[0]].append((name, city(name)))
    regions = [
        (gettext(REGIONS[region]), tuple(sorted(named, key=lambda each: _plain(each[1]))))
        for region, named in found.items()
    ]
    return sorted(regions, key=lambda each: _plain(each[0]))


def _plain(text: str) -> str:
    """As people sort: an É stands among the E."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
