"""Says which day a moment belongs to where people look at numbers day by day: the installation's day."""

from datetime import date, datetime

from contacts.models import Installation
from contacts.remembering import remembered
from contacts.zones import zone


def day_of(moment: datetime) -> date:
    """The date in the installation's zone. What was counted keeps its day when the zone is changed later."""
    return moment.astimezone(zone(zone_of_days())).date()


def zone_of_days() -> str:
    """The IANA name of the installation's zone, for days that PostgreSQL tells: `(at AT TIME ZONE %s)::date`."""
    return remembered("zone", lambda: Installation.current().zone_name)
