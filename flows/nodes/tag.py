"""Action: adds tags to contacts and takes tags away."""

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms

from contacts import tagging
from flows.nodes._fields import TagsField, listed
from flows.nodes._form import NodeForm
from flows.nodes.base import Batch, Do, Group, Node, Outcome


class TagNode(Node):
    label = "Tag"
    hint = "Adds tags to the contact and takes tags away."
    group = Group.ACTIONS
    order = 30
    icon = "tag"

    class Form(NodeForm):
        add = TagsField(label="Add tags", help_text="With commas between them. New tags are made.")
        remove = TagsField(label="Remove tags", help_text="With commas between them.")

        def clean(self) -> dict[str, Any]:
            added, removed = self.cleaned_data.get("add") or [], self.cleaned_data.get("remove") or []
            if not added and not removed and not self.errors:
                raise forms.ValidationError("Name at least one tag to add or to remove.")
            both = {name.lower() for name in added} & {name.lower() for name in removed}
            if both:
                self.add_error("remove", f"“{min(both)}” would be added and removed at once.")
            return self.cleaned_data

    def summary(self, config: dict[str, Any]) -> str:
        parts = []
        for verb, key in (("Add", "add"), ("Remove", "remove")):
            names = config.get(key)
            if isinstance(names, list) and names:
                parts.append(f"{verb} {listed([f'“{name}”' for name in names])}")
        return "; ".join(parts) or "No tags yet"

    def makes(self, config: dict[str, Any]) -> list[str]:
        events = {"add": "tag.added", "remove": "tag.removed"}
        return [event for key, event in events.items() if config.get(key)]

    def run(self, batch: Batch) -> Iterator[Outcome]:
        # Not `later`: a condition behind this node may ask about the tag.
        yield Do(batch, _tag)


def _tag(batches: Sequence[Batch]) -> None:
    for batch in batches:
        tagging.add(batch.contacts, batch.config.get("add") or [], batch.now, source=batch.origin)
        tagging.remove(batch.contacts, batch.config.get("remove") or [], batch.now, source=batch.origin)


node = TagNode()
