"""Time zones by IANA name."""

from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError


@cache
def names() -> frozenset[str]:
    return frozenset(name for name in available_timezones() if name != "localtime" and not name.startswith("posix"))


def validate_zone(name: str) -> None:
    if name not in names():
        raise ValidationError(f"“{name}” is not a time zone. Use an IANA name such as Europe/Paris.")


@cache
def zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def resolve(local: datetime, name: str) -> datetime:
    """The moment at which clocks in a zone (an IANA name) show the naive time `local`.

    PEP 495 gives both rules at once: with fold=0 a skipped time is read with the offset before the gap, which lands it
    as far behind the gap as it stood inside, and a repeated one means its first occurrence.
    """
    return local.replace(tzinfo=zone(name), fold=0).astimezone(UTC)
