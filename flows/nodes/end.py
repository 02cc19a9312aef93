"""Operator: ends the pass."""

from collections.abc import Iterator, Sequence
from typing import Any

from flows.nodes._form import NodeForm
from flows.nodes.base import Batch, End, Group, Node, Outcome, Port


class EndNode(Node):
    label = "End"
    hint = "The contact leaves the scenario here."
    group = Group.OPERATORS
    order = 90
    icon = "circle-stop"

    class Form(NodeForm):
        pass

    def ports(self, config: dict[str, Any]) -> Sequence[Port]:
        return ()

    def summary(self, config: dict[str, Any]) -> str:
        return "Leaves the scenario"

    def run(self, batch: Batch) -> Iterator[Outcome]:
        yield End(batch)


node = EndNode()
