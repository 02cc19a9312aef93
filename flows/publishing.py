"""Makes a graph the live version of its scenario, and writes down what has to happen to the contacts inside.

`flows.settling` then works that off, slice by slice.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from contacts import lanes
from flows import asking, entering, objectives, starting, validation
from flows.graph import NODE_ID, Graph, Problem, parse, saved_trigger
from flows.kept_graphs import graph_of
from flows.models import Flow, Follows, Scenario, ScenarioState
from flows.transitions import COMPLETED, move


class Invalid(Exception):
    """The graph cannot be saved or published; `problems` says why, node by node."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


class Conflict(Exception):
    """Somebody else saved `what` (“version 3”, “a draft”) after this was opened."""

    def __init__(self, what: str, at: datetime, by: Any) -> None:
        super().__init__(f"{what[0].upper()}{what[1:]} was saved in the meantime.")
        self.what, self.at, self.by = what, at, str(by or "")


@dataclass(frozen=True)
class Answers:
    """What is to happen to the contacts whom a new version concerns.

    `redirects`: removed node → the node where its contacts go on, or None: they leave. `retime`: whether those at
    changed waits wait anew, counted from their arrival. `backfill`: whether those who finished where it leads on now
    go on there. `inserts`: the ways (`Flow.inserts`) by which those have passed who get inserted steps.
    """

    redirects: dict[str, str | None] = field(default_factory=dict)
    retime: bool = False
    backfill: bool = False
    inserts: dict[str, Any] = field(default_factory=dict)


NONE = Answers()


def answers(sent: dict[str, Any]) -> Answers:
    """`{"redirects": {node: node or null}, "retime": "arrival" | "leave", "backfill": bool}`, all optional."""
    redirects, retime, backfill = sent.get("redirects", {}), sent.get("retime", "leave"), sent.get("backfill", False)
    problems: list[Problem] = []
    ids = [*redirects, *redirects.values()] if isinstance(redirects, dict) else [0]
    if not all(node is None or (isinstance(node, str) and NODE_ID.fullmatch(node)) for node in ids):
        problems.append(Problem(None, "“redirects” says for each removed node the id of another one, or null."))
    if retime not in ("arrival", "leave"):
        problems.append(Problem(None, "“retime” is “arrival” or “leave”."))
    if not isinstance(backfill, bool):
        problems.append(Problem(None, "“backfill” is true or false."))
    if problems:
        raise Invalid(problems)
    return Answers(redirects, retime == "arrival", backfill)


def lock(scenario: Scenario, base: int | None, drafted: str | None) -> Scenario:
    """The scenario as it is now, locked, with its live flow: until the transaction ends, nobody moves in it.

    `base` is the number of the live version that was opened (None: whatever there is), `drafted` the `stamp` of the
    draft. Raises Conflict where they have been overtaken.
    """
    found = Scenario.objects.select_for_update(no_key=True, of=("self",)).select_related("flow", "draft_saved_by")
    locked = found.get(pk=scenario.pk)
    if locked.flow and base is not None and locked.flow.number != base:
        raise Conflict(f"version {locked.flow.number}", locked.flow.created_at, locked.flow.created_by)
    if locked.draft is not None and drafted is not None and drafted != stamp(locked):
        assert locked.draft_saved_at is not None
        raise Conflict("a draft", locked.draft_saved_at, locked.draft_saved_by)
    return locked


def stamp(scenario: Scenario) -> str:
    """What tells one state of the draft from another; empty where there is none."""
    return scenario.draft_saved_at.isoformat() if scenario.draft_saved_at else ""


@transaction.atomic
def publish(
    scenario: Scenario,
    graph: Any,
    objective: dict[str, Any],
    user: Any,
    base: int | None,
    now: datetime,
    answers: Answers = NONE,
    drafted: str | None = "",
) -> Flow:
    """Make the next version of the graph, which becomes the live one; a draft that was kept beside it is used up.

    A graph that cannot start yet may be published while nobody moves in it. What is live already makes no version.
    Raises Invalid or Conflict, and then nothing has changed.
    """
    locked = lock(scenario, base, drafted)
    problems = problems_of(locked, graph) + objectives.problems(objective)
    if problems:
        raise Invalid(problems)
    graph, live, fields, resumes = validation.tidy(graph), locked.flow, {}, False
    if live is None or live.graph != graph:
        flow = _next(locked, graph, answers, user, now)
        fields = {"next_run_at": _next_run_at(locked, flow, now)}
        locked.flow = flow
        resumes = bool(flow.backfills or flow.inserts) and locked.state in COMPLETED
    changed = Scenario.objects.filter(pk=locked.pk, flow=live).update(
        flow=locked.flow,
        objective=objective,
        listens_to=_listens_to(locked),
        awaits=awaited(locked),
        draft=None,
        draft_saved_at=None,
        draft_saved_by=None,
        **fields,
    )
    assert changed == 1  # the row is locked
    if resumes:
        _run_again(locked)
    scenario.refresh_from_db()
    objectives.keep(scenario)
    assert scenario.flow is not None
    if scenario.flow.settled_at is None:
        lanes.nudge("advance")
    return scenario.flow


def _run_again(scenario: Scenario) -> None:
    """For those who had finished and are sent on; the trigger lets nobody in. Completes again once they are through."""
    assert scenario.flow is not None
    if problems := validation.problems(scenario.flow.graph):
        raise Invalid(problems)
    move(scenario, "send_on", ScenarioState.RUNNING, overdue={})
    starting.release(scenario)


def problems_of(scenario: Scenario, graph: Any) -> list[Problem]:
    """What keeps a graph from becoming the live one, whatever it asks."""
    running = scenario.state == ScenarioState.RUNNING
    return (validation.problems if running else validation.structure)(graph) + trigger_problems(scenario, graph)


