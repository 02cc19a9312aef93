"""Tells who is in a segment from its members, where those are known to be what its rule would say now."""

from contacts.models import Contact, Membership, Segment, SegmentRefresh
from contacts.segments import following, watching


def is_known(segment: Segment) -> bool:
    """Whether the members are exact: put in by hand, or worked out by this very rule, moved by events only, and all
    events were read."""
    if segment.is_static:
        return True
    watched = watching.segments().get(segment.pk)
    if watched is None or watched.rule != segment.rule:
        return False
    filled = SegmentRefresh.objects.filter(pk=segment.pk, follows=watched.follows, refreshed_at__isnull=False)
    return filled.exists() and not watched.drifts and not following.is_behind()


def count(segment: Segment) -> int:
    return Membership.objects.filter(segment_id=segment.pk).count()


def some(segment: Segment, most: int) -> list[Contact]:
    ids = Membership.objects.filter(segment_id=segment.pk).values("contact_id")[:most]
    return list(Contact.objects.filter(pk__in=ids))
