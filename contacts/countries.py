"""The countries of the world by their two letters (ISO 3166), with their English names."""

from functools import cache
from importlib import resources


@cache
def names() -> dict[str, str]:
    """{"FR": "France", …} in the order of the names, from the table that comes with the time zones."""
    table = (resources.files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines() if line and not line.startswith("#")]
    return dict(sorted(((code, name) for code, name in rows), key=lambda row: row[1]))
