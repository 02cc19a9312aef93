"""What happened to a contact: an event did or did not occur, so often, lately, with certain properties."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django import forms

from contacts.segments import compiler, explain, operators, tree
from contacts.segments.rule_list import RuleListField
from contacts.segments.rules.base import Config, RuleForm, RuleKind, truth, unknown_keys
from contacts.segments.where import Scope, Where, fill, value

_UNITS = {
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
    "weeks": timedelta(weeks=1),
    "months": timedelta(days=30),
    "years": timedelta(days=365),
}
_SIGNS = {">=": "at least", "=": "exactly", "<=": "at most", ">": "more than", "<": "fewer than"}
_MAX_COUNT = 1_000_000
_MAX_SPAN = timedelta(days=36500)

# The inner row hides an outer one of the same name, so rules on properties mean the event that is looked for here.
_SUCH = 'FROM contacts_event WHERE "contacts_event"."name" = {0} AND ({1})'
_HIS = '"contacts_event"."contact_id" = "contacts_contact"."id"'


class EventForm(RuleForm):
    did = forms.TypedChoiceField(label="Contact", choices=[("true", "did"), ("false", "did not")], coerce=truth)
    name = forms.CharField(label="Event", widget=forms.TextInput(attrs={"data-suggest": "events"}))
    count__op = forms.ChoiceField(
        label="How often",
        required=False,
        choices=[("", "at least once"), *_SIGNS.items()],
        widget=forms.Select(attrs={"data-redraw": ""}),
    )
    count__n = forms.IntegerField(label="Times", min_value=0)
    within__unit = forms.ChoiceField(
        label="When",
        required=False,
        choices=[("", "at any time"), *((unit, f"in the last {unit}") for unit in _UNITS)],
        widget=forms.Select(attrs={"data-redraw": ""}),
    )
    within__amount = forms.IntegerField(label="Number", min_value=1)
    where = RuleListField(label="Where", required=False)

    def __init__(self, config: Config, scope: Scope) -> None:
        super().__init__(config, scope)
        if not self.initial.get("count__op"):
            del self.fields["count__n"]
        if not self.initial.get("within__unit"):
            del self.fields["within__amount"]


class Event(RuleKind):
    label = "Event"
    icon = "activity"
    order = 40
    Form = EventForm

    def problems(self, config: Config, scope: Scope) -> list[str]:
        found = list(unknown_keys(config, "name", "did", "count", "within", "where"))
        if not isinstance(config.get("name"), str) or not config["name"].strip():
            found.append("Choose an event.")
        if not isinstance(config.get("did", True), bool):
            found.append("“did” of an event rule is true or false.")
        if config.get("count") is not None and not _is_count(config["count"]):
            found.append("Say how often as a comparison and a whole number, such as at least 2 times.")
        if config.get("within") is not None and not _is_within(config["within"]):
            found.append(f"Say how lately as an amount and a unit: {', '.join(_UNITS)}.")
        such = _such(config)
        wrong = compiler.problems_inside(such, _inner(scope))
        if not wrong and any(leaf["rule"] != "property" for leaf in tree.leaves(such)):
            wrong = ["“where” of an event rule asks about the event's properties only."]
        return found + wrong

    def sql(self, config: Config, now: datetime, scope: Scope) -> Where:
        conditions = compiler.compiled(_such(config), now, _inner(scope))
        if config.get("within"):
            since = value(now - _UNITS[config["within"]["unit"]] * config["within"]["amount"])
            conditions = fill('"contacts_event"."at" >= {0}', since) & conditions
        such = fill(_SUCH, value(config["name"].strip()), conditions)
        happened = _counted(such, config["count"], scope.few) if config.get("count") else _happened(such)
        return happened if config.get("did", True) else ~happened

    def moved_by(self, config: Config) -> Collection[str]:
        return [config["name"].strip()]

    def drifts(self, config: Config) -> bool:
        return bool(config.get("within")) or any(operators.drifts(leaf["op"]) for leaf in tree.leaves(_such(config)))

    def sentence(self, config: Config) -> str:
        words = f"{'did' if config.get('did', True) else 'did not'} “{config.get('name') or '…'}”"
        count, within = config.get("count"), config.get("within")
        if count and _is_count(count):
            words += f" {_SIGNS[count['op']]} {count['n']} {'time' if count['n'] == 1 else 'times'}"
        if within and _is_within(within):
            amount, unit = within["amount"], within["unit"]
            words += f" in the last {unit.removesuffix('s') if amount == 1 else f'{amount} {unit}'}"
        such = _such(config)
        if not tree.is_empty(such) and not tree.problems(such):
            said = explain.sentence(such, Scope(event=True))
            words += f" where {said[:1].lower()}{said[1:]}"
        return words


def _happened(such: Where) -> Where:
    return fill(f"EXISTS (SELECT 1 {{0}} AND {_HIS})", such)


def _counted(such: Where, count: dict[str, Any], few: bool) -> Where:
    """`count` compared with how many such events there are; nobody's count is NULL."""
    op, n = count["op"], count["n"]
    if few:
        # One more than is asked for is enough to know, and is read from the index on (contact, name, at).
        times = f"(SELECT count(*) FROM (SELECT 1 {{0}} AND {_HIS} LIMIT {{1}}) AS so_many)"  # noqa: S608
        return fill(f"({times} {op} {{2}})", such, value(n + 1), value(n))
    if not _holds_for_none(op, n):
        return fill(f"{_aggregated(op)}", such, value(n))
    # Those without any such event match too: everybody but those whose count is another.
    opposite = {">=": "<", "<=": ">", "=": "<>", ">": "<=", "<": ">="}[op]
    return ~fill(_aggregated(opposite), such, value(n))


def _aggregated(op: str) -> str:
    """All counts at once, then a join: for a whole audience that is several times faster than a probe per contact."""
    counts = 'SELECT "contacts_event"."contact_id" {0} GROUP BY "contacts_event"."contact_id"'
    having = f"HAVING count(*) {op} {{1}}"
    return f'EXISTS (SELECT 1 FROM ({counts} {having}) AS so_many WHERE so_many.contact_id = "contacts_contact"."id")'  # noqa: S608


def _holds_for_none(op: str, n: int) -> bool:
    return {">=": n <= 0, "<=": n >= 0, "=": n == 0, ">": n < 0, "<": n > 0}[op]


def _such(config: Config) -> Any:
    """The rules on the event's properties as a tree: a list of rules means all of them."""
    asked = config.get("where")
    if not isinstance(asked, list):
        return asked
    return {
        "all": [{"rule": "property", **rule} if isinstance(rule, dict) and _is_bare(rule) else rule for rule in asked]
    }


def _is_bare(rule: dict[str, Any]) -> bool:
    return "field" in rule and "rule" not in rule


def _inner(scope: Scope) -> Scope:
    return Scope(event=True, known=scope.known, inside=scope.inside, segment=scope.segment, few=scope.few)


def _is_count(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and set(item) == {"op", "n"}
        and isinstance(item["op"], str)
        and item["op"] in _SIGNS
        and _is_whole(item["n"], 0, _MAX_COUNT)
    )


def _is_within(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and set(item) == {"amount", "unit"}
        and isinstance(item["unit"], str)
        and item["unit"] in _UNITS
        and _is_whole(item["amount"], 1, _MAX_SPAN // _UNITS[item["unit"]])
    )


def _is_whole(item: Any, lowest: int, highest: int) -> bool:
    return isinstance(item, int) and not isinstance(item, bool) and lowest <= item <= highest


kind = Event()
