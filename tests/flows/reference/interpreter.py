"""Walks one contact through a graph on a virtual clock: plain Python, no batches, no database, no shortcuts.

Known node types: all of them, but of on_date only a date for all, and of repeat only rhythms of days and weeks in a
zone of their own. Known rules: tag, attribute (equals), consent, event, message (opened or clicked, of a node of this
scenario), property (greater), and all, any, not.
What happens at a moment happens before the runs of the trigger, and those before the waits that end at it.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from tests.flows.reference import clock


@dataclass
class Person:
    """`zone` is the effective IANA name."""

    name: str
    zone: str = "UTC"
    tags: frozenset[str] = frozenset()
    attributes: dict[str, Any] = field(default_factory=dict)
    phone: str = ""
    consent: dict[str, str] = field(default_factory=dict)  # by channel, where something was said


@dataclass(frozen=True)
class Happening:
    """Something from outside. Either an event (`event`, `properties`), or `did` ("opened" or "clicked") with the newest
    message that the person has got from `node` in the pass they are in; without such a message nothing happens. Or an
    answer about a channel (`channel`, `says`), or what an operator does with the scenario (`presses`: "pause" or
    "resume", of no person)."""

    at: datetime
    person: str = ""
    event: str = ""
    properties: tuple[tuple[str, float], ...] = ()
    did: str = ""
    node: str = ""
    channel: str = ""
    says: str = ""
    presses: str = ""


@dataclass
class Message:
    """`visit` is the number of the step that made it."""

    node: str
    at: datetime
    visit: int
    state: str
    reason: str
    did: set[str] = field(default_factory=set)


@dataclass
class Pass:
    """One execution. `steps` are (moment, node, outcome); `node` and `due` are where a waiting one stands."""

    entered_at: datetime
    steps: list[tuple[datetime, str, str]] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    state: str = "waiting"
    node: str = ""
    due: datetime | None = None


@dataclass
class Walk:
    """Everything that became of one person."""

    passes: list[Pass]
    tags: set[str]

    @property
    def messages(self) -> list[tuple]:
        return [(m.at, m.node, m.visit, m.state, m.reason) for walked in self.passes for m in walked.messages]


def walk(
    graph: dict[str, Any],
    person: Person,
    happenings: Iterable[Happening],
    start: datetime,
    until: datetime,
    once: bool = False,
) -> Walk:
    """What becomes of a person between the scenario's start and `until`, both included.

    `once`: whoever was in never enters again; otherwise nobody enters who is inside.
    """
    return _Walker(graph, person, once).run(happenings, start, until)


class _Walker:
    def __init__(self, graph: dict[str, Any], person: Person, once: bool) -> None:
        self.nodes = {node["id"]: node for node in graph["nodes"]}
        self.edges = graph["edges"]
        self.trigger = next(node for node in graph["nodes"] if node["type"] in ("now", "on_event", "on_date", "repeat"))
        self.person, self.once = person, once
        self.tags = set(person.tags)
        self.consent = dict(person.consent)
        self.paused = False
        self.happened: list[Happening] = []
        self.passes: list[Pass] = []

    @property
    def inside(self) -> Pass | None:
        return self.passes[-1] if self.passes and self.passes[-1].state == "waiting" else None

    def run(self, happenings: Iterable[Happening], start: datetime, until: datetime) -> Walk:
        theirs = sorted((h for h in happenings if h.person in ("", self.person.name)), key=lambda h: h.at)
        coming = deque(h for h in theirs if h.at <= until)
        runs = deque(self.runs(start, until))
        while True:
            moments = [coming[0].at] if coming else []
            moments += [runs[0]] if runs else []
            if not self.paused and self.inside and self.inside.due <= until:
                moments.append(self.inside.due)
            if not moments:
                return Walk(self.passes, self.tags)
            now = min(moments)
            if coming and coming[0].at == now:
                self.happen(coming.popleft(), start)
            elif runs and runs[0] == now:
                runs.popleft()
                self.enter(now)
            else:
                self.leave(self.inside.node, "next", now)

    def runs(self, start: datetime, until: datetime) -> list[datetime]:
        """When the trigger lets the person in by itself."""
        config = self.trigger["config"]
        match self.trigger["type"]:
            case "now":
                return [start]
            case "on_date":
                zone = self.person.zone if config["timezone"] == "contact" else config["timezone"]
                moment = clock.moment_of(datetime.fromisoformat(config["at"]), zone)
                return [moment] if start <= moment <= until else []
            case "repeat":
                return self.rhythm(config, start, until)
        return []

    def rhythm(self, config: dict[str, Any], start: datetime, until: datetime) -> list[datetime]:
        """Every day of the calendar is looked at: how many days or weeks is it from the first one?"""
        zone, found = config["timezone"], []
        hour, minute = map(int, config["time"].split(":"))
        first = clock.shown(start, zone).date()
        monday = first - timedelta(days=first.weekday())
        for number in range((until - start).days + 3):
            day = first + timedelta(days=number)
            if config["unit"] == "day":
                wanted = number % config["every"] == 0
            else:
                days = config["weekdays"] or [clock.WEEKDAYS[first.weekday()]]
                wanted = (day - monday).days // 7 % config["every"] == 0 and clock.WEEKDAYS[day.weekday()] in days
            moment = clock.moment_of(datetime.combine(day, time(hour, minute)), zone)
            if wanted and start < moment <= until:
                found.append(moment)
        return found

    def happen(self, happening: Happening, start: datetime) -> None:
        if happening.presses:
            self.paused = happening.presses == "pause"
            # Whoever was overdue goes on at once, and at no earlier moment than now.
            if not self.paused and self.inside:
                self.inside.due = max(self.inside.due, happening.at)
            return
        if happening.channel:
            self.consent[happening.channel] = happening.says
            return
        if happening.did:
            self.look(happening)
            return
        self.happened.append(happening)
        config = self.trigger["config"]
        wanted = self.trigger["type"] == "on_event" and config["event"] == happening.event and happening.at >= start
        if wanted and self.holds(config.get("filter"), None, happening):
            self.enter(happening.at)

    def look(self, happening: Happening) -> None:
        """They open a message, or click in it. Who clicks in an email has opened it."""
        messages = self.inside.messages if self.inside else []
        sent = [message for message in messages if message.node == happening.node and message.state == "sent"]
        if sent:
            sent[-1].did.add(happening.did)
            if self.nodes[happening.node]["type"] == "email":
                sent[-1].did.add("opened")

    def enter(self, now: datetime) -> None:
        if self.paused or self.inside or (self.once and self.passes):
            return
        self.passes.append(Pass(now))
        self.leave(self.trigger["id"], "next", now)

    def leave(self, node: str, port: str, now: datetime) -> None:
        """Go on through a port, and from there as far as possible."""
        walked = self.passes[-1]
        walked.steps.append((now, node, port))
        walked.due = None
        targets = [edge["to"] for edge in self.edges if edge["from"] == node and edge.get("port", "next") == port]
        if targets:
            self.arrive(self.nodes[targets[0]], now)
        else:
            walked.state, walked.node = "completed", node

    def arrive(self, node: dict[str, Any], now: datetime) -> None:
        walked, config = self.passes[-1], node["config"]
        match node["type"]:
            case "end":
                walked.steps.append((now, node["id"], "end"))
                walked.state, walked.node = "completed", node["id"]
            case "email" | "sms":
                walked.messages.append(Message(node["id"], now, len(walked.steps), *self.sent(node["type"])))
                self.leave(node["id"], "next", now)
            case "tag":
                self.tags |= set(config.get("add") or [])
                self.tags -= set(config.get("remove") or [])
                self.leave(node["id"], "next", now)
            case "condition":
                self.leave(node["id"], "yes" if self.holds(config["rule"], walked, None) else "no", now)
            case "wait":
                due = self.due(config, now)
                if due <= now:
                    self.leave(node["id"], "next", now)
                else:
                    walked.node, walked.due = node["id"], due
            case unknown:
                raise NotImplementedError(unknown)

    def sent(self, channel: str) -> tuple[str, str]:
        """What becomes of a message, and why."""
        if channel == "sms" and not self.person.phone:
            return "skipped", "no address"
        if self.consent.get(channel) == "unsubscribed":
            return "skipped", "no consent"
        return "sent", ""

    def due(self, config: dict[str, Any], now: datetime) -> datetime:
        zone = self.person.zone
        if config.get("amount"):
            return clock.later(now, config["amount"], config["unit"], zone)
        if config.get("until"):
            named = config.get("timezone") or "contact"
            return clock.moment_of(datetime.fromisoformat(config["until"]), zone if named == "contact" else named)
        days = config.get("weekdays") or []
        if config.get("time"):
            return clock.next_time(now, config["time"], days, zone)
        if clock.WEEKDAYS[clock.shown(now, zone).weekday()] in days:
            return now
        return clock.next_time(now, "00:00", days, zone)

    def holds(self, rule: Any, walked: Pass | None, event: Happening | None) -> bool:
        if not rule:
            return True
        if "all" in rule:
            return all(self.holds(part, walked, event) for part in rule["all"])
        if "any" in rule:
            return any(self.holds(part, walked, event) for part in rule["any"])
        if "not" in rule:
            return not self.holds(rule["not"], walked, event)
        match rule["rule"]:
            case "tag":
                return (rule["name"] in self.tags) == rule.get("has", True)
            case "attribute":
                return self.person.attributes.get(rule["field"]) == rule["value"]
            case "consent":
                return self.consent.get(rule["channel"], "unknown") == rule["is"]
            case "event":
                return any(h.event == rule["name"] for h in self.happened) == rule.get("did", True)
            case "message":
                return any(m.node == rule["node"] and rule["did"] in m.did for m in walked.messages)
            case "property":
                return dict(event.properties).get(rule["field"], float("-inf")) > rule["value"]
            case unknown:
                raise NotImplementedError(unknown)
