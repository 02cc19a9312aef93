"""Reads rows that name contacts, and lets those stand in a campaign's list."""

from collections.abc import Sequence

from django.db import connection

from campaigns.models import AudienceFile, Campaign, Listed
from contacts.imports import csv_naming
from contacts.imports.csv_reading import Row

MOST_UNKNOWN = 1_000

_LIST = """
WITH found AS ({find}), new AS (
    INSERT INTO campaigns_listed (campaign_id, contact_id)
    SELECT DISTINCT %s::bigint, id FROM found WHERE id IS NOT NULL ORDER BY id ON CONFLICT DO NOTHING RETURNING 1
)
SELECT (SELECT count(*) FROM new), count(id), array_agg(place ORDER BY place) FILTER (WHERE id IS NULL) FROM found
"""


def add(read: AudienceFile, rows: Sequence[Row]) -> None:
    """Let whom these rows name stand in the list, and count them in `read`, which is for the caller to save. One
    statement."""
    named = csv_naming.read(rows, read.columns)
    query, keys = named.find()
    with connection.cursor() as cursor:
        cursor.execute(_LIST.format(find=query), [*keys, read.campaign_id])
        new, known, nobody = cursor.fetchone()
    named.leave_out([place - 1 for place in nobody or []])
    read.rows_read += len(rows)
    read.listed += new
    read.repeated += known - new
    read.unknown += len(named.left_out)
    read.unknown_rows += named.told(MOST_UNKNOWN - len(read.unknown_rows))


def listed(campaign: Campaign) -> int:
    """How many contacts stand in its list."""
    return Listed.objects.filter(campaign=campaign).count()
