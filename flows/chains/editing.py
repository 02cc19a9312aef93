"""Keeps what was changed in a chain's list of steps: as the live version while nobody is inside, else as a draft."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from campaigns import objectives as goals
from campaigns.models import Campaign, ChainStep
from flows import objectives, publishing, saving
from flows.chains import asking_terms, beginning
from flows.chains.beginning import parts_of
from flows.chains.compiling import Part, compiled, step_of, written_in
from flows.models import Flow, Scenario, ScenarioState
from flows.transitions import WrongState

MOST_STEPS = 100
ELSEWHERE = "This is the flow of a chain of mailings: it is edited in the chain’s list of steps."
# What is saved while it is scheduled is sent without anybody looking at it again.
SENDERS_ONLY = "This chain is scheduled: only who may send campaigns can change it now."
FIELDS = ("name", "channel", "message", "terms", "timing", "objective")
# Nobody is inside: what is saved is what will be sent.
UNSENT = (ScenarioState.DRAFT, ScenarioState.SCHEDULED)


class Refused(Exception):
    """Nothing was saved; `errors` are sentences by the key of the step, under "" those about the chain."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(" ".join(sentence for sentences in errors.values() for sentence in sentences))
        self.errors = errors


@dataclass(frozen=True)
class Change:
    """What is to be saved. `steps`: key → the `FIELDS` of new and changed steps; `removed`: keys; `order`: the keys as
    the page shows them, those of steps that stay unsaved among them; None leaves the order as it is. Unless `whole`,
    only the changed steps take their place in that order."""

    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    removed: Collection[str] = ()
    order: Sequence[str] | None = None
    whole: bool = True


@transaction.atomic
def save(
    campaign: Campaign, change: Change, user: Any, base: str | None, now: datetime, may_send: bool = True
) -> Scenario:
    """Save steps, all or none. `base` is the `stamp` that the page was opened with (None: whatever there is).

    Raises Refused, WrongState for a chain that was cancelled, or that is scheduled where the user may not send it, and
    publishing.Conflict where somebody else saved since.
    """
    scenario = publishing.lock(beginning.scenario_of(campaign, user, now), None, None)
    if base is not None and base != stamp(scenario):
        raise publishing.Conflict("this chain", *_last_save(scenario))
    if scenario.state == ScenarioState.STOPPED:
        raise WrongState("This chain was cancelled: it is not sent any more. Clone it to send its steps again.")
    if scenario.state == ScenarioState.SCHEDULED and not may_send:
        raise WrongState(SENDERS_ONLY)
    rows = {step.key: step for step in campaign.steps.all()}
    order = _order(list(rows), change)
    _check(campaign, rows, order, change)
    _write(campaign, rows, order, change)
    _aim(campaign, scenario, rows, order, change)
    _keep(campaign, scenario, user, now)
    scenario.refresh_from_db()
    return scenario


def stamp(scenario: Scenario) -> str:
    """What tells one saved state of a chain from another."""
    number = scenario.flow.number if scenario.flow else 0
    return f"{number}:{publishing.stamp(scenario)}"


@transaction.atomic
def publish(
    campaign: Campaign, user: Any, base: str | None, now: datetime, answers: publishing.Answers = publishing.NONE
) -> Flow:
    """Make what was saved live for contacts. Raises saving.NoDraft, saving.Invalid and saving.Conflict."""
    scenario = publishing.lock(beginning.scenario_of(campaign, user, now), None, None)
    if base is not None and base != stamp(scenario):
        raise publishing.Conflict("this chain", *_last_save(scenario))
    before = _keys(scenario)
    flow = saving.publish_draft(scenario, None, user, None, None, now, answers)
    _forget(campaign, before - set(campaign.steps.values_list("key", flat=True)))
    return flow


@transaction.atomic
def discard(campaign: Campaign, user: Any, now: datetime) -> None:
    """Back to the steps that are live. What each step is meant to achieve is no part of a version, and stays."""
    scenario = publishing.lock(beginning.scenario_of(campaign, user, now), None, None)
    saving.discard_draft(scenario, None)
    assert scenario.flow is not None
    known = dict(campaign.steps.values_list("key", "objective"))
    live = _keys(scenario)
    for key, owner in {key: f"{campaign.origin}:{key}" for key in live - known.keys()}.items():
        known[key] = goals.objective_of(owner)  # of a step that was removed
    _forget(campaign, known.keys() - live)
    campaign.steps.all().delete()
    ChainStep.objects.bulk_create(
        [
            ChainStep(campaign=campaign, position=place, objective=known.get(part.key, {}), **vars(part))
            for place, part in enumerate(written_in(scenario.flow.graph))
        ]
    )


