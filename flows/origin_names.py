"""Names the origins of scenarios: "scenario:12:n7" is what node n7 of scenario 12 sends."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from django.urls import reverse

from campaigns.origins import Named, Place
from contacts.remembering import remembering
from contacts.segments.tree import leaves
from flows.graph import Graph, GraphNode
from flows.kept_graphs import graph_of
from flows.models import Flow, Scenario


def places(keys: Collection[str]) -> dict[str, Place]:
    asked: dict[str, tuple[int, str]] = {}
    for key in keys:
        kind, _, rest = key.partition(":")
        digits, _, part = rest.partition(":")
        if kind == "scenario" and digits.isdecimal():
            asked[key] = int(digits), part
    if not asked:
        return {}
    ids = {number for number, _ in asked.values()}
    rows = list(Scenario.objects.filter(pk__in=ids).values_list("pk", "name", "flow_id"))
    called = {pk: name for pk, name, _ in rows}
    live = {pk: flow for pk, _, flow in rows if flow}
    found: dict[str, Place] = {}
    with remembering():
        graphs = _graphs(asked.values(), live)
        variants = {pk: variants_of(graph_of(flow), pk) for pk, flow in live.items()}
        wholes = {pk: Named(str(pk), name, reverse("scenario_editor", args=[pk])) for pk, name in called.items()}
        for key, (number, node) in asked.items():
            if number not in called:
                found[key] = Place.of(Named(str(number), f"Scenario {number}, deleted"), True, None, None, ())
                continue
            whole = wholes[number]
            graph = graphs.get((number, node))
            label = _called(graph.nodes[node]) if graph else f"{node}, removed"
            sender = Named(key, label, whole.url) if node else None
            segments = _segments(graph_of(live[number])) if number in live else ()
            found[key] = Place.of(whole, True, sender, variants.get(number, {}).get(node), segments)
    return found


def _graphs(asked: Iterable[tuple[int, str]], live: dict[int, int]) -> dict[tuple[int, str], Graph]:
    """For each (scenario, node) the newest graph that has it: the live one, or one from before it was taken out."""
    found: dict[tuple[int, str], Graph] = {}
    missing: dict[int, set[str]] = defaultdict(set)
    for number, node in asked:
        if number in live and node in graph_of(live[number]).nodes:
            found[number, node] = graph_of(live[number])
        elif number in live and node:
            missing[number].add(node)
    if missing:
        former = Flow.objects.filter(scenario__in=list(missing)).order_by("-number").values_list("scenario_id", "pk")
        for number, flow in former:
            for node in [node for node in missing[number] if node in graph_of(flow).nodes]:
                found[number, node] = graph_of(flow)
                missing[number].discard(node)
    return found


def _called(node: GraphNode) -> str:
    """The name that its author gave it, or what its card says."""
    name = node.config.get("name")
    return name if isinstance(name, str) and name.strip() else f"{node.kind.label}: {node.kind.summary(node.config)}"


def _segments(graph: Graph) -> set[int]:
    """Those that the trigger names: as its audience, in its filter, or as what contacts have come into."""
    trigger = graph.trigger
    if trigger is None:
        return set()
    found = {trigger.config.get("segment")}
    for rule in leaves(trigger.config.get("filter")):
        if rule.get("rule") == "segment":
            found.add(rule.get("id"))
        elif rule.get("rule") == "property" and rule.get("field") == "segment" and rule.get("op") == "equals":
            value = rule.get("value")
            found.add(int(value) if isinstance(value, str) and value.isdecimal() else value)
    return {pk for pk in found if isinstance(pk, int) and not isinstance(pk, bool)}


def variants_of(graph: Graph, scenario_id: int) -> dict[str, Named]:
    """For each node to which one port of an A/B test alone leads: that variant; of tests within tests, the inner."""
    tests = [node for node in graph.nodes.values() if node.type == "ab_test"]
    if not tests:
        return {}
    inside: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for test in tests:
        for port in test.kind.ports(test.config):
            reached = _reached(graph, without=(test.id, port.name))
            for node in graph.nodes.keys() - reached:
                inside[node].append((test.id, port.name))
    labels = {test.id: {port.name: port.label for port in test.kind.ports(test.config)} for test in tests}
    url = reverse("scenario_editor", args=[scenario_id])
    found = {}
    for node, doors in inside.items():
        # Whoever stands behind more doors is further in.
        innermost, variant = max(doors, key=lambda door: len(inside.get(door[0], ())))
        key = f"scenario:{scenario_id}:{innermost}:{variant}"
        found[node] = Named(key, f"Variant {labels[innermost][variant]}", url)
    return found


def _reached(graph: Graph, without: tuple[str, str]) -> set[str]:
    """The nodes that contacts can come to if they cannot leave by this port."""
    waiting = [node.id for node in graph.triggers]
    reached = set(waiting)
    ways: dict[str, list[str]] = defaultdict(list)
    for edge in graph.edges:
        if (edge.source, edge.port) != without:
            ways[edge.source].append(edge.target)
    while waiting:
        for target in ways[waiting.pop()]:
            if target not in reached:
                reached.add(target)
                waiting.append(target)
    return reached
