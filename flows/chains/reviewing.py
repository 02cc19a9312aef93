"""Looks a chain over before it is sent: what is missing, whom it is for, and whom its first step reaches."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from campaigns.mailings import audience
from campaigns.mailings.audience import Counted
from campaigns.models import Campaign
from contacts import segments
from flows import starting
from flows.chains import beginning, commanding, wording
from flows.chains.compiling import Part, step_of
from flows.models import Scenario


@dataclass
class Line:
    """A step in words, and what keeps it from being sent."""

    part: Part
    who: str
    when: str
    problems: list[str] = field(default_factory=list)


@dataclass
class Review:
    """`counted` is whom the first step reaches by its channel; None where the audience cannot be told, and `problems`
    says why."""

    lines: list[Line]
    problems: list[str]
    counted: Counted | None

    @property
    def ready(self) -> bool:
        return not self.problems and not any(line.problems for line in self.lines)


def review(campaign: Campaign, scenario: Scenario, now: datetime) -> Review:
    parts = beginning.parts_of(campaign)
    by_step: dict[str, list[str]] = defaultdict(list)
    at = commanding.first_moment(scenario, now) if campaign.schedule.get("when") == "at" else now
    if at is None:
        by_step[""].append("The moment at which it is to begin is over. Choose another.")
    for problem in starting.check(scenario, at or now) if at else []:
        by_step[step_of(problem.node or "")].append(problem.message)
    lines = [
        Line(part, wording.who(part.terms, parts[:n]), wording.when(part.timing, n == 0), by_step.pop(part.key, []))
        for n, part in enumerate(parts)
    ]
    problems = [sentence for sentences in by_step.values() for sentence in sentences]
    try:
        campaign.channel = parts[0].channel if parts else ""
        counted = audience.counted(campaign, now)
    except segments.InvalidRule as error:
        return Review(lines, [*problems, *error.problems], None)
    finally:
        campaign.channel = ""
    if not counted.total:
        problems.append("Nobody is in the audience.")
    return Review(lines, problems, counted)
