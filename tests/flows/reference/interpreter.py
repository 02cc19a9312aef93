"""Walks one contact through a graph on a virtual clock: plain Python, no batches, no database, no shortcuts.

Known node types: all of them, but of on_date only a date for all, and of repeat only rhythms of days and weeks in a
zone of their own. Known rules: tag, attribute (equals), consent, event, message (opened or clicked, of a node of this
scenario), property (greater), and all, any, not.
What happens at a moment takes those out who reached the objective by it, then lets in; after it come the runs of the
trigger, and then the waits that end.
"""

from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from tests.flows.reference import clock, rhythm
from tests.flows.reference.asking import Known
from tests.flows.reference.rounds import back_edges
from tests.flows.reference.shapes import Happening, Message, Pass, Person, Settings, Walk

__all__ = ["Happening", "Message", "Pass", "Person", "Settings", "Walk", "walk"]

ACTIONS = ("email", "sms", "tag", "update_contact")
CHANGING = ("tag", "update_contact")


def walk(
    graph: dict[str, Any],
    person: Person,
    happenings: Iterable[Happening],
    start: datetime,
    until: datetime,
    settings: Settings | None = None,
    draw: Callable[[str], str] | None = None,
) -> Walk:
    """What becomes of a person between the scenario's start and `until`, both included.

    `draw` says which port of an A/B test (by the node's id) chance has given the person.
    """
    return _Walker(graph, person, settings or Settings(), draw).run(happenings, start, until)


