"""Tells a moment as the clocks of a zone do, for those who read of it there."""

import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from contacts import zones
from contacts.attributes.defining import house_zone
from contacts.segments import values

KNOWN_FOR = 60  # seconds for which the installation's zone is not asked for again


def in_zone(value: Any, zone: Any = "") -> Any:
    """A moment in ISO 8601 with the offset that it has in a zone: an IANA name, the installation's where there is none.

    What is no moment stays as it is, so that a template prints what there is.
    """
    moment = values.moment(value)
    if not isinstance(moment, datetime):
        return value
    name = zone if isinstance(zone, str) and zone in zones.names() else _house_zone(int(time.monotonic() / KNOWN_FOR))
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(ZoneInfo(name)).isoformat()
    except OverflowError:
        return value


@lru_cache(maxsize=1)
def _house_zone(period: int) -> str:
    return house_zone()
