"""Pauses scenarios that need a provider that is left alone or a budget that is empty, and lets them go on."""

from collections.abc import Collection
from datetime import datetime

from campaigns import suspending
from campaigns.suspending import Senders, Sent
from flows import obstacles, pausing
from flows.kept_graphs import graph_of
from flows.models import Scenario, ScenarioState
from flows.transitions import NotReady, WrongState


def follow(now: datetime) -> bool:
    """One slice of the lane."""
    return suspending.follow(Senders("scenario:", _running, _failing, pausing.suspend, _resume), now)


def _running() -> dict[int, list[Sent]]:
    live = Scenario.objects.filter(state=ScenarioState.RUNNING, flow__isnull=False).values_list("pk", "flow_id")
    return {pk: obstacles.sent_by(graph_of(flow)) for pk, flow in live}


def _failing(ids: Collection[int]) -> list[int]:
    return list(Scenario.objects.filter(pk__in=ids, state=ScenarioState.PAUSED_ERROR).values_list("pk", flat=True))


def _resume(pk: int, now: datetime) -> None:
    try:
        pausing.resume(Scenario.objects.get(pk=pk), now, itself=True)
    except (Scenario.DoesNotExist, NotReady, WrongState):
        return
