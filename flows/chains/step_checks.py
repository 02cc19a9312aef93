"""Checks a step that a program sends by the form that people fill in, so that both are told the same."""

from typing import Any

from campaigns.mailings.saving import Invalid
from campaigns.models import Campaign
from contacts.models.consent import Channel
from flows import objectives
from flows.chains.beginning import parts_of
from flows.chains.step_form import OWN, PREVIOUS, StepForm
from flows.graph import unstorable

KNOWN = ("name", "channel", "message", "terms", "timing", "objective")
# What an answer of the API has besides, which may be sent back.
SHOWN = ("key", "position", "live")
OF_TIMING = {"at_once": (), "delay": ("amount", "unit"), "at": ("at", "timezone")}


def checked(campaign: Campaign, key: str, given: dict[str, Any]) -> dict[str, Any]:
    """The fields of a step as they are kept. Raises saving.Invalid of mailings, by field."""
    if found := unstorable(given):
        raise Invalid({"detail": [problem.message for problem in found]})
    errors: dict[str, list[str]] = {
        name[:50]: ["A step has no such field."] for name in given if name not in (*KNOWN, *SHOWN)
    }
    given = {name: value for name, value in given.items() if value is not None}
    for name in ("message", "timing", "objective"):
        if not isinstance(given.get(name, {}), dict):
            errors[name] = ["This is not an object."]
    if errors:
        raise Invalid(errors)
    others = [part for part in parts_of(campaign) if part.key != key]
    form = StepForm(key, others, {}, _posted(key, given), {})
    if not form.is_valid():
        _collect(form, errors)
    errors |= _unknown(form, given)
    if wrong := objectives.problems(given.get("objective") or {}):
        errors["objective"] = [problem.message for problem in wrong]
    if errors:
        raise Invalid(errors)
    return {**form.values, "objective": given.get("objective") or {}}


def _posted(key: str, given: dict[str, Any]) -> dict[str, Any]:
    """What the form would be sent."""
    timing, message = given.get("timing") or {}, given.get("message") or {}
    fields = {
        "name": given.get("name"),
        "channel": given.get("channel"),
        "who": PREVIOUS if given.get("terms") is None else OWN,
        "terms": given.get("terms"),
        "when": timing.get("kind", "at_once"),
        "amount": timing.get("amount"),
        "unit": timing.get("unit"),
        "at": timing.get("at"),
        "zone": timing.get("timezone"),
    }
    posted = {f"{key}-{name}": value for name, value in fields.items() if not isinstance(value, list)}
    channel = given.get("channel") if given.get("channel") in Channel.values else Channel.EMAIL
    posted |= {f"{key}-{channel}-{name}": value for name, value in message.items()}
    return {**posted, f"{key}-goal-kind": ""}


def _collect(form: StepForm, errors: dict[str, list[str]]) -> None:
    places = {
        "when": "timing.kind", "amount": "timing.amount", "unit": "timing.unit", "at": "timing.at",
        "zone": "timing.timezone", "who": "terms",
    }  # fmt: skip
    for name, sentences in form.fields.errors.items():
        errors.setdefault(places.get(name, name), []).extend(str(each) for each in sentences)
    for name, sentences in form.message.errors.items():
        place = "message" if name == "__all__" else f"message.{name}"
        errors.setdefault(place, []).extend(str(each) for each in sentences)


def _unknown(form: StepForm, given: dict[str, Any]) -> dict[str, list[str]]:
    found = {}
    for name, value in (given.get("message") or {}).items():
        if name not in form.message.fields:
            found[f"message.{str(name)[:50]}"] = ["A message of this channel has no such field."]
        elif isinstance(value, (dict, list)):
            found[f"message.{name}"] = ["Give one plain value."]
    timing = given.get("timing") or {}
    kind = timing.get("kind", "at_once")
    for name in timing:
        if name != "kind" and name not in (OF_TIMING.get(kind, ()) if isinstance(kind, str) else ()):
            found[f"timing.{str(name)[:50]}"] = ["This kind of time has no such field."]
    return found


def position(given: Any) -> int:
    """Raises saving.Invalid of mailings."""
    if not isinstance(given, int) or isinstance(given, bool) or given < 0:
        raise Invalid({"position": ["A position is a whole number; 0 is the first."]})
    return given
