"""Finds out where a segment is used: here, and in every app that has a `segment_uses` module.

Such a module has one function `uses(segment_id) -> list[Use]`.
"""

from dataclasses import dataclass
from importlib import import_module

from django.apps import apps
from django.db.models.expressions import RawSQL
from django.db.models.fields import BooleanField
from django.urls import reverse
from django.utils.module_loading import module_has_submodule

from contacts.models import Segment

# Asks a JSON column whether a rule in it, at whatever depth, names the segment.
NAMES_SEGMENT = """
    jsonb_path_exists({column}, '$.** ? ((@.rule == "segment" || @.rule == "placed") && @.id == $id)',
                      jsonb_build_object('id', %s::bigint))
"""


@dataclass(frozen=True)
class Use:
    """One thing that would break without the segment: `what` it is ("Segment", "Scenario"), its name and its page."""

    what: str
    name: str
    url: str


def uses(segment_id: int) -> list[Use]:
    found = [Use("Segment", other.name, reverse("segment_page", args=[other.pk])) for other in _segments(segment_id)]
    for app in apps.get_app_configs():
        if app.module is not None and module_has_submodule(app.module, "segment_uses"):
            found.extend(import_module(f"{app.name}.segment_uses").uses(segment_id))
    return found


def _segments(segment_id: int) -> list[Segment]:
    names = RawSQL(NAMES_SEGMENT.format(column="contacts_segment.rule"), [segment_id], BooleanField())  # noqa: S611
    return list(Segment.objects.filter(names).exclude(pk=segment_id))
