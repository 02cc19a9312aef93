"""Counts, among the contacts that a condition holds for, who can be written to on a channel, and where those live."""

from collections import Counter
from typing import Any

import phonenumbers
from django.conf import settings
from django.db import connection

from contacts.consent import (
    ADDRESSES,
    DENIED,
    NO_CONSENT,
    NO_TOPIC,
    SUPPRESSED,
    TOPIC_DENIED,
    suppression_joins,
)
from contacts.places import country_of_attribute, country_of_number
from contacts.segments.where import Where, fill, value

NO_ADDRESS = "no address"

# The reason why somebody is not written to: the first that holds, in the order in which the sender asks; else "".
_WITH_REASON = """
SELECT {columns}, CASE
    WHEN COALESCE(contacts_contact.{address}, '') = '' THEN '{no_address}'
    WHEN s.id IS NOT NULL OR d.id IS NOT NULL THEN '{suppressed}'
    WHEN {denied} THEN '{no_consent}'{no_topic}{besides}
    ELSE '' END AS reason
FROM contacts_contact
LEFT JOIN contacts_consent k ON k.contact_id = contacts_contact.id AND k.channel = '{channel}'
{suppressions}{topic}
"""
_OF_TOPIC = """
LEFT JOIN contacts_topic t ON t.key = %s
LEFT JOIN contacts_topicconsent tk
    ON tk.contact_id = contacts_contact.id AND tk.topic_id = t.id AND tk.channel = '{0}'
"""


# A further reason why somebody is not written to, asked last: whom it holds for, and what it is called.
Besides = tuple[Where, str] | None


def reasons(channel: str, who: Where, besides: Besides = None, topic: str = "") -> dict[str, int]:
    """How many contacts are not written to about a topic (its key), by reason; "" has those who are. One statement."""
    each = _each(channel, "1", who, besides, topic)
    return dict(_rows("SELECT reason, count(*) FROM ({0}) each GROUP BY reason", each))


def countries(channel: str, who: Where, besides: Besides = None, topic: str = "") -> dict[str, int]:
    """How many of those who can be written to are at home in which country ("" where unknown), as `places.country_of`
    says of each of them. One statement, and its answer has a row per country and beginning of phone numbers."""
    columns = (
        "CASE WHEN jsonb_typeof(attributes -> 'country') = 'string' AND length(attributes ->> 'country') = 2"
        " THEN upper(attributes ->> 'country') ELSE '' END AS written, COALESCE(phone, '') AS phone"
    )
    rows = _rows(
        f"SELECT written, min(phone), count(*) FROM ({{0}}) each WHERE reason = ''"  # noqa: S608 - our own words
        f" GROUP BY written, {_beginning()}, length(phone)",
        _each(channel, columns, who, besides, topic),
    )
    found: Counter[str] = Counter()
    for written, phone, n in rows:
        found[country_of_attribute(written) or country_of_number(phone)] += n
    return dict(found)


def zones(channel: str, who: Where) -> dict[str, int]:
    """How many of those who can be written to live in which time zone, the installation's where they have none of their
    own. One statement."""
    columns = (
        "COALESCE(NULLIF(timezone, ''), (SELECT NULLIF(timezone, '') FROM contacts_installation LIMIT 1), %s) AS zone"
    )
    each = _each(channel, columns, who)
    each = Where(each.sql, (settings.TIME_ZONE, *each.params))
    return dict(_rows("SELECT zone, count(*) FROM ({0}) each WHERE reason = '' GROUP BY zone", each))


def _each(channel: str, columns: str, who: Where, besides: Besides = None, topic: str = "") -> Where:
    more = Where("") if besides is None else fill("\n    WHEN {0} THEN {1}", besides[0], value(besides[1]))
    text = _WITH_REASON.format(
        columns=columns,
        address=ADDRESSES[channel],
        channel=channel,
        no_address=NO_ADDRESS,
        suppressed=SUPPRESSED,
        denied=DENIED,
        no_consent=NO_CONSENT,
        no_topic=f" WHEN {TOPIC_DENIED} THEN '{NO_TOPIC}'" if topic else "",
        besides=more.sql,
        suppressions=suppression_joins(channel, "contacts_contact"),
        topic=_OF_TOPIC.format(channel) if topic else "",
    )
    return Where(f"{text} WHERE {who.sql}", (*more.params, *([topic] if topic else []), *who.params))


def _beginning() -> str:
    """What of a number tells its country: the calling code, and where several countries share that one, as many digits
    after it as any of their areas takes: four in North America (code 1), six elsewhere."""
    shared = [str(code) for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items() if len(regions) > 1]
    wide = "|".join(sorted(code for code in shared if code != "1"))
    return (
        "CASE WHEN phone LIKE '+1%%' THEN left(phone, 6)"
        f" WHEN phone ~ '^[+]({wide})' THEN substring(phone from '^[+](?:{wide}).{{1,6}}') ELSE left(phone, 4) END"
    )


def _rows(statement: str, each: Where) -> list[Any]:
    query = fill(statement, each)
    with connection.cursor() as cursor:
        cursor.execute(query.sql, query.params)
        return cursor.fetchall()
