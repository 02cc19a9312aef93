"""Throws away what only piles up: old tasks, ended sessions and forgotten sign-in attempts."""

from datetime import datetime, timedelta

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django_q.models import OrmQ, Task

EVERY = timedelta(hours=1)
KEEP_TASKS = timedelta(days=7)
KEEP_QUEUED = timedelta(days=1)
KEEP_ATTEMPTS = timedelta(days=90)


def prune(now: datetime) -> bool:
    """Once an hour, whoever comes first; never more to do."""
    if not cache.add("upkeep:pruned", now.isoformat(), EVERY.total_seconds()):
        return False
    Task.objects.filter(stopped__lt=now - KEEP_TASKS).delete()
    # Its time to be taken has long passed, so nobody serves its queue.
    OrmQ.objects.filter(lock__lt=now - KEEP_QUEUED).delete()
    Session.objects.filter(expire_date__lt=now).delete()
    for log in (AccessAttempt, AccessFailureLog, AccessLog):
        log.objects.filter(attempt_time__lt=now - KEEP_ATTEMPTS).delete()
    return False