class _Walker:
    def __init__(self, graph: dict[str, Any], person: Person, settings: Settings, draw: Any) -> None:
        self.nodes = {node["id"]: node for node in graph["nodes"]}
        self.edges = graph["edges"]
        self.trigger = next(node for node in graph["nodes"] if node["type"] in rhythm.TRIGGERS)
        self.back = back_edges(graph, self.trigger["id"])
        self.person, self.settings, self.draw = person, settings, draw
        self.known = Known(set(person.tags), dict(person.attributes), dict(person.consent))
        self.paused = False
        self.passes: list[Pass] = []
        self.moved: tuple[datetime | None, set[int]] = (None, set())
        self.ambiguous = False

    @property
    def inside(self) -> list[Pass]:
        return [walked for walked in self.passes if walked.inside]

    def run(self, happenings: Iterable[Happening], start: datetime, until: datetime) -> Walk:
        theirs = sorted((h for h in happenings if h.person in ("", self.person.name)), key=lambda h: h.at)
        coming = deque(h for h in theirs if h.at <= until)
        runs = deque(rhythm.runs(self.trigger, self.person.zone, start, until))
        while True:
            moments = [coming[0].at] if coming else []
            moments += [runs[0]] if runs else []
            resting = [walked for walked in self.inside if not self.paused and walked.due <= until]
            moments += [walked.due for walked in resting]
            if not moments:
                return Walk(self.passes, self.known.tags, self.known.attributes, self.ambiguous)
            now = min(moments)
            if coming and coming[0].at == now:
                self.happen(coming.popleft(), start)
            elif runs and runs[0] == now:
                runs.popleft()
                self.enter(now, None)
            else:
                self.wake(next(walked for walked in resting if walked.due == now), now)

    # What happens

    def happen(self, happening: Happening, start: datetime) -> None:
        if happening.presses:
            self.paused = happening.presses == "pause"
            # Whoever was overdue goes on at once, and at no earlier moment than now.
            for walked in self.inside if not self.paused else ():
                walked.due = max(walked.due, happening.at)
        elif happening.channel:
            self.known.consent[happening.channel] = happening.says
        elif happening.did:
            self.achieve(self.look(happening), happening.at)
        else:
            self.known.happened.append(happening)
            for walked in self.inside:
                node = self.nodes[walked.node]
                if node["type"] == "wait_for" and node["config"]["event"] == happening.event:
                    walked.due = min(walked.due, happening.at)
            self.achieve({happening.event}, happening.at)
            config = self.trigger["config"]
            wanted = self.trigger["type"] == "on_event" and config["event"] == happening.event
            if wanted and happening.since >= start and self.known.holds(config.get("filter"), None, happening):
                self.enter(happening.at, happening)

    def look(self, happening: Happening) -> set[str]:
        """They open the newest message of the newest pass that has one, or click in it; what of that is new. Who clicks
        in an email has opened it."""
        for walked in reversed(self.inside):
            sent = [m for m in walked.messages if m.node == happening.node and m.state == "sent"]
            if sent:
                both = ["opened"] if self.nodes[happening.node]["type"] == "email" else []
                new = {happening.did, *both} - sent[-1].did.keys()
                sent[-1].did.update(dict.fromkeys(new, happening.at))
                return new
        return set()

    def achieve(self, what: set[str], now: datetime) -> None:
        """Who reached the objective by what is new leaves at once, unless nobody moves."""
        objective = self.settings.objective or {"kind": ""}
        if not what & {objective.get("event", objective["kind"])} or not self.settings.leave_reached or self.paused:
            return
        for walked in self.inside:
            if self.reached(walked):
                self.exit(walked, walked.node, now)

    def reached(self, walked: Pass) -> bool:
        objective = self.settings.objective
        if not objective:
            return False
        if objective["kind"] == "event":
            events = [h for h in self.known.happened if h.event == objective["event"] and h is not walked.event]
            moments = [h.since for h in events if h.since >= walked.entered_at]
        else:
            moments = [m.did[objective["kind"]] for m in walked.messages if objective["kind"] in m.did]
        days = objective.get("within_days")
        return any(not days or moment <= walked.entered_at + timedelta(days=days) for moment in moments)

    # Moving

    def enter(self, now: datetime, event: Happening | None) -> None:
        if self.paused or self.refused(now):
            return
        if self.settings.excluded and self.known.holds(self.settings.excluded):
            return
        if self.settings.reentry == "restart":
            for walked in self.inside:
                self.exit(walked, walked.node, now)
        self.passes.append(Pass(now, event))
        self.move(self.passes[-1], now)
        self.leave(self.passes[-1], self.trigger["id"], "next", now, entering=True)

    def refused(self, now: datetime) -> bool:
        match self.settings.reentry:
            case "once":
                return bool(self.passes)
            case "not_while_inside":
                return bool(self.inside)
            case "spaced":
                return bool(self.inside) or any(
                    now < walked.entered_at + timedelta(hours=self.settings.hours) for walked in self.passes
                )
        return False

    def move(self, walked: Pass, now: datetime) -> None:
        """Note that the pass moves now: where two do, and the person is changed on the way, the order would decide."""
        if self.moved[0] != now:
            self.moved = now, set()
        self.moved[1].add(id(walked))
        if len(self.moved[1]) > 1 and any(node["type"] in CHANGING for node in self.nodes.values()):
            self.ambiguous = True

    def wake(self, walked: Pass, now: datetime) -> None:
        node = self.nodes[walked.node]
        self.move(walked, now)
        if node["type"] == "wait":
            self.leave(walked, node["id"], "next", now)
            return
        config, deadline = node["config"], self.due(node["config"], walked.arrived)
        since = walked.arrived
        if walked.arrived == walked.entered_at and walked.event:
            since = walked.event.since
        for h in self.known.happened:
            wanted = h.event == config["event"] and since <= h.since <= deadline and h is not walked.event
            if wanted and self.known.holds(config.get("filter"), walked, h):
                self.leave(walked, node["id"], "happened", now)
                return
        if deadline <= now:
            self.leave(walked, node["id"], "timeout", now)
        else:
            walked.due = deadline

    def exit(self, walked: Pass, node: str, now: datetime) -> None:
        walked.steps.append((now, node, "exited"))
        walked.state, walked.node, walked.due = "exited", node, None

    def leave(self, walked: Pass, node: str, port: str, now: datetime, entering: bool = False) -> None:
        """Go on through a port, and from there as far as possible."""
        gone_back = sum(step[1:] == (node, port) for step in walked.steps)
        if (node, port) in self.back and gone_back >= self.settings.most_rounds:
            self.exit(walked, node, now)
            return
        walked.steps.append((now, node, port))
        walked.due = None
        targets = [edge["to"] for edge in self.edges if edge["from"] == node and edge.get("port", "next") == port]
        if targets:
            self.arrive(walked, self.nodes[targets[0]], now, entering)
        else:
            walked.state, walked.node = "completed", node

    def arrive(self, walked: Pass, node: dict[str, Any], now: datetime, entering: bool) -> None:
        config, port = node["config"], "next"
        if node["type"] in ACTIONS and self.has_to_leave(walked, entering):
            self.exit(walked, node["id"], now)
            return
        match node["type"]:
            case "end":
                walked.steps.append((now, node["id"], "end"))
                walked.state, walked.node = "completed", node["id"]
                return
            case "email" | "sms":
                walked.messages.append(Message(node["id"], now, len(walked.steps), *self.sent(node["type"])))
            case "tag":
                self.known.tags |= set(config.get("add") or [])
                self.known.tags -= set(config.get("remove") or [])
            case "update_contact":
                self.known.attributes.update(config.get("set") or {})
                for name in config.get("remove") or []:
                    self.known.attributes.pop(name, None)
            case "condition":
                port = "yes" if self.known.holds(config["rule"], walked, walked.event) else "no"
            case "ab_test":
                port = self.draw(node["id"])
            case "wait" | "wait_for":
                # Who waits for something looks once whether it has happened already.
                due = self.due(config, now) if node["type"] == "wait" else now
                if due > now or node["type"] == "wait_for":
                    walked.node, walked.due, walked.arrived = node["id"], due, now
                    return
            case unknown:
                raise NotImplementedError(unknown)
        self.leave(walked, node["id"], port, now, entering)

    def has_to_leave(self, walked: Pass, entering: bool) -> bool:
        settings = self.settings
        return bool(
            (settings.excluded and self.known.holds(settings.excluded))
            or (settings.leave_rule and self.known.holds(settings.leave_rule, walked))
            or (settings.leave_reached and not entering and self.reached(walked))
        )

    def sent(self, channel: str) -> tuple[str, str]:
        """What becomes of a message, and why."""
        if channel == "sms" and not self.person.phone:
            return "skipped", "no address"
        if self.known.consent.get(channel) == "unsubscribed":
            return "skipped", "no consent"
        return "sent", ""

    def due(self, config: dict[str, Any], now: datetime) -> datetime:
        return clock.due(config, now, self.person.zone)
