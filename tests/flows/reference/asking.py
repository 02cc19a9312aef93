"""Asks rule trees about one person, rule by rule."""

from typing import Any

from tests.flows.reference.shapes import Happening, Pass


class Known:
    """What rules may ask about: the person's `tags`, `attributes`, `consent`, and all that `happened` to them."""

    def __init__(self, tags: set[str], attributes: dict[str, Any], consent: dict[str, str]) -> None:
        self.tags, self.attributes, self.consent = tags, attributes, consent
        self.happened: list[Happening] = []

    def holds(self, rule: Any, walked: Pass | None = None, event: Happening | None = None) -> bool:
        """`walked` is the pass in question, `event` the one that properties are asked of."""
        if not rule:
            return True
        if "all" in rule:
            return all(self.holds(part, walked, event) for part in rule["all"])
        if "any" in rule:
            return any(self.holds(part, walked, event) for part in rule["any"])
        if "not" in rule:
            return not self.holds(rule["not"], walked, event)
        match rule["rule"]:
            case "tag":
                return (rule["name"] in self.tags) == rule.get("has", True)
            case "attribute":
                return self.attributes.get(rule["field"]) == rule["value"]
            case "consent":
                return self.consent.get(rule["channel"], "unknown") == rule["is"]
            case "event":
                return any(h.event == rule["name"] for h in self.happened) == rule.get("did", True)
            case "message":
                return any(m.node == rule["node"] and rule["did"] in m.did for m in walked.messages)
            case "property":
                return event is not None and dict(event.properties).get(rule["field"], float("-inf")) > rule["value"]
            case unknown:
                raise NotImplementedError(unknown)
