"""Decides whether a message goes now, later or not at all: by lateness, quiet hours and caps; asks no database.

A window of a cap is the last 24 hours or 7 days, so that no stretch of that length, wherever it begins, has more than
is allowed. Messages about exempt topics are neither held back nor counted.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from campaigns.skip_reasons import CAPPED, QUIET_HOURS, TOO_LATE
from contacts.zones import resolve, zone

DAY, WEEK = timedelta(days=1), timedelta(days=7)
MIDNIGHT = time()
# Quiet stretches that touch each other are one; more than these would be for ever.
MOST_STRETCHES = 30


@dataclass(frozen=True)
class Cap:
    """At most so many messages in any `span`: of a channel, or "" of all channels together."""

    channel: str
    most: int
    span: timedelta


@dataclass(frozen=True)
class Quiet:
    """Hours from `begins` to `ends` on clocks where the contact lives, over midnight where they end no later than they
    begin; on `days` (ISO weekdays, of the beginning). Besides, all of `whole_days`."""

    begins: time | None = None
    ends: time | None = None
    days: frozenset[int] = frozenset(range(1, 8))
    whole_days: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Rules:
    caps: tuple[Cap, ...] = ()
    quiet: Mapping[str, Quiet] = field(default_factory=dict)  # by channel
    exempt: frozenset[str] = frozenset()  # topics, as `topic_key` has them
    late: timedelta | None = None
    skips_capped: bool = False  # else it goes when the cap allows it
    skips_quiet: bool = False  # else it goes when they end


@dataclass(frozen=True, slots=True)
class Asked:
    """A message that is due. `late` is how late it may be by its own setting, instead of the rules'."""

    channel: str
    planned_at: datetime
    topic: str = ""
    zone: str = "UTC"
    late: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Goes now without a `reason`; otherwise goes at `at`, or not at all."""

    reason: str = ""
    at: datetime | None = None


Sent = tuple[datetime, str]  # when, on which channel
SEND = Decision()


def topic_key(topic: str) -> str:
    """Topics are the same whatever their case and spaces."""
    return " ".join(topic.split()).casefold()


def is_exempt(topic: str, rules: Rules) -> bool:
    return bool(topic) and topic_key(topic) in rules.exempt


def decide(asked: Asked, sent: Sequence[Sent], rules: Rules, now: datetime) -> Decision:
    """`sent` is what counts of the contact's messages of the last seven days.

    What would be put off until it is too late is not sent at all, for the reason that it would wait for.
    """
    exempt = is_exempt(asked.topic, rules)
    late = asked.late or (None if exempt else rules.late)
    if late is not None and now - asked.planned_at > late:
        return Decision(TOO_LATE)
    if exempt:
        return SEND
    quiet = rules.quiet.get(asked.channel)
    if quiet and quiet_until(now, asked.zone, quiet):
        reason, skips = QUIET_HOURS, rules.skips_quiet
    elif free_at(now, asked.channel, sent, rules.caps) > now:
        reason, skips = CAPPED, rules.skips_capped
    else:
        return SEND
    if skips:
        return Decision(reason)
    at = _next_place(now, asked, sent, rules)
    return Decision(reason) if late is not None and at - asked.planned_at > late else Decision(reason, at)


def _next_place(now: datetime, asked: Asked, sent: Sequence[Sent], rules: Rules) -> datetime:
    """The first moment that is neither in quiet hours nor beyond a cap, as far as can be told now."""
    quiet, at = rules.quiet.get(asked.channel), now
    while True:
        later = (quiet and quiet_until(at, asked.zone, quiet)) or at
        if not rules.skips_capped:
            later = free_at(later, asked.channel, sent, rules.caps)
        if later == at:
            return at
        at = later


def free_at(moment: datetime, channel: str, sent: Sequence[Sent], caps: Sequence[Cap]) -> datetime:
    """The first moment from this one on at which all caps leave room for one more on the channel."""
    asked = [cap for cap in caps if cap.channel in ("", channel)]
    while True:
        at = max((_free_by(cap, moment, sent) for cap in asked), default=moment)
        if at == moment:
            return moment
        moment = at


def _free_by(cap: Cap, moment: datetime, sent: Sequence[Sent]) -> datetime:
    since = moment - cap.span
    counted = sorted(at for at, channel in sent if at > since and cap.channel in ("", channel))
    return counted[-cap.most] + cap.span if len(counted) >= cap.most else moment


@lru_cache(maxsize=4096)
def quiet_until(moment: datetime, zone_name: str, quiet: Quiet) -> datetime | None:
    """When the quiet hours end that this moment is in, in UTC; None where it is in none."""
    end = moment
    for _ in range(MOST_STRETCHES):
        over = max((over for begins, over in _stretches(end, zone_name, quiet) if begins <= end < over), default=None)
        if over is None:
            break
        end = over
    return end if end > moment else None


def _stretches(moment: datetime, zone_name: str, quiet: Quiet) -> Iterator[tuple[datetime, datetime]]:
    """Those that might hold it. Where clocks are put back at midnight, the next day has begun before one is over."""
    today = moment.astimezone(zone(zone_name)).date()
    for day in (today - DAY, today, today + DAY):
        if day.isoweekday() in quiet.whole_days:
            yield _at(day, MIDNIGHT, zone_name), _at(day + DAY, MIDNIGHT, zone_name)
        if quiet.begins is not None and quiet.ends is not None and day.isoweekday() in quiet.days:
            last = day if quiet.ends > quiet.begins else day + DAY
            yield _at(day, quiet.begins, zone_name), _at(last, quiet.ends, zone_name)


def _at(day: date, clock: time, zone_name: str) -> datetime:
    return resolve(datetime.combine(day, clock), zone_name)
