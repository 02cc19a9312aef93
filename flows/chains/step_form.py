"""One step's block as forms: what it is called, who gets it, when, what it says, and what it is meant to achieve."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from campaigns.models import ChainStep
from contacts.models.consent import Channel
from contacts.segments.forms import RuleField
from flows import calendar
from flows.chains import asking_terms
from flows.chains.compiling import AT_ONCE, Part
from flows.chains.goal_form import GoalForm
from flows.nodes import registry
from flows.nodes._fields import OWN_ZONE, LocalMomentField, ZoneField

PREVIOUS, OWN = "previous", "own"
AS_CHAIN = "None of its own: the chain’s counts"


class StepFields(forms.Form):
    name = forms.CharField(max_length=100, label="Name", help_text="How terms and statistics call this step.")
    channel = forms.ChoiceField(choices=Channel.choices, widget=forms.RadioSelect)
    who = forms.ChoiceField(choices=[(PREVIOUS, PREVIOUS), (OWN, OWN)])
    terms = RuleField(required=False, label="Who matches")
    when = forms.ChoiceField(choices=[("at_once", "at_once"), ("delay", "delay"), ("at", "at")])
    amount = forms.IntegerField(required=False, min_value=1, label="Amount")
    unit = forms.ChoiceField(required=False, label="Unit", choices=[(unit, unit) for unit in calendar.MAX_AMOUNT])
    at = LocalMomentField(required=False, label="Date and time")
    zone = ZoneField(own=True, empty="Choose one", label="Time zone")

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data.get("who") != OWN:
            self.errors.pop("terms", None)
        elif not data.get("terms") and "terms" not in self.errors:
            self.add_error("terms", "Add at least one term, or let everybody of the previous step get it.")
        if data.get("when") != "delay":
            self.errors.pop("amount", None)
        if data.get("when") != "at":
            self.errors.pop("at", None)
            self.errors.pop("zone", None)
        for name, sentence in self._needs():
            if data.get(name) in (None, "") and name not in self.errors:
                self.add_error(name, sentence)
        most = calendar.MAX_AMOUNT.get(data.get("unit") or "")
        if data.get("when") == "delay" and most and (data.get("amount") or 0) > most:
            self.add_error("amount", f"Wait at most {most:,} {data['unit']}, which is about ten years.")
        return data

    def _needs(self) -> Sequence[tuple[str, str]]:
        return {
            "delay": (("amount", "Say how long."), ("unit", "Choose a unit.")),
            "at": (("at", "Say when."), ("zone", "Choose a time zone.")),
        }.get(str(self.cleaned_data.get("when")), ())

    @property
    def timing(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data["when"] == "delay":
            return {"kind": "delay", "amount": data["amount"], "unit": data["unit"]}
        if data["when"] == "at":
            return {"kind": "at", "at": data["at"], "timezone": data["zone"]}
        return dict(AT_ONCE)


class StepForm:
    """The block of the step `key`, whose earlier steps are `before`; bound to `data` where somebody sent it."""

    def __init__(
        self, key: str, before: Sequence[Part], step: Mapping[str, Any], data: Any = None, objective: Any = None
    ) -> None:
        self.key, self.before, self.step = key, before, step
        self.fields = StepFields(data, prefix=key, initial=_initial(step))
        self.fields.fields["terms"].scope = asking_terms.scope(before)  # type: ignore[attr-defined]
        self.messages = {str(channel): _message(key, str(channel), step, data) for channel in Channel}
        kept = objective if objective is not None else step.get("objective")
        self.goal = GoalForm(data, prefix=f"{key}-goal", nothing=AS_CHAIN, kept=kept)
        self.refusals: list[str] = []

    @property
    def channel(self) -> str:
        return str(self.fields["channel"].value() or Channel.EMAIL)

    @property
    def name(self) -> str:
        return str(self.fields["name"].value() or "")

    @property
    def chosen(self) -> dict[str, str]:
        """What is chosen in the block, and so which of its fields are shown."""
        return {name: str(self.fields[name].value() or "") for name in ("who", "when")}

    @property
    def message(self) -> forms.Form:
        return self.messages[self.channel if self.channel in self.messages else str(Channel.EMAIL)]

    @property
    def picks(self) -> list[asking_terms.Pick]:
        return asking_terms.picks(self.before)

    def is_valid(self) -> bool:
        return all([self.fields.is_valid(), self.message.is_valid(), self.goal.is_valid()])

    @property
    def wrong(self) -> bool:
        bound = self.fields.is_bound and bool(self.fields.errors or self.message.errors or self.goal.errors)
        return bound or bool(self.refusals)

    @property
    def values(self) -> dict[str, Any]:
        """The fields of the step, once it is valid."""
        data = self.fields.cleaned_data
        return {
            "name": data["name"],
            "channel": data["channel"],
            "message": {name: value for name, value in self.message.cleaned_data.items() if value not in (None, "")},
            "terms": data["terms"] if data["who"] == OWN else None,
            "timing": self.fields.timing,
            "objective": self.goal.objective,
        }


def kept(step: ChainStep) -> dict[str, Any]:
    """A saved step, as its form starts with it."""
    names = ("name", "channel", "message", "terms", "timing", "objective")
    return {name: getattr(step, name) for name in names}


def _initial(step: Mapping[str, Any]) -> dict[str, Any]:
    timing = step.get("timing") or AT_ONCE
    return {
        "name": step.get("name", ""),
        "channel": step.get("channel", Channel.EMAIL),
        "who": OWN if step.get("terms") else PREVIOUS,
        "terms": step.get("terms"),
        "when": timing.get("kind", "at_once"),
        "amount": timing.get("amount", 1),
        "unit": timing.get("unit", "days"),
        "at": timing.get("at", ""),
        "zone": timing.get("timezone", OWN_ZONE),
    }


def _message(key: str, channel: str, step: Mapping[str, Any], data: Any) -> forms.Form:
    own = step.get("message") if step.get("channel") == channel else None
    form = registry()[channel].Form(data, prefix=f"{key}-{channel}", initial=own or {})
    del form.fields["name"]  # that of the step
    form.empty_permitted = False
    return form
