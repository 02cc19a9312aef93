"""Whether a contact was put into a fixed list: the rule of every static segment, which names itself in it."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django import forms

from contacts.models import Segment
from contacts.remembering import remembered
from contacts.segments.rules.base import Config, RuleForm, RuleKind, unknown_keys
from contacts.segments.where import Gathered, Scope, Where

ENTERED, LEFT = "segment.entered", "segment.left"


class PlacedForm(RuleForm):
    id = forms.IntegerField(label="Fixed list")


class Placed(RuleKind):
    label = "Fixed list"
    icon = "list-checks"
    order = 95
    Form = PlacedForm
    keys = {"id": "The id of the list itself."}

    def offered(self, scope: Scope) -> bool:
        """People choose the segment instead."""
        return False

    def problems(self, config: Config, scope: Scope) -> list[str]:
        found = list(unknown_keys(config, *self.keys))
        if _listed(config.get("id")) is None:
            found.append("A fixed list that the rule refers to no longer exists.")
        return found

    def sql(self, config: Config, now: datetime, scope: Scope) -> Where:
        members = '"contacts_contact"."id" IN (SELECT contact_id FROM contacts_membership WHERE segment_id = %s)'
        if scope.few:
            members = (
                "EXISTS (SELECT FROM contacts_membership placed WHERE placed.segment_id = %s"
                ' AND placed.contact_id = "contacts_contact"."id")'
            )
        return Where(members, (config["id"],))

    def gathered(self, config: Config, now: datetime, scope: Scope) -> Gathered:
        members = "SELECT contact_id AS id FROM contacts_membership WHERE segment_id = %s"
        return Gathered(Where(members, (config["id"],)))

    def moved_by(self, config: Config) -> Collection[str]:
        """Whoever is put in or taken out is told of."""
        return [ENTERED, LEFT]

    def drifts(self, config: Config) -> bool:
        return False

    def sentence(self, config: Config) -> str:
        return f"was put into the list “{_listed(config.get('id')) or '…'}”"


def _listed(id: Any) -> str | None:
    """The name of the fixed list with this id."""
    if not isinstance(id, int) or isinstance(id, bool) or not 0 < id < 2**63:
        return None
    named = Segment.objects.filter(pk=id, kind=Segment.Kind.STATIC).values_list("name", flat=True)
    return remembered(("name of list", id), lambda: named.first())


kind = Placed()
