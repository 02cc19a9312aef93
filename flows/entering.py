"""Lets contacts into scenarios: by the runs of a trigger that follows the clock, slice by slice, or by their events."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice
from operator import itemgetter

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import QuerySet

from contacts.columns import Columns, listed
from contacts.contact_zones import Zones
from contacts.days import day_of
from contacts.models import Installation
from contacts.remembering import remembering
from flows import exits, leaving, reentry
from flows.claiming import Standing, running
from flows.engine import BATCH
from flows.isolating import isolating, reason_of
from flows.kept_graphs import graph_of, kept
from flows.models import EntryRun, ExecutionState, Reentry, Scenario, ScenarioState
from flows.nodes import registry
from flows.nodes.base import Run, Trigger
from flows.stretch import Stretch, write
from flows.writing import AlreadyInside

logger = logging.getLogger(__name__)

# A trigger that fell behind by more runs than this at once goes on with the rest at the next tick.
MOST_RUNS_PER_TICK = 500
# A run whose audience cannot be told (its segment's rule may be broken) lets the others go first for so long.
AGAIN = timedelta(minutes=1)


def enter(scenario: Scenario, contacts: Sequence[int], events: Sequence[int | None], now: datetime) -> int:
    """Let contacts whom the caller has just read into a running scenario whose row it has locked; returns how many
    entered.

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

    pairs = sorted(zip(contacts, events, strict=True), key=itemgetter(0))
    for start in range(0, len(pairs), BATCH):
        broken: list[tuple[tuple[int, int | None], str]] = []
        left = isolating(
            work,
            pairs[start : start + BATCH],
            lambda pair, error, broken=broken: broken.append((pair, reason_of(error))),
        )
        # Nobody comes back for those who were left: their event is read, their run goes on.
        _fail(scenario, broken + [(pair, broken[-1][1]) for pair in left], now)
    return entered


