"""Tells which scenarios ask about attributes, wait for their dates, write them or say them: live or as a draft."""

from collections.abc import Sequence

from django.urls import reverse

from contacts.attributes.using import IN_RULE, IN_WORDS, Uses, asked
from contacts.segments.using import Use

# A trigger on each contact's own date, and nodes that set or remove.
_NODES = """
    (jsonb_path_exists({column}, '$.nodes[*].config ? (@.attribute == $name || @.remove[*] == $name)',
        jsonb_build_object('name', n.name))
    OR jsonb_path_exists({column}, '$.nodes[*].config.set.keyvalue() ? (@.key == $name)',
        jsonb_build_object('name', n.name), true))
"""
_GRAPH = f"({IN_RULE} OR {_NODES} OR {IN_WORDS.format(column='{column}::text')})"
# The chains of campaigns are told of there.
_SCENARIOS = f"""
    SELECT n.name, s.id, s.name FROM unnest(%(names)s::text[]) AS n (name),
        flows_scenario s LEFT JOIN flows_flow f ON f.id = s.flow_id
    WHERE s.campaign_id IS NULL AND (
        {_GRAPH.format(column="f.graph")} OR {_GRAPH.format(column="s.draft")}
        OR {IN_RULE.format(column="s.objective")} OR {IN_RULE.format(column="s.exits")}
    ) ORDER BY s.name
"""  # noqa: S608


def uses(names: Sequence[str]) -> Uses:
    return asked(_SCENARIOS, names, lambda pk, name: Use("Scenario", name, reverse("scenario_editor", args=[pk])))
