"""Puts together what the page of a chain shows of each step: its form, in words, and its numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from campaigns.models import Campaign, ChainStep
from flows.chains import asking_terms, numbers, wording
from flows.chains.beginning import parts_of
from flows.chains.compiling import Part
from flows.chains.numbers import Numbers
from flows.chains.step_form import StepForm, kept
from flows.models import Scenario


@dataclass
class Block:
    """One step as the page shows it. `numbers` is None before the chain was sent; `live` says whether the version that
    contacts follow has the step."""

    form: StepForm
    place: int
    new: bool
    who: str
    when: str
    numbers: Numbers | None = None
    live: bool = True
    warning: str = ""

    @property
    def key(self) -> str:
        return self.form.key

    @property
    def first(self) -> bool:
        return self.place == 1


def of_chain(campaign: Campaign, scenario: Scenario) -> list[Block]:
    """The blocks of all saved steps, in their order."""
    rows, parts = list(campaign.steps.all()), parts_of(campaign)
    found = numbers.by_step(scenario) if campaign.started_at else {}
    live = {node["id"] for node in scenario.flow.graph["nodes"]} if scenario.flow else set()
    warnings = dict(asking_terms.warnings(parts))
    blocks = []
    for place, step in enumerate(rows):
        form = StepForm(step.key, parts[:place], kept(step))
        block = block_of(form, place + 1, warning=warnings.get(step.key, ""))
        numbered = found.get(step.key, Numbers()) if campaign.started_at else None
        blocks.append(replace(block, numbers=numbered, live=step.key in live))
    return blocks


def of_forms(campaign: Campaign, scenario: Scenario, forms: Sequence[StepForm], order: Sequence[str]) -> list[Block]:
    """The blocks of steps as they were sent, at their places in the page."""
    found = numbers.by_step(scenario) if campaign.started_at else {}
    saved = set(campaign.steps.values_list("key", flat=True))
    blocks = []
    for form in forms:
        place = order.index(form.key) + 1 if form.key in order else 1
        block = block_of(form, place, new=form.key not in saved)
        blocks.append(replace(block, numbers=found.get(form.key)))
    return blocks


def block_of(form: StepForm, place: int, new: bool = False, warning: str = "") -> Block:
    step = form.step
    who = wording.who(step.get("terms"), form.before)
    return Block(form, place, new, who, wording.when(step.get("timing") or {}, place == 1), warning=warning)


def fresh(key: str, before: Sequence[Part], like: Mapping[str, Any] | None = None) -> StepForm:
    """The form of a step that is not saved yet: empty, or like another one."""
    if like:
        return StepForm(key, before, {**like, "name": _copied(str(like.get("name") or ""), before)})
    timing = {"kind": "delay", "amount": 1, "unit": "days"} if before else {}
    return StepForm(key, before, {"name": _numbered(before), "channel": "email", "timing": timing})


def posted(campaign: Campaign, data: Any, keys: Sequence[str], order: Sequence[str]) -> dict[str, StepForm]:
    """The forms of the steps that were sent, each knowing the steps before it as the page has them."""
    rows = {step.key: step for step in campaign.steps.all()}
    forms: dict[str, StepForm] = {}
    before: list[Part] = []
    for key in order:
        if key in keys:
            step = kept(rows[key]) if key in rows else {}
            forms[key] = StepForm(key, list(before), step, data)
            before.append(Part(key, forms[key].name, forms[key].channel))
        elif key in rows:
            before.append(Part(key, rows[key].name, rows[key].channel))
    return forms


def of_row(campaign: Campaign, key: str) -> StepForm:
    """The form of a saved step. Raises ChainStep.DoesNotExist."""
    parts = parts_of(campaign)
    place = next((place for place, part in enumerate(parts) if part.key == key), None)
    if place is None:
        raise ChainStep.DoesNotExist
    return StepForm(key, parts[:place], kept(campaign.steps.get(key=key)))


def _numbered(before: Sequence[Part]) -> str:
    taken, number = {part.name for part in before}, len(before) + 1
    while f"Step {number}" in taken:
        number += 1
    return f"Step {number}"


def _copied(name: str, before: Sequence[Part]) -> str:
    return f"{name[:90]} (copy)"
