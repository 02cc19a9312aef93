"""Operator: asks a rule about each contact; green is yes, red is no."""

from collections.abc import Iterator, Sequence
from typing import Any

from contacts import segments
from contacts.segments import tree
from contacts.segments.forms import RuleField
from flows.nodes._form import NodeForm
from flows.nodes.base import Batch, Group, Leave, Node, Outcome, Port


class Condition(Node):
    label = "Condition"
    hint = "Sends contacts on by the green connector when they match, else by the red one."
    group = Group.OPERATORS
    order = 20
    icon = "split"

    class Form(NodeForm):
        rule = RuleField(
            label="The contact goes on by the green connector when",
            help_text="Asked at the moment the contact arrives here. Event properties are those of the event by which "
            "they entered.",
            scope=segments.Scope(entry=True, origin="scenario"),
        )

    def ports(self, config: dict[str, Any]) -> Sequence[Port]:
        return Port("yes", "Yes", "yes"), Port("no", "No", "no")

    def summary(self, config: dict[str, Any]) -> str:
        return segments.sentence(config.get("rule"))

    def summary_among(self, config: dict[str, Any], nodes: Sequence[tuple[str, str]]) -> str:
        return segments.sentence(config.get("rule"), segments.Scope(nodes=nodes))

    def asks_entry(self, config: dict[str, Any]) -> bool:
        return any(leaf["rule"] == "property" for leaf in tree.leaves(config.get("rule")))

    def run(self, batch: Batch) -> Iterator[Outcome]:
        yes, no = batch.split(batch.config["rule"])
        yield Leave(yes, "yes")
        yield Leave(no, "no")


node = Condition()
