"""Rule trees over contacts and events: checked, said in words, compiled to one SQL expression, and asked.

A tree is `{"all": […]}`, `{"any": […]}` or `{"not": …}` around rules such as `{"rule": "tag", "name": "vip"}`. None,
`{}` and `{"all": []}` match everybody. Dates count from the `now` that is passed in. See `where.Scope` for what a tree
may ask where.
"""

from contacts.segments.compiler import problems, used_segments, where
from contacts.segments.explain import sentence
from contacts.segments.matching import audience, count, count_and_some, matching, matching_events
from contacts.segments.where import InvalidRule, Scope, Where

__all__ = [
    "InvalidRule",
    "Scope",
    "Where",
    "audience",
    "count",
    "count_and_some",
    "matching",
    "matching_events",
    "problems",
    "sentence",
    "used_segments",
    "where",
]
