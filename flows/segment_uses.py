"""Tells which scenarios use a segment: in their newest graph, in their objective, or to let contacts leave."""

from django.db.models.expressions import RawSQL
from django.db.models.fields import BooleanField
from django.urls import reverse

from contacts.segments.using import NAMES_SEGMENT, Use
from flows.models import Scenario

_AUDIENCE = """
    jsonb_path_exists(
        flows_flow.graph, '$.nodes[*].config.segment ? (@ == $id)', jsonb_build_object('id', %s::bigint)
    )
"""
# A trigger whose event is a contact's coming into the segment or going out of it.
_CROSSING = """
    jsonb_path_exists(
        flows_flow.graph,
        '$.nodes[*].config ? (@.event == "segment.entered" || @.event == "segment.left").filter.**
            ? (@.rule == "property" && @.field == "segment" && (@.value == $id || @.value == $text))',
        (SELECT jsonb_build_object('id', n.id, 'text', n.id::text) FROM (SELECT %s::bigint AS id) n)
    )
"""
_USES = " OR ".join(
    [
        NAMES_SEGMENT.format(column="flows_scenario.objective"),
        "flows_scenario.objective -> 'segment' = to_jsonb(%s::bigint)",
        NAMES_SEGMENT.format(column="flows_scenario.exits"),
        "flows_scenario.exits -> 'segment' = to_jsonb(%s::bigint)",
        f"EXISTS (SELECT 1 FROM flows_flow WHERE flows_flow.id = flows_scenario.flow_id AND"  # noqa: S608
        f" ({NAMES_SEGMENT.format(column='flows_flow.graph')} OR {_AUDIENCE} OR {_CROSSING}))",
    ]
)


def uses(segment_id: int) -> list[Use]:
    found = Scenario.objects.filter(RawSQL(_USES, [segment_id] * 7, BooleanField())).only("name")  # noqa: S611
    return [Use("Scenario", scenario.name, reverse("scenario_editor", args=[scenario.pk])) for scenario in found]
