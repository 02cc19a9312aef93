"""Operator: keeps contacts until something happens to them, or until the time for it is up.

It lets go at once of those to whom it has happened, so a loop by the port “happened” alone may turn as fast as its own
actions make events (a mail that waits for a mail to be sent): only the way out after the time is up counts as rest.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.db import connection

from contacts import segments
from contacts.columns import Columns
from contacts.segments.forms import RuleField
from flows import calendar
from flows.nodes._events import EventField, event_label
from flows.nodes._fields import counted
from flows.nodes._form import NodeForm, Part
from flows.nodes.base import Batch, Group, Leave, Node, Outcome, Port, Rest

# What let a contact in is not what it waits for. Whoever came here straight from the trigger has waited since that
# event happened: an order that is recorded after the cart was left, but before anybody read of the cart, counts.
_HAPPENED = """
SELECT x.id, e.id FROM flows_execution x
JOIN (SELECT {ids} AS id, {deadlines} AS deadline) u ON u.id = x.id
LEFT JOIN contacts_event entry ON entry.id = x.event_id AND x.arrived_at = x.entered_at
JOIN contacts_event e ON e.contact_id = x.contact_id AND e.name = %s
    AND e.at >= COALESCE(entry.at, x.arrived_at) AND e.at <= u.deadline AND e.id IS DISTINCT FROM x.event_id
"""


class WaitFor(Node):
    label = "Wait for"
    hint = "Keeps the contact until something happens to them, or until the time for it is up."
    group = Group.OPERATORS
    order = 15
    icon = "bell-ring"
    holding = ("timeout",)

    class Form(NodeForm):
        parts = (Part(("event", "filter"), "Until this happens"), Part(("amount", "unit"), "But no longer than"))
        event = EventField()
        filter = RuleField(
            required=False,
            label="Only when",
            help_text="Asks about the event’s properties and the contact. Empty: always.",
            scope=segments.Scope(event=True, origin="scenario"),
        )
        amount = forms.IntegerField(min_value=1, label="Amount", initial=1)
        unit = forms.ChoiceField(
            choices=[(unit, unit.capitalize()) for unit in calendar.MAX_AMOUNT],
            label="Unit",
            initial="days",
            help_text="Minutes and hours are exact; the others keep the contact’s time of day.",
        )

        def clean(self) -> dict[str, Any]:
            amount, unit = self.cleaned_data.get("amount"), self.cleaned_data.get("unit")
            if amount and unit and amount > calendar.MAX_AMOUNT[unit]:
                most = calendar.MAX_AMOUNT[unit]
                self.add_error("amount", f"Wait at most {most:,} {unit}, which is about ten years.")
            return self.cleaned_data

    def ports(self, config: dict[str, Any]) -> Sequence[Port]:
        return Port("happened", "Happened", "yes"), Port("timeout", "Time is up", "no")

    def summary(self, config: dict[str, Any]) -> str:
        form = self._checked(config)
        if not form.is_valid():
            return "Nothing to wait for yet"
        data = form.cleaned_data
        filtered = ", filtered" if data["filter"] else ""
        return f"{event_label(data['event'])}{filtered}, within {counted(data['amount'], data['unit'])}"

    def awaits(self, config: dict[str, Any]) -> str | None:
        name = config.get("event")
        return name.strip() or None if isinstance(name, str) else None

    def run(self, batch: Batch) -> Iterator[Outcome]:
        # Due at once, so that the timeline is looked at once more when everybody can see that they rest here: of an
        # event that was read while they were on their way nobody would tell them.
        yield Rest(batch, batch.now)

    def wake(self, batch: Batch) -> Iterator[Outcome]:
        deadlines = self.until(batch)
        happened = _happened(batch, deadlines)
        places = range(len(batch))
        yield Leave(batch.part(i for i in places if batch.ids[i] in happened), "happened")
        waiting = [i for i in places if batch.ids[i] not in happened]
        yield Leave(batch.part(i for i in waiting if deadlines[i] <= batch.now), "timeout")
        staying = [i for i in waiting if deadlines[i] > batch.now]
        yield Rest(batch.part(staying), [deadlines[i] for i in staying])

    def until(self, batch: Batch) -> list[datetime]:
        pairs = list(zip(batch.arrived, batch.zones(), strict=True))
        amount, unit = batch.config["amount"], batch.config["unit"]
        known = {pair: calendar.add(pair[0], amount, unit, pair[1]) for pair in set(pairs)}
        return [known[pair] for pair in pairs]


def _happened(batch: Batch, deadlines: Sequence[datetime]) -> set[int]:
    """The executions whose event has happened in time: one query, and one more for the filter."""
    columns = Columns()
    statement = _HAPPENED.format(ids=columns.many("bigint", batch.ids), deadlines=columns.any("timestamptz", deadlines))
    with connection.cursor() as cursor:
        cursor.execute(statement, [*columns.values, batch.config["event"].strip()])
        found = cursor.fetchall()
    if batch.config.get("filter") and found:
        found = list(batch.matching_events(batch.config["filter"], found))
    return {execution for execution, _ in found}


node = WaitFor()
