"""Tells which segments ask about attributes."""

from collections.abc import Sequence

from django.urls import reverse

from contacts.attributes.using import IN_RULE, Uses, asked
from contacts.segments.using import Use

_SEGMENTS = f"""
    SELECT n.name, s.id, s.name FROM unnest(%(names)s::text[]) AS n (name), contacts_segment s
    WHERE {IN_RULE.format(column="s.rule")} ORDER BY s.name
"""  # noqa: S608


def uses(names: Sequence[str]) -> Uses:
    return asked(_SEGMENTS, names, lambda pk, name: Use("Segment", name, reverse("segment_page", args=[pk])))
