"""What happened to a contact: an event did or did not occur, so often, lately, with certain properties."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from django import forms

from contacts.segments import actual, comparing, compiler, explain, operators, spans, times, tree
from contacts.segments.operands import Moment
from contacts.segments.rule_list import RuleListField
from contacts.segments.rules.base import Config, RuleKind, truth, unknown_keys
from contacts.segments.span_form import SpanForm
from contacts.segments.where import EVERYBODY, Gathered, Scope, Where, fill, value

# The inner row hides an outer one of the same name, so rules on properties mean the event that is looked for here.
_SUCH = 'FROM contacts_event WHERE "contacts_event"."name" = {0} AND ({1})'
# The same from indexes alone, which hold the properties of events that are told to us where they are short, and name
# the others; see migration 0018. What Waypost tells itself comes by the million and is hardly asked for its properties.
_TOLD = """FROM (
    SELECT contact_id, name, at, properties FROM contacts_event
    WHERE split_part(name, '.', 1) <> ALL ('{contact,tag,topic,segment,email,sms,scenario}')
    AND octet_length(properties::text) <= 400
    UNION ALL SELECT contact_id, name, at, properties FROM contacts_event
    WHERE split_part(name, '.', 1) <> ALL ('{contact,tag,topic,segment,email,sms,scenario}')
    AND octet_length(properties::text) > 400
) AS contacts_event WHERE "contacts_event"."name" = {0} AND ({1})"""
_OWN = {"contact", "tag", "topic", "segment", "email", "sms", "scenario"}
_WHOSE = '"contacts_event"."contact_id"'
_HIS = f'{_WHOSE} = "contacts_contact"."id"'
_AT = '"contacts_event"."at"'
# Which of the events a date is asked of: the words of a sentence, and what finds its moment.
_EDGES = {"first": ("for the first time", "min"), "last": ("for the last time", "max")}
_EACH = "each"


class EventForm(SpanForm):
    did = forms.TypedChoiceField(label="Contact", choices=[("true", "did"), ("false", "did not")], coerce=truth)
    name = forms.CharField(label="Event", widget=forms.TextInput(attrs={"data-suggest": "events"}))
    when__of = forms.ChoiceField(
        label="Which",
        required=False,
        choices=[
            ("", "lately or ever"),
            (_EACH, "on certain dates"),
            *((key, words) for key, (words, _) in _EDGES.items()),
        ],
        widget=forms.Select(attrs={"data-redraw": ""}),
    )
    where = RuleListField(label="Where", required=False)

    def __init__(self, config: Config, scope: Scope) -> None:
        super().__init__(config, scope)
        of = self.initial.get("when__of")
        if of:
            self.ask_time("when__op", "when__value", "Time")
            for key in ("within__unit", "within__amount", *(("count__op", "count__n") if of in _EDGES else ())):
                self.fields.pop(key, None)
        self.order_fields(
            ["did", "name", "count__op", "count__n", "when__of", "when__op", "when__value", "within__unit",
             "within__amount", "where"]
        )  # fmt: skip


class Event(RuleKind):
    label = "Event"
    icon = "activity"
    order = 40
    Form = EventForm
    keys = {
        "name": "The name of the event.",
        "did": "true, or false for those of whom the whole of it does not hold. Default: true.",
        "count": "How often, as {“op”: “>=”, “n”: 2}; op is >=, <=, =, > or <. Without it: at least once. “<=” and"
        " “= 0” hold for those to whom it never happened, too.",
        "within": "How lately, as {“amount”: 30, “unit”: “days”}; unit is minutes, hours, days, weeks, months (of 30"
        " days) or years (of 365).",
        "when": "A comparison of the moment, as {“of”: “first”, “op”: “after”, “value”: “2026-01-01”}; of is each,"
        " first or last.",
        "where": "A list of rules about properties that must hold of one and the same event, or a tree of them.",
    }
    example = {
        "rule": "event",
        "name": "order.placed",
        "count": {"op": ">=", "n": 2},
        "within": {"amount": 30, "unit": "days"},
        "where": [{"field": "amount", "op": "greater", "value": 50}],
    }

    def problems(self, config: Config, scope: Scope) -> list[str]:
        found = list(unknown_keys(config, *self.keys))
        if not isinstance(config.get("name"), str) or not config["name"].strip():
            found.append("Choose an event.")
        if not isinstance(config.get("did", True), bool):
            found.append("“did” of an event rule is true or false.")
        found += spans.problems(config.get("count"), config.get("within"))
        if config.get("when") is not None:
            found += _when_problems(config)
        such = _such(config)
        wrong = compiler.problems_inside(such, _inner(scope))
        if not wrong and any(leaf["rule"] != "property" for leaf in tree.leaves(such)):
            wrong = ["“where” of an event rule asks about the event's properties only."]
        return found + wrong

    def sql(self, config: Config, now: datetime, scope: Scope) -> Where:
        such, when = self._such_events(config, now, scope), config.get("when") or {}
        if when.get("of") in _EDGES:
            happened = _at_an_edge(such, when, now, scope.few)
        elif config.get("count"):
            happened = spans.counted(such, _HIS, _WHOSE, config["count"], scope.few)
        else:
            happened = fill(f"EXISTS (SELECT 1 {{0}} AND {_HIS})", such)
        return happened if config.get("did", True) else ~happened

    def gathered(self, config: Config, now: datetime, scope: Scope) -> Gathered:
        such, when = self._such_events(config, now, scope), config.get("when") or {}
        if when.get("of") in _EDGES:
            found = _edges(such, when, now)
        elif config.get("count"):
            found = spans.gathered(such, _WHOSE, config["count"])
        else:
            found = spans.in_order(such, _WHOSE, lambda rows: fill("SELECT DISTINCT id FROM {0}", rows))
        return found if config.get("did", True) else ~found

    def _such_events(self, config: Config, now: datetime, scope: Scope) -> Where:
        """FROM and WHERE of the events that count."""
        conditions = compiler.compiled(_such(config), now, _inner(scope))
        if config.get("within"):
            conditions = fill(f"{_AT} >= {{0}}", value(spans.since(config["within"], now))) & conditions
        when = config.get("when") or {}
        if when.get("of") == _EACH:
            conditions = comparing.sql(Moment(_AT), when["op"], when.get("value"), now) & conditions
        name = config["name"].strip()
        narrowed = not tree.is_empty(_such(config)) and name.partition(".")[0] not in _OWN
        return fill(_TOLD if narrowed and not scope.few else _SUCH, value(name), conditions)

    def held(self, config: Config, now: datetime, scope: Scope) -> Where:
        """Of the events that count, and of all of that name."""
        such, named = self._such_events(config, now, scope), fill(_SUCH, value(config["name"].strip()), EVERYBODY)
        return fill(
            f"(SELECT jsonb_build_object('times', count(*), 'first', min({_AT}), 'last', max({_AT}),"
            f" 'ever', (SELECT count(*) {{1}} AND {_HIS}), 'latest', (SELECT max({_AT}) {{1}} AND {_HIS}))"
            f" {{0}} AND {_HIS})",
            such,
            named,
        )

    def told(self, config: Config, held: Any) -> str:
        of = (config.get("when") or {}).get("of")
        narrowed = bool(config.get("within") or of == _EACH or not tree.is_empty(_such(config)))
        return actual.happenings(held, narrowed)

    def moved_by(self, config: Config) -> Collection[str]:
        return [config["name"].strip()]

    def drifts(self, config: Config) -> bool:
        return bool(config.get("within")) or _asks_dates(config)

    def drifted(self, config: Config, since: datetime, now: datetime) -> Where | None:
        """Whoever has an event that has grown too old meanwhile."""
        if not config.get("within") or _asks_dates(config):
            return None
        old = (spans.since(config["within"], moment) for moment in (since, now))
        return fill(
            "SELECT contact_id FROM contacts_event WHERE name = {0} AND at >= {1} AND at < {2}",
            value(config["name"].strip()),
            *map(value, old),
        )

    def sentence(self, config: Config) -> str:
        words = f"{'did' if config.get('did', True) else 'did not'} “{config.get('name') or '…'}”"
        words += spans.count_words(config.get("count")) + spans.within_words(config.get("within"))
        when = config.get("when")
        if isinstance(when, dict):
            which, _ = _EDGES.get(str(when.get("of")), ("", ""))
            words += f"{which and ' '}{which} {times.words(when.get('op'), when.get('value'))}"
        such = _such(config)
        if not tree.is_empty(such) and not tree.problems(such):
            said = explain.sentence(such, Scope(event=True))
            words += f" where {said[:1].lower()}{said[1:]}"
        return words

    def sentence_not(self, config: Config, scope: Scope) -> str:
        return self.sentence({**config, "did": not config.get("did", True)})


def _asks_dates(config: Config) -> bool:
    """Whether dates are compared with today."""
    asked = [(config.get("when") or {}).get("op"), *(leaf["op"] for leaf in tree.leaves(_such(config)))]
    return any(operators.drifts(op) for op in asked)


def _when_problems(config: Config) -> Iterator[str]:
    when = config["when"]
    known = isinstance(when, dict) and when.get("of") in (_EACH, *_EDGES) and set(when) <= {"of", "op", "value"}
    if not known:
        yield f"“when” says of which events a date is asked ({_EACH}, {', '.join(_EDGES)}), and a comparison."
        return
    yield from times.problems(when.get("op"), when.get("value"))
    if when["of"] in _EDGES and (config.get("count") is not None or config.get("within") is not None):
        yield "Of the first or the last time, ask nothing but when it was. Ask how often in a rule of its own."


def _at_an_edge(such: Where, when: dict[str, Any], now: datetime, few: bool) -> Where:
    """Whether there are such events, and the first or last of them was then."""
    if few:
        edge = f"SELECT {_EDGES[when['of']][1]}({_AT}) AS at {{0}} AND {_HIS}"
        found = f"SELECT 1 FROM ({edge}) AS edge WHERE edge.at IS NOT NULL AND ({{1}})"  # noqa: S608
        return fill(f"EXISTS ({found})", such, _was_then(when, now))
    edges = _edges(such, when, now).chosen
    return fill('EXISTS (SELECT 1 FROM ({0}) AS edge WHERE edge.id = "contacts_contact"."id")', edges)


def _edges(such: Where, when: dict[str, Any], now: datetime) -> Gathered:
    """Those of whom the first or last was then, from all events at once."""
    edges = f"SELECT id, {_EDGES[when['of']][1]}(at) AS at FROM {{0}} GROUP BY id"  # noqa: S608
    picked = f"SELECT edge.id FROM ({edges}) AS edge WHERE ({{1}})"  # noqa: S608
    return spans.in_order(such, _WHOSE, lambda rows: fill(picked, rows, _was_then(when, now)), _AT)


def _was_then(when: dict[str, Any], now: datetime) -> Where:
    return comparing.sql(Moment("edge.at"), when["op"], when.get("value"), now)


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


kind = Event()
