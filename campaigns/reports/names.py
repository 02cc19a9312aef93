"""Names what reports group by: days, campaigns, templates, countries…; and lists what can be chosen among."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from django.conf.locale import LANG_INFO
from django.db import connection

from campaigns.models import Provider
from campaigns.origins import Named, Place
from campaigns.reports.query import ORIGINS, TIMES
from campaigns.tracking.devices import DEVICES
from contacts.models import Segment
from contacts.models.consent import Channel
from contacts.places import country_name
from templates_app.models import Template

# What is said where messages have no such thing.
NONE = {
    "campaign": "No campaign",
    "scenario": "No scenario",
    "node": "No node",
    "variant": "Not tested",
    "segment": "No segment",
    "template": "No template: written there",
    "provider": "Not handed to a provider",
    "country": "Not known",
    "language": "Not known",
    "device": "Not known",
}


def belongings(group: str, place: Place) -> list[str]:
    """The keys under which an origin counts in a grouping: one, or several segments; "" for none."""
    if group == "segment":
        return [str(pk) for pk in place.segments] or [""]
    named: Named | None = getattr(place, group)
    return [named.key if named else ""]


def names(group: str, places: Iterable[Place]) -> dict[str, Named]:
    """What the keys of a grouping are called; keys that are missing are called by themselves (see `name`)."""
    if group == "segment":
        return _by_key(Segment.objects.values_list("pk", "name"))
    if group in ORIGINS:
        found = (getattr(place, group) for place in places)
        known = {named.key: named for named in found if named}
        # A node or a variant says nothing without what it is in.
        if group in ("node", "variant"):
            wholes = {getattr(place, group).key: place for place in places if getattr(place, group)}
            known = {
                key: Named(key, f"{_whole(wholes[key])}: {named.label}", named.url) for key, named in known.items()
            }
        return known
    if group == "template":
        return _by_key(Template.objects.values_list("pk", "name"))
    if group == "provider":
        return _by_key(Provider.objects.values_list("pk", "name"))
    if group == "channel":
        return _by_key(Channel.choices)
    return _by_key(DEVICES.items()) if group == "device" else {}


def _whole(place: Place) -> str:
    whole = place.scenario or place.campaign
    return whole.label if whole else ""


def _by_key(rows: Iterable[tuple[object, str]]) -> dict[str, Named]:
    return {str(key): Named(str(key), label) for key, label in rows}


def name(group: str, key: str, known: Mapping[str, Named]) -> Named:
    if group in TIMES:
        return Named(key, day_label(group, date.fromisoformat(key)))
    if key in known:
        return known[key]
    if not key:
        return Named("", NONE.get(group, "–"))
    if group == "country":
        return Named(key, country_name(key))
    if group == "language":
        return Named(key, LANG_INFO.get(key.lower(), {}).get("name", key))
    return Named(key, f"{group.capitalize()} {key}, deleted" if group in ("segment", "template", "provider") else key)


def day_label(group: str, day: date) -> str:
    if group == "month":
        return f"{day:%B %Y}"
    if group == "week":
        last = day + timedelta(days=6)
        first = f"{day.day}" if day.month == last.month else f"{day.day} {day:%b}"
        return f"{first} – {last.day} {last:%b %Y}"
    return f"{day:%a} {day.day} {day:%b %Y}"


def choices(group: str, places: Iterable[Place]) -> list[tuple[str, str]]:
    """(key, label) of everything that a report can be narrowed down to, by label."""
    if group in ("country", "language"):
        known = {key: name(group, key, {}) for key in _seen(group) if key}
    else:
        known = names(group, list(places))
    if group == "segment":
        meant = {str(pk) for place in places for pk in place.segments}
        known = {key: name("segment", key, known) for key in meant}
    return sorted(((key, named.label) for key, named in known.items()), key=lambda choice: choice[1].lower())


def _seen(column: str) -> list[str]:
    """The values that counts have: from each one to the next along an index, whatever the number of rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH RECURSIVE seen (value) AS (
                (SELECT {column} FROM campaigns_homeday ORDER BY 1 LIMIT 1)
                UNION ALL
                SELECT (SELECT {column} FROM campaigns_homeday h WHERE h.{column} > seen.value ORDER BY 1 LIMIT 1)
                FROM seen WHERE seen.value IS NOT NULL
            )
            SELECT value FROM seen WHERE value IS NOT NULL
            UNION SELECT {column} FROM campaigns_daycount WHERE loose"""  # noqa: S608 - one of two names of ours
        )
        return [value for (value,) in cursor.fetchall()]
