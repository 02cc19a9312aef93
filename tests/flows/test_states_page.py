"""The page of states says what the code does."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db.models import TextChoices
from django.utils.module_loading import import_string

from campaigns.models import MessageState
from flows.models import ExecutionState, ScenarioState
from flows.transitions import COMMANDS

PAGE = Path(settings.BASE_DIR, "docs", "states.md").read_text()
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))
CASES = {"Scenario": ScenarioState, "Execution": ExecutionState, "Message": MessageState}


def arrows(section: str) -> set[tuple[str, str, str]]:
    found = re.findall(r"^ +(\[\*\]|\w+) --> (\w+)(?:: (\S+))?$", SECTIONS[section], re.MULTILINE)
    assert len(found) == len(set(found)) == SECTIONS[section].count("-->")
    return set(found)


@pytest.mark.parametrize("section", CASES)
def test_every_state_has_its_sentence(section: str):
    states: type[TextChoices] = CASES[section]
    told = re.findall(r"^\| (\w+) \| ([A-Z][^|]+\.) \|$", SECTIONS[section], re.MULTILINE)
    assert [state for state, _ in told] == states.values


@pytest.mark.parametrize("section", CASES)
def test_every_arrow_is_between_states(section: str):
    assert {state for arrow in arrows(section) for state in arrow[:2]} <= {"[*]", *CASES[section].values}


def test_a_scenarios_arrows_are_those_of_the_commands():
    wanted = {
        (str(before), str(after), name)
        for name, command in COMMANDS.items()
        for before in command.of
        for after in command.to
    }
    assert {arrow for arrow in arrows("Scenario") if arrow[0] != "[*]"} == wanted
    assert set(re.findall(r"\*\*(\w+)\*\*", SECTIONS["Scenario"])) == COMMANDS.keys()


@pytest.mark.parametrize("section", ["Execution", "Message"])
def test_what_makes_the_other_moves_is_there(section: str):
    for *_, path in arrows(section):
        assert callable(import_string(path))