def trigger_problems(scenario: Scenario, new: Any) -> list[Problem]:
    """Contacts came in through the trigger: it may change its settings, not go away, once the scenario was started."""
    trigger = saved_trigger(scenario.flow.graph) if scenario.flow else None
    if trigger is None or scenario.state == ScenarioState.DRAFT or not isinstance(new, dict):
        return []
    nodes = new.get("nodes") if isinstance(new.get("nodes"), list) else []
    kept = {"id": trigger["id"], "type": trigger["type"]}
    if any(isinstance(node, dict) and kept.items() <= node.items() for node in nodes):
        return []
    return [Problem(trigger["id"], "The trigger cannot be removed once the scenario was started.")]


def _next(scenario: Scenario, graph: dict[str, Any], answers: Answers, user: Any, now: datetime) -> Flow:
    """The next version, with what has to happen because of it; what the one before left undone is handed over."""
    live, new = scenario.flow, parse(graph)
    redirects, retimes, backfills = dict[str, str | None](), set[str](), set[asking.End]()
    inserts: dict[str, Any] = {}
    if live and scenario.state != ScenarioState.DRAFT:
        if problems := list(_unanswered(scenario, new, answers)):
            raise Invalid(problems)
        old = parse(live.graph)
        redirects = dict(answers.redirects)
        if answers.retime and scenario.follows == Follows.LIVE:
            retimes = asking.changed_waits(old, new)
        if answers.backfill:
            backfills = asking.opened_ends(old, new)
        inserts = answers.inserts
    busy = bool(redirects or retimes or backfills or inserts)
    if live:
        left = live.settled_at is None
        busy |= left
        redirects = _handed_over(live.redirects, new, answers) | redirects
        retimes |= {node for node in live.retimes if left and node in new.nodes}
        backfills |= {(node, port) for node, port in live.backfills if left and new.follow(node, port)}
        inserts = _together(live.inserts, inserts, new) if left else inserts
        # Only the live version is worked off.
        Flow.objects.filter(pk=live.pk, settled_at=None).update(settled_at=now)
    return Flow.objects.create(
        scenario=scenario,
        number=live.number + 1 if live else 1,
        graph=graph,
        created_by=user if getattr(user, "pk", None) else None,
        redirects=redirects,
        retimes=sorted(retimes),
        backfills=sorted(backfills),
        inserts=inserts,
        settled_at=None if busy else now,
    )


def _together(left: dict[str, Any], inserts: dict[str, Any], new: Graph) -> dict[str, Any]:
    """What an earlier version inserts and has not brought to everybody yet, and what this one does."""
    ways = {tuple(way) for each in (left, inserts) for way in each.get("ways", []) if way[0] in new.nodes}
    steps = {key for each in (left, inserts) for key in each.get("steps", [])}
    return {"ways": sorted(ways), "steps": sorted(steps)} if ways else {}


def _handed_over(redirects: dict[str, str | None], new: Graph, answers: Answers) -> dict[str, str | None]:
    """Where contacts go of nodes that earlier versions removed: on from there, where that node is gone as well."""
    return {
        node: target if target in new.nodes else answers.redirects.get(target or "")
        for node, target in redirects.items()
        if node not in new.nodes
    }


def _unanswered(scenario: Scenario, new: Graph, answers: Answers) -> Iterator[Problem]:
    """What is missing or wrong in the answers."""
    assert scenario.flow is not None
    gone = {node["id"] for node in scenario.flow.graph["nodes"]} - new.nodes.keys()
    for node, target in answers.redirects.items():
        if node not in gone:
            yield Problem(node, "This step is not among those that were removed: nobody has to leave it.")
        elif target is not None and target not in new.nodes:
            yield Problem(node, f"Its contacts cannot go to “{target[:50]}”: there is no such step.")
        elif target is not None and new.nodes[target].is_trigger:
            yield Problem(node, "Its contacts cannot go to the trigger: choose another step.")
    for node, n in asking.displaced(scenario, new).items():
        if node not in answers.redirects:
            stand = "1 contact stands" if n == 1 else f"{n:,} contacts stand"
            yield Problem(node, f"{stand} at this step, which was removed. Say where they go.")


def _next_run_at(scenario: Scenario, flow: Flow, now: datetime) -> datetime | None:
    """When the trigger lets somebody in next. What became due by its former settings is not lost."""
    if scenario.state != ScenarioState.RUNNING or scenario.flow is None:
        return scenario.next_run_at
    if _trigger_config(scenario.flow) == _trigger_config(flow):
        return scenario.next_run_at
    if scenario.next_run_at and scenario.next_run_at <= now:
        entering.plan_due(scenario, now)
    scenario.flow = flow
    return None if _listens_to(scenario) else entering.next_run_at(scenario, now)


def _trigger_config(flow: Flow) -> Any:
    trigger = saved_trigger(flow.graph)
    return trigger and (trigger["type"], trigger["config"])


def _listens_to(scenario: Scenario) -> str:
    """The name of the events that let contacts in, or nothing."""
    if scenario.flow is None or saved_trigger(scenario.flow.graph) is None:
        return ""
    kind, config = entering.trigger_of(scenario)
    return kind.event(config) or ""


def awaited(scenario: Scenario) -> list[str]:
    """The names of the events that contacts may be waiting for in any version that somebody may still be following."""
    graphs = [scenario.flow] if scenario.follows == Follows.LIVE else list(scenario.flows.all())
    return sorted({name for flow in graphs if flow for name in graph_of(flow.pk).awaited})
