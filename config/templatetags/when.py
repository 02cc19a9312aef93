"""Moments as people say them: near ones as a distance, far ones as a date, always in the reader's zone."""

from datetime import datetime, timedelta

from django import template
from django.utils import timezone

register = template.Library()

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@register.filter
def when(at: datetime | None) -> str:
    """“5 minutes ago”, “in 3 hours”, or “12 Nov 2026, 14:05” for what is more than two days away."""
    return readable(at, timezone.now()) if at else "–"


@register.filter
def exactly(at: datetime) -> str:
    """“Thu 12 Nov 2026, 14:05:09 CET”."""
    local = timezone.localtime(at)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M:%S} {local.tzname()}"


@register.filter
def when_in_full(at: datetime | None) -> str:
    """“Thursday 12 November 2026, 14:05:09 CET”."""
    if not at:
        return ""
    local = timezone.localtime(at)
    return f"{local:%A} {local.day} {local:%B %Y, %H:%M:%S} {local.tzname()}"


def readable(at: datetime, now: datetime) -> str:
    distance = abs(now - at)
    if distance < MINUTE:
        return "just now" if at <= now else "in a moment"
    if distance < 2 * DAY:
        if distance < HOUR:
            n, unit = distance // MINUTE, "minute"
        elif distance < DAY:
            n, unit = distance // HOUR, "hour"
        else:
            n, unit = 1, "day"
        words = f"{n} {unit}{'' if n == 1 else 's'}"
        return f"{words} ago" if at <= now else f"in {words}"
    local = timezone.localtime(at)
    if local.year == timezone.localtime(now).year:
        return f"{local.day} {local:%b, %H:%M}"
    return f"{local.day} {local:%b %Y, %H:%M}"