def _fail(scenario: Scenario, broken: Sequence[tuple[tuple[int, int | None], str]], now: datetime) -> None:
    """Whoever could not take the first steps has failed at the trigger, with what went wrong."""
    if not broken:
        return
    pairs, reasons = zip(*broken, strict=True)
    node, columns = graph_of(scenario.flow_id).trigger.id, Columns()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH failed AS (
                INSERT INTO flows_execution (contact_id, event_id, error, scenario_id, flow_id, state, node, moves,
                                             single, entered_at, arrived_at, finished_at)
                SELECT {columns.many("bigint", [contact for contact, _ in pairs])},
                       {columns.any("bigint", [event for _, event in pairs])}, unnest(%s::text[]),
                       %s, %s, 'failed', %s, 1, %s, %s, %s, %s
                ON CONFLICT DO NOTHING RETURNING id, error
            ), steps AS (
                INSERT INTO flows_step (execution_id, number, node, outcome, reason, at)
                SELECT id, 0, %s, 'failed', error, %s FROM failed
            ) INSERT INTO flows_nodecount (scenario_id, day, node, metric, n)
            SELECT %s, %s, count.node, metric, count(*)
            FROM failed, (VALUES (%s, 'entered'), (%s, 'failed'), ('', 'failed')) count (node, metric)
            GROUP BY count.node, metric""",  # noqa: S608 - only column lists of our own
            [
                *columns.values,
                list(reasons),
                scenario.pk,
                scenario.flow_id,
                node,
                reentry.keeps_place(scenario.reentry, finished=True),
                now,
                now,
                now,
                node,
                now,
                scenario.pk,
                day_of(now),
                node,
                node,
            ],
        )


def _welcome(
    scenario: Scenario, pairs: Sequence[tuple[int, int | None]], now: datetime
) -> Sequence[tuple[int, int | None]]:
    """Those who may enter."""
    contacts = [contact for contact, _ in pairs]
    if refused := reentry.refused(scenario, contacts, now):
        pairs = [pair for pair in pairs if pair[0] not in refused]
    if scenario.exits.get("segment"):
        admissible = exits.admissible(scenario, [contact for contact, _ in pairs], now)
        pairs = [pair for pair in pairs if pair[0] in admissible]
    return pairs


def _walk(scenario: Scenario, pairs: Sequence[tuple[int, int | None]], now: datetime) -> None:
    """Entry and first stretch in one: everybody is written where they come to rest."""
    contacts = [contact for contact, _ in pairs]
    if scenario.reentry == Reentry.RESTART:
        leaving.restart(scenario, contacts, now)
    reentry.make_room(scenario, contacts, now)
    flow = kept(scenario.flow_id)
    new = Standing(
        scenario=scenario.pk,
        flow=flow.id,
        node=flow.graph.trigger.id,
        state=ExecutionState.PENDING,
        late=False,
        cleared=False,
        ids=_new_ids(len(contacts)),
        contacts=contacts,
        moves=[0] * len(contacts),
        events=[event for _, event in pairs],
    )
    stretch = Stretch(scenario, flow, now, entering=True, zone_of=Zones(contacts).of)
    stretch.carry([stretch.batch(new)])
    write([stretch])


def _new_ids(count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            # The sequence's name is looked up once, not for each number.
            """SELECT array_agg(nextval(ids)) FROM generate_series(1, %s), (
                SELECT pg_get_serial_sequence('flows_execution', 'id')::regclass AS ids OFFSET 0) AS sequence""",
            [count],
        )
        return cursor.fetchone()[0]


def plan(now: datetime) -> bool:
    """Write down the runs of one scenario's trigger that have become due. Returns whether there may be more."""
    with transaction.atomic():
        scenario = (
            Scenario.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(state=ScenarioState.RUNNING, next_run_at__lte=now)
            .order_by("?")  # so that one which cannot be planned does not keep the others from it
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


def _audience(scenario: Scenario, run: EntryRun, now: datetime) -> list[int]:
    """The next contacts of the run."""
    kind, config = trigger_of(scenario)
    audience = kind.audience(config, run.config, now).filter(pk__gt=run.after).order_by("pk")
    if run.upto is not None:
        audience = audience.filter(pk__lte=run.upto)
    return listed(audience.values_list("pk", flat=True)[:BATCH])


def admit(now: datetime) -> bool:
    """Let one slice of one open run's audience in. Returns whether there may be more."""
    with transaction.atomic(), remembering():
        run = _open(now).order_by("due_at", "pk").first()
        part = _admit(run, now) if run else None
    if part:
        with transaction.atomic(), remembering():
            # Somebody else may have been quicker. Whose worker ends here finds the part among the open runs.
            if cut := _open(now).filter(pk=part.pk).first():
                _admit(cut, now)
    return run is not None


def _open(now: datetime) -> QuerySet[EntryRun]:
    """Runs that are due and in nobody's hands. Whoever takes one has it until the transaction ends."""
    runs = EntryRun.objects.select_for_update(skip_locked=True, of=("self",))
    return runs.filter(finished_at=None, due_at__lte=now, scenario__state=ScenarioState.RUNNING)


def _admit(run: EntryRun, now: datetime) -> EntryRun | None:
    """Let the run's contacts in if they are few enough for one transaction; of more, cut off the first part."""
    for scenario in running([run.scenario_id]):
        try:
            with transaction.atomic():
                contacts = _audience(scenario, run, now)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("The audience of %s cannot be told; it is tried again later.", run)
            EntryRun.objects.filter(pk=run.pk).update(due_at=now + AGAIN)
            return None
        if run.upto is None and len(contacts) == BATCH:
            return _cut(run, contacts[-1])
        enter(scenario, contacts, [None] * len(contacts), now)
        EntryRun.objects.filter(pk=run.pk).update(finished_at=now)
    return None


def _cut(run: EntryRun, upto: int) -> EntryRun:
    key = f"{run.key}>{run.after}"
    part = EntryRun(scenario_id=run.scenario_id, flow_id=run.flow_id, key=key, config=run.config, due_at=run.due_at)
    part.after, part.upto = run.after, upto
    part.save()
    EntryRun.objects.filter(pk=run.pk).update(after=upto)
    return part
