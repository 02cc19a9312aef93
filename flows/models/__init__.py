"""Scenarios, their graphs, and everybody's way through them."""

from flows.models.count import NodeCount
from flows.models.entry_run import EntryRun
from flows.models.errand import Errand
from flows.models.execution import INSIDE, Execution, ExecutionState
from flows.models.flow import Flow
from flows.models.scenario import Cleared, Follows, Reentry, Scenario, ScenarioState
from flows.models.step import Step
from flows.models.sweep import Sweep

__all__ = [
    "INSIDE",
    "Cleared",
    "EntryRun",
    "Errand",
    "Execution",
    "ExecutionState",
    "Flow",
    "Follows",
    "NodeCount",
    "Reentry",
    "Scenario",
    "ScenarioState",
    "Step",
    "Sweep",
]
