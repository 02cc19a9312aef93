"""What a kind of rule is: its form in the builder, its checks, its sentence and its SQL in one object.

Adding a kind: in this app a module of `contacts/segments/rules/` with one instance called `kind`; in an app further
left a module `segment_rules.py` with a list called `kinds`. Nothing else needs to know.

A rule in a tree is a JSON object: `{"rule": KEY, …config}`. The builder makes the config from the kind's `Form`: a
field called `name` becomes the key "name", a field called `within__amount` becomes `{"within": {"amount": …}}`. Empty
controls are left out. The types are those of the fields: IntegerField → a whole number, FloatField → a number,
BooleanField → true or false, TypedChoiceField with `coerce=int` or `coerce=truth` → a number, or true or false;
RuleListField → a list of property rules; ListField → a list of texts; PairField → a list of two; PickField → the id of
something that is chosen by its name (from the kind's `suggestions`); everything else → text. Because saved rules come
from the API too, `problems` has to be strict about types: never trust the form alone.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, ClassVar

from django import forms

from contacts.segments.picking import Option
from contacts.segments.where import Gathered, Scope, Where

Config = dict[str, Any]


class RuleForm(forms.Form):
    """The controls of one rule. `scope` tells what is at hand (for example `scope.nodes`), `config` is the rule so far,
    perhaps incomplete or wrong: the controls may depend on it. A control that decides which others are shown says so
    in its widget's attrs, as in `forms.Select(attrs={"data-redraw": ""})`."""

    def __init__(self, config: Config, scope: Scope) -> None:
        super().__init__(initial=flat(config))
        self.config, self.scope = config, scope


class RuleKind:
    """A kind of rule. Subclass it; one instance is registered (see the module's head)."""

    key: ClassVar[str]  # the value of "rule" in a tree
    label: ClassVar[str]  # in the builder's choice of kinds
    icon: ClassVar[str]  # a lucide name
    order: ClassVar[int] = 50  # in the builder's choice of kinds
    Form: ClassVar[type[RuleForm]]
    keys: ClassVar[dict[str, str]] = {}  # what a rule has besides "rule", and what each says, for the API's readers
    example: ClassVar[Config] = {}

    def offered(self, scope: Scope) -> bool:
        """Whether the builder offers this kind there."""
        return True

    def problems(self, config: Config, scope: Scope) -> list[str]:
        """What is wrong with a rule, as sentences. Must stand anything that JSON can hold under any key.

        That strings are storable (no NUL, not endless) and that objects are not too deep has been seen to before."""
        raise NotImplementedError

    def sql(self, config: Config, now: datetime, scope: Scope) -> Where:
        """A boolean expression over the row `contacts_contact` (`"contacts_contact"."id"`…), of what `problems` passed.

        TRUE or FALSE, never NULL; no user value in the text, only `%s` parameters; a literal percent sign is `%%`.
        Other tables by EXISTS or a scalar sub-select. Never an SQL error, whatever the data: guard casts with CASE.
        `scope.few` says that contacts are a batch: prefer a form that probes an index on contact_id then."""
        raise NotImplementedError

    def gathered(self, config: Config, now: datetime, scope: Scope) -> Gathered | None:
        """The same people by their ids, from the rows that the rule asks about alone, so that a count takes no look at
        all contacts. None where contacts' own rows are needed, or where rows may outlive the contact they name."""
        return None

    def held(self, config: Config, now: datetime, scope: Scope) -> Where | None:
        """The values that the answer rests on: a scalar expression of type jsonb over the row `contacts_contact`, under
        the same terms as `sql`. None where there is nothing to tell."""
        return None

    def told(self, config: Config, held: Any) -> str:
        """Those values in words, beside the rule's own sentence: `city is “Lyon”`. `held` is read from JSON."""
        return ""

    def inner(self, config: Config, scope: Scope) -> tuple[Any, Scope] | None:
        """The rule tree that decides the answer, and its scope, where there is one, so that it can be explained too."""
        return None

    def sentence(self, config: Config) -> str:
        """The rule in words, so that "Contacts: " may precede it and "and", "or" may join it: `has the tag “vip”`."""
        raise NotImplementedError

    def sentence_in(self, config: Config, scope: Scope) -> str:
        """The same where the scope knows more (the labels of nodes)."""
        return self.sentence(config)

    def sentence_not(self, config: Config, scope: Scope) -> str:
        """That it is not so, in words: `does not have the tag “vip”`; "" where only "not (…)" says that."""
        return ""

    def moved_by(self, config: Config) -> Collection[str] | None:
        """The events after which the answer may be another one, for the contact to whom they happened; None: any event.

        `contact.created` goes without saying. What leaves no event is a matter of `drifts`."""
        return None

    def drifts(self, config: Config) -> bool:
        """Whether the answer may become another one without an event: because time passes, or because what is asked
        about leaves none."""
        return True

    def drifted(self, config: Config, since: datetime, now: datetime) -> Where | None:
        """A SELECT of the ids of those for whom it may have become another one since then because time passed, which an
        index answers; None where only a look at everybody tells. Asked only of a rule that `drifts`."""
        return None

    def suggestions(self, of: str, words: str, field: str) -> Sequence[Option] | None:
        """What a control with `data-suggest=of` offers while `words` are typed; None where that is not the kind's.

        `field` is what the control named by its `data-suggest-for` holds."""
        return None

    def countable(self, config: Config) -> bool:
        """Whether the rule means something outside a scenario, so that matching contacts can be counted."""
        return True


def flat(config: Config, prefix: str = "") -> Config:
    """{"within": {"amount": 3}} → {"within__amount": 3}; keys that are no text are left out."""
    found: Config = {}
    for key, item in config.items():
        if isinstance(item, dict):
            found.update(flat(item, f"{prefix}{key}__"))
        else:
            found[f"{prefix}{key}"] = item
    return found


def truth(text: Any) -> bool:
    """The `coerce` of a choice between true and false."""
    return text in (True, "true", "True")


def unknown_keys(config: Config, *known: str) -> Iterator[str]:
    """A sentence for each key that the kind does not know: a misspelt key must not silently widen an audience."""
    for key in config:
        if key != "rule" and key not in known:
            yield f"The rule “{config['rule']}” has no “{str(key)[:50]}”."
