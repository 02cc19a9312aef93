"""Time zones by IANA name."""

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
