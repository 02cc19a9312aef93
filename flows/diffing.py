"""Compares two graphs: what was added, removed, changed and connected anew, wherever it stands on the canvas."""

from dataclasses import dataclass
from typing import Any

from contacts.remembering import remembering
from flows import canvas
from flows.nodes import registry

NOTHING: tuple[Any, ...] = (None, "", [], {}, False)


@dataclass(frozen=True)
class Diff:
    """Node ids, for changed ones with the names of the settings that differ, and edges as the graph has them."""

    added: list[str]
    removed: list[str]
    changed: dict[str, list[str]]
    connected: list[dict[str, str]]
    disconnected: list[dict[str, str]]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.connected or self.disconnected)


@dataclass(frozen=True)
class Line:
    """One difference in words. `kind` is "added", "removed", "changed" or "connected"."""

    kind: str
    node: str
    sentence: str


def compare(old: dict[str, Any], new: dict[str, Any]) -> Diff:
    """The way from one graph to another; both are as they were saved."""
    before = {node["id"]: node for node in old["nodes"]}
    after = {node["id"]: node for node in new["nodes"]}
    changed = {node: _settings(before[node], after[node]) for node in after if node in before}
    return Diff(
        added=[node for node in after if node not in before],
        removed=[node for node in before if node not in after],
        changed={node: settings for node, settings in changed.items() if settings},
        connected=[edge for edge in new["edges"] if edge not in old["edges"]],
        disconnected=[edge for edge in old["edges"] if edge not in new["edges"]],
    )


def _settings(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """The names of what was set differently; what is empty and what is left out are the same."""
    if old["type"] != new["type"]:
        return ["type"]
    before, after = old["config"], new["config"]
    names = list(dict.fromkeys([*before, *after]))
    return [name for name in names if not _same(before.get(name), after.get(name))]


def _same(before: Any, after: Any) -> bool:
    return before == after or (before in NOTHING and after in NOTHING)


def in_words(old: dict[str, Any], new: dict[str, Any]) -> list[Line]:
    """The differences as sentences. Connections of added and removed shapes go without saying."""
    diff = compare(old, new)
    if not diff:
        return []
    with remembering():
        before, after = canvas.names(old), canvas.names(new)
        return [
            *(Line("added", node, after[node]) for node in diff.added),
            *(Line("removed", node, before[node]) for node in diff.removed),
            *(_changed(node, names, before, after, new) for node, names in diff.changed.items()),
            *_connections(diff, before, after, new),
        ]


def _changed(node: str, names: list[str], before: dict[str, str], after: dict[str, str], new: dict[str, Any]) -> Line:
    if before[node] != after[node]:
        return Line("changed", node, f"{before[node]} → {after[node]}")
    kind = registry()[next(each["type"] for each in new["nodes"] if each["id"] == node)]
    fields = kind.Form.base_fields
    labels = [str(fields[name].label or name) if name in fields else name for name in names]
    return Line("changed", node, f"{after[node]}: {', '.join(labels)}")


def _connections(diff: Diff, before: dict[str, str], after: dict[str, str], new: dict[str, Any]) -> list[Line]:
    ways = {(edge["from"], edge["port"]): edge["to"] for edge in diff.connected}
    ended = {(edge["from"], edge["port"]): None for edge in diff.disconnected}
    ports = {(node["id"], port.name): port.label for node in new["nodes"] for port in _ports(node)}
    lines = []
    for (node, port), target in {**ended, **ways}.items():
        if node not in before or node not in after:
            continue
        label = ports.get((node, port))
        source = f"{after[node]}, “{label}”," if label else after[node]
        leads = f"leads to {after[target]}" if target else "leads nowhere"
        lines.append(Line("connected", node, f"{source} {leads} now"))
    return lines


def _ports(node: dict[str, Any]) -> Any:
    return registry()[node["type"]].ports(node["config"])
