"""Builders for tests: each makes one believable thing, and everything about it can be said otherwise."""

from datetime import UTC, datetime
from typing import Any

from campaigns.models import Provider
from contacts.attributes import saving as attribute_saving
from contacts.models import Attribute, Contact, Topic
from flows import saving
from flows.models import Scenario

# A Tuesday morning; tests move on from here.
NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


def contact(email: str | None = None, **fields: Any) -> Contact:
    fields = {"created_at": NOW, "updated_at": NOW, **fields}
    return Contact.objects.create(email=email, **fields)


def contacts(count: int, domain: str = "example.com", **fields: Any) -> list[int]:
    """Many contacts c0@…, c1@…; their ids."""
    fields = {"created_at": NOW, "updated_at": NOW, **fields}
    rows = Contact.objects.bulk_create([Contact(email=f"c{n}@{domain}", **fields) for n in range(count)])
    return [row.pk for row in rows]


def graph(*nodes: tuple[str, str, dict[str, Any]], edges: str) -> dict[str, Any]:
    """A graph from (id, type, config) and edges such as "n1>n2 n2:yes>n3"."""
    connections = []
    for edge in edges.split():
        source, target = edge.split(">")
        source, _, port = source.partition(":")
        connections.append({"from": source, "port": port or "next", "to": target})
    shapes = [
        {"id": id, "type": type, "x": 80 + 240 * place, "y": 80, "config": config}
        for place, (id, type, config) in enumerate(nodes)
    ]
    return {"nodes": shapes, "edges": connections}


def scenario(graph: dict[str, Any], name: str = "Welcome", **fields: Any) -> Scenario:
    """A saved scenario, not started."""
    made = Scenario.objects.create(name=name, **fields)
    saving.save(made, graph, {}, None, None, NOW)
    return made


def topic(key: str = "news", name: str = "", **fields: Any) -> Topic:
    """What messages can be about; the one that is there already, if there is one."""
    fields = {"name": name or key.replace("-", " ").capitalize(), **fields}
    return Topic.objects.get_or_create(key=key, defaults=fields)[0]


def local_outboxes() -> None:
    """What a new installation sends through."""
    for channel in ("email", "sms"):
        if not Provider.objects.filter(channel=channel).exists():
            Provider.objects.create(channel=channel, kind="local", name="Local outbox", is_default=True)


def attribute(name: str, type: str = "text", **fields: Any) -> Attribute:
    """A defined attribute."""
    given = {"name": name, "type": type, **fields}
    return attribute_saving.save(Attribute(), given, NOW)
