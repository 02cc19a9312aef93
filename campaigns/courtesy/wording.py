"""Puts the courtesy rules into sentences."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from campaigns.courtesy.rules import ALL, EVERY_DAY, SKIP, WEEKDAYS
from contacts.topics import name

_THINGS = {ALL: ("message", "messages"), "email": ("email", "emails"), "sms": ("SMS", "SMS")}
_WHO = {"email": "emailed", "sms": "sent an SMS"}


def sentences(kept: Mapping[str, Any]) -> list[str]:
    """What holds, one thing after the other."""
    return list(_sentences(kept))


def _sentences(kept: Mapping[str, Any]) -> Iterator[str]:
    caps, quiet = kept.get("caps") or {}, kept.get("quiet") or {}
    if caps:
        said = [_cap(which, caps[which]) for which in ("email", "sms", ALL) if which in caps]
        yield f"At most {_list(said)}, in any 24 hours and 7 days."
        yield (
            "What is more than that is not sent."
            if kept.get("when_capped") == SKIP
            else "What is more than that waits until there is room again."
        )
    yield from _all_quiet(quiet)
    if quiet:
        skips = kept.get("when_quiet") == SKIP
        yield f"What is due then {'is not sent' if skips else 'goes when they end'}."
    if kept.get("late_hours"):
        yield f"Nothing is sent more than {_hours(kept['late_hours'])} later than planned."
    if not (caps or quiet or kept.get("late_hours")):
        yield "Nothing is held back: everybody gets every message when it is due."
    elif kept.get("exempt"):
        yield f"Messages about {_list([f'“{name(key)}”' for key in kept['exempt']])} always go, and do not count."


def _cap(which: str, spans: Mapping[str, int]) -> str:
    """ "2 emails a day and 5 a week" """
    one, many = _THINGS[which]
    said = [f"{n} {span}" for span, n in (("a day", spans.get("day")), ("a week", spans.get("week"))) if n]
    first = said[0].split(" ", 1)
    thing = one if first[0] == "1" else many
    whole = " and ".join([f"{first[0]} {thing} {first[1]}", *said[1:]])
    return f"{whole} over all channels" if which == ALL else whole


def _all_quiet(quiet: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    given = [(channel, quiet[channel]) for channel in _WHO if channel in quiet]
    same = len(given) == len(_WHO) and all(hours == given[0][1] for _channel, hours in given)
    for channel, hours in given[:1] if same else given:
        yield f"Nobody is {'written to' if same else _WHO[channel]} {_list(_hours_of(hours))}, in their own time."


def _hours_of(hours: Mapping[str, Any]) -> list[str]:
    said = []
    if hours.get("begins"):
        days = hours.get("days", EVERY_DAY)
        on = "" if len(days) == len(EVERY_DAY) else f" on {_list([WEEKDAYS[day - 1] + 's' for day in days])}"
        said.append(f"between {hours['begins']} and {hours['ends']}{on}")
    if whole := hours.get("whole_days"):
        said.append(f"all day on {_list([WEEKDAYS[day - 1] + 's' for day in whole])}")
    return said


def _hours(hours: int) -> str:
    number, unit = (hours // 24, "day") if hours % 24 == 0 else (hours, "hour")
    return f"{number:,} {unit}{'' if number == 1 else 's'}"


def _list(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