@transaction.atomic
def recompile(campaign: Campaign, user: Any, now: datetime) -> None:
    """Bring the flow in step with a changed schedule."""
    _keep(campaign, publishing.lock(beginning.scenario_of(campaign, user, now), None, None), user, now)


def new_key(campaign: Campaign, taken: Collection[str] = ()) -> str:
    """A key that no step of the chain has had in any version: messages are found by it."""
    scenario = Scenario.objects.filter(campaign=campaign).first()
    graphs = [flow.graph for flow in scenario.flows.all()] if scenario else []
    if scenario and scenario.draft:
        graphs.append(scenario.draft)
    used = {step_of(node["id"]) for graph in graphs for node in graph["nodes"]}
    used |= {*campaign.steps.values_list("key", flat=True), *taken}
    number = 1 + max([int(key[1:]) for key in used if key[:1] == "n" and key[1:].isdecimal()], default=0)
    return f"n{number}"


def _order(saved: list[str], change: Change) -> list[str]:
    order = [key for key in saved if key not in change.removed]
    known = {*order, *change.steps}
    wanted = [key for key in dict.fromkeys(change.order or ()) if key in known]
    if change.whole and wanted:
        order = wanted
    for place, key in enumerate(wanted):
        if key in change.steps and not change.whole:
            order = [each for each in order if each != key]
            before = [each for each in wanted[:place] if each in order]
            order.insert(order.index(before[-1]) + 1 if before else 0, key)
    return [*order, *(key for key in [*saved, *change.steps] if key in known and key not in order)]


def _check(campaign: Campaign, rows: dict[str, ChainStep], order: list[str], change: Change) -> None:
    errors: dict[str, list[str]] = defaultdict(list)
    if len(order) > MOST_STEPS:
        errors[""].append(f"A chain has at most {MOST_STEPS} steps.")
    if rows and not order:
        errors[""].append("A chain has at least one step.")
    parts = [_part(key, rows, change) for key in order]
    for key, sentence in asking_terms.problems(parts):
        errors[key].append(sentence)
    for key, fields in change.steps.items():
        errors[key] += [problem.message for problem in objectives.problems(fields.get("objective") or {})]
    if found := {key: sentences for key, sentences in errors.items() if sentences}:
        raise Refused(found)


def _part(key: str, rows: dict[str, ChainStep], change: Change) -> Part:
    fields = change.steps.get(key) or {name: getattr(rows[key], name) for name in FIELDS}
    return Part(key, **{name: fields[name] for name in FIELDS if name != "objective"})


def _write(campaign: Campaign, rows: dict[str, ChainStep], order: list[str], change: Change) -> None:
    campaign.steps.filter(key__in=list(rows.keys() - set(order))).delete()
    places = {key: place for place, key in enumerate(order)}
    kept = [rows[key] for key in order if key in rows]
    for step in kept:
        step.position = places[step.key]
        for name, value in change.steps.get(step.key, {}).items():
            setattr(step, name, value)
    ChainStep.objects.bulk_update(kept, ["position", *FIELDS])
    ChainStep.objects.bulk_create(
        [
            ChainStep(campaign=campaign, key=key, position=places[key], **change.steps[key])
            for key in order
            if key not in rows
        ]
    )


def _aim(campaign: Campaign, scenario: Scenario, rows: dict[str, ChainStep], order: list[str], change: Change) -> None:
    """What each step is meant to achieve counts from now on. Of one that was removed, as long as it is live."""
    for key, fields in change.steps.items():
        goals.set_objective(f"{campaign.origin}:{key}", fields["objective"])
    live = set() if scenario.state in UNSENT else _keys(scenario)
    _forget(campaign, rows.keys() - set(order) - live)


def _keys(scenario: Scenario) -> set[str]:
    """The keys of the steps that are live."""
    return {part.key for part in written_in(scenario.flow.graph)} if scenario.flow else set()


def _forget(campaign: Campaign, keys: Collection[str]) -> None:
    """Of removed steps nothing is achieved any more: their contacts are still converted by what the chain is for."""
    for key in keys:
        goals.set_objective(f"{campaign.origin}:{key}", None)


def _keep(campaign: Campaign, scenario: Scenario, user: Any, now: datetime) -> None:
    graph = compiled(campaign.pk, campaign.schedule, parts_of(campaign))
    if scenario.state in UNSENT:
        publishing.publish(scenario, graph, scenario.objective, user, None, now, drafted=None)
    else:
        saving.keep_draft(scenario, graph, user, None, None, now)


def _last_save(scenario: Scenario) -> tuple[datetime, Any]:
    if scenario.draft_saved_at:
        return scenario.draft_saved_at, scenario.draft_saved_by
    assert scenario.flow is not None
    return scenario.flow.created_at, scenario.flow.created_by
