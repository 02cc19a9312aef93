"""Has numbers counted again that a large change has made old: contacts by attribute, and the sizes of segments."""

from collections.abc import Collection
from datetime import datetime

from contacts.lanes import nudge
from contacts.models import Attribute, Segment


def after_change(now: datetime, names: Collection[str] | None = None) -> None:
    """Many contacts were changed until now: in these attributes, or in all of them. Counting is done by the upkeep,
    slice by slice (see `attributes.sweeping` and `segments.sizing`)."""
    touched = Attribute.objects.all() if names is None else Attribute.objects.filter(name__in=names)
    touched.update(changed_at=now)
    Segment.objects.filter(counted_at__isnull=False).update(counted_at=None)
    nudge("upkeep")
