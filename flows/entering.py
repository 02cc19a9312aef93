"""Lets contacts into scenarios: by the runs of a trigger that follows the clock, slice by slice, or by their events."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice

from django.db import connection, transaction
from django.db.models import F

from contacts.models import Installation
from flows import exits, leaving, reentry
from flows.claiming import running
from flows.engine import BATCH, isolating
from flows.kept_graphs import graph_of, kept
from flows.models import EntryRun, Reentry, Scenario, ScenarioState
from flows.nodes import registry
from flows.nodes.base import Run, Trigger
from flows.stretch import Stretch
from flows.writing import AlreadyInside

# A trigger that fell behind by more runs than this at once goes on with the rest at the next tick.
MOST_RUNS_PER_TICK = 500


def enter(scenario: Scenario, contacts: Sequence[int], events: Sequence[int | None], now: datetime) -> int:
    """Let contacts into a running scenario whose row the caller has locked; returns how many entered.

    `events` has, for each contact, the id of the event that let it in, or None. Whom the re-entry mode refuses stays
    out: asked before, and refused by the database where two entries meet.
    """
    entered = 0

    def work(pairs: Sequence[tuple[int, int | None]]) -> None:
        nonlocal entered
        leaving.make_way(scenario, [contact for contact, _ in pairs], now)
        while pairs := _welcome(scenario, pairs, now):
            try:
                with transaction.atomic():
                    _walk(scenario, pairs, now)
                entered += len(pairs)
                return
            except AlreadyInside:
                continue

    pairs = sorted(zip(contacts, events, strict=True), key=lambda pair: pair[0])
    for start in range(0, len(pairs), BATCH):
        # A contact whose first stretch breaks never entered: the trace of it is the log.
        isolating(work, pairs[start : start + BATCH], lambda pair, error: None)
    return entered


def _welcome(
    scenario: Scenario, pairs: Sequence[tuple[int, int | None]], now: datetime
) -> list[tuple[int, int | None]]:
    """Those who may enter."""
    contacts = [contact for contact, _ in pairs]
    welcome = reentry.welcome(scenario, contacts, now)
    if scenario.exits.get("segment"):
        welcome &= exits.admissible(scenario, list(welcome), now)
    return [pair for pair in pairs if pair[0] in welcome]


def _walk(scenario: Scenario, pairs: Sequence[tuple[int, int | None]], now: datetime) -> None:
    """Entry and first stretch in one: everybody is written where they come to rest."""
    contacts = [contact for contact, _ in pairs]
    if scenario.reentry == Reentry.RESTART:
        leaving.restart(scenario, contacts, now)
    reentry.make_room(scenario, contacts, now)
    flow = kept(scenario.flow_id)
    stretch = Stretch(scenario, flow, now, entering=True)
    with connection.cursor() as cursor:
        cursor.execute(
            # The sequence's name is looked up once, not for each number.
            """SELECT nextval(ids) FROM generate_series(1, %s), (
                SELECT pg_get_serial_sequence('flows_execution', 'id')::regclass AS ids OFFSET 0) AS sequence""",
            [len(pairs)],
        )
        ids = [row[0] for row in cursor.fetchall()]
    stretch.carry([stretch.batch(flow.graph.trigger.id, ids, contacts, [0] * len(ids), [event for _, event in pairs])])
    stretch.write()


def plan(now: datetime) -> bool:
    """Write down the runs of one scenario's trigger that have become due. Returns whether there may be more."""
    with transaction.atomic():
        scenario = (
            Scenario.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(state=ScenarioState.RUNNING, next_run_at__lte=now)
            .order_by("next_run_at")
            .first()
        )
        if scenario is None:
            return False
        plan_due(scenario, now)
    return True


def plan_due(scenario: Scenario, now: datetime) -> None:
    """Write down the runs of a scenario's trigger that have become due; the caller has locked its row."""
    kind, config = trigger_of(scenario)
    due, following = _due(kind, config, scenario, now)
    EntryRun.objects.bulk_create(
        [
            EntryRun(scenario=scenario, flow_id=scenario.flow_id, key=run.key, config=run.config, due_at=run.due_at)
            for run in due
        ],
        ignore_conflicts=True,
    )
    scenario.next_run_at = following.due_at if following else None
    scenario.save(update_fields=["next_run_at"])


def trigger_of(scenario: Scenario) -> tuple[Trigger, dict]:
    """The type and the config of the scenario's trigger node."""
    node = graph_of(scenario.flow_id).trigger
    kind = registry()[node.type]
    assert isinstance(kind, Trigger)
    return kind, node.config


def _due(kind: Trigger, config: dict, scenario: Scenario, now: datetime) -> tuple[list[Run], Run | None]:
    """The runs due until now, and the first one after. Runs that share a moment are all due again when it comes:
    their keys keep them from being planned twice."""
    since = scenario.next_run_at - timedelta(microseconds=1)
    runs = kind.runs(config, scenario.started_at, since, Installation.current().zone_name)
    due: list[Run] = []
    for run in islice(runs, MOST_RUNS_PER_TICK):
        if run.due_at > now:
            return (due if kind.catches_up else due[-1:]), run
        due.append(run)
    return (due if kind.catches_up else due[-1:]), (due[-1] if len(due) == MOST_RUNS_PER_TICK else None)


def next_run_at(scenario: Scenario, since: datetime) -> datetime | None:
    """When the scenario's trigger lets somebody in next, from `since` on."""
    kind, config = trigger_of(scenario)
    just_before = since - timedelta(microseconds=1)
    run = next(kind.runs(config, scenario.started_at or since, just_before, Installation.current().zone_name), None)
    return run.due_at if run else None


def admit(now: datetime) -> bool:
    """Let one slice of one open run's audience in. Returns whether there may be more."""
    with transaction.atomic():
        run = (
            EntryRun.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(finished_at=None, due_at__lte=now, scenario__state=ScenarioState.RUNNING)
            .order_by("due_at", "pk")
            .first()
        )
        if run is None:
            return False
        for scenario in running([run.scenario_id]):
            kind, config = trigger_of(scenario)
            audience = kind.audience(config, run.config, now).filter(pk__gt=run.after).order_by("pk")
            contacts = list(audience.values_list("pk", flat=True)[:BATCH])
            entered = enter(scenario, contacts, [None] * len(contacts), now)
            EntryRun.objects.filter(pk=run.pk).update(
                after=contacts[-1] if contacts else run.after,
                entered=F("entered") + entered,
                finished_at=now if len(contacts) < BATCH else None,
            )
    return True
