"""One person's walk through a scenario, step by step."""

from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.flows.reference import clock, editing, rhythm
from tests.flows.reference.asking import Known
from tests.flows.reference.drawing import Drawing
from tests.flows.reference.shapes import Edit, Happening, Message, Pass, Person, Settings, Walk

ACTIONS = ("email", "sms", "tag", "update_contact")
CHANGING = ("tag", "update_contact")


class Walker:
    """`next_moment` says when the person has something to do, `step` does it."""

    def __init__(
        self,
        drawing: Drawing,
        person: Person,
        happenings: Sequence[Happening],
        start: datetime,
        until: datetime,
        settings: Settings,
        draw: Any,
    ) -> None:
        self.drawing = drawing
        self.kinds = {node["id"]: node["type"] for node in drawing.nodes.values()}
        self.person, self.settings, self.draw = person, settings, draw
        self.known = Known(set(person.tags), dict(person.attributes), dict(person.consent))
        self.paused = False
        self.passes: list[Pass] = []
        self.moved: tuple[datetime | None, set[int]] = (None, set())
        self.ambiguous = self.tied = False
        self.start, self.until = start, until
        self.coming = deque(h for h in happenings if h.person in ("", person.name) and h.at <= until)
        self.runs = deque(rhythm.runs(drawing.trigger, person.zone, start, until))

    @property
    def inside(self) -> list[Pass]:
        return [walked for walked in self.passes if walked.inside]

    def follows(self, walked: Pass) -> Drawing:
        return walked.drawing if self.settings.follows == "entered" else self.drawing

    def next_moment(self) -> datetime | None:
        moments = [self.coming[0].at] if self.coming else []
        moments += [self.runs[0]] if self.runs else []
        moments += [walked.due for walked in self.resting()]
        return min(moments, default=None)

    def resting(self) -> list[Pass]:
        return [walked for walked in self.inside if not self.paused and walked.due <= self.until]

    def step(self, now: datetime) -> None:
        if self.coming and self.coming[0].at == now:
            self.happen(self.coming.popleft(), self.start)
        elif self.runs and self.runs[0] == now:
            self.runs.popleft()
            self.tied |= any(walked.due == now for walked in self.resting())
            self.enter(now, None)
        else:
            self.wake(next(walked for walked in self.resting() if walked.due == now), now)

    def told(self) -> Walk:
        return Walk(self.passes, self.known.tags, self.known.attributes, self.ambiguous, self.tied)

    # What happens

    def happen(self, happening: Happening, start: datetime) -> None:
        if happening.presses == "publish":
            self.publish(happening.edit, happening.at)
        elif happening.presses:
            self.press(happening)
        elif happening.channel:
            self.known.consent[happening.channel] = happening.says
        elif happening.did:
            self.achieve(self.look(happening), happening.at)
        else:
            self.known.happened.append(happening)
            for walked in self.inside:
                node = self.follows(walked).nodes[walked.node]
                if (
                    walked.state == "waiting"
                    and node["type"] == "wait_for"
                    and node["config"]["event"] == happening.event
                ):
                    walked.due = min(walked.due, happening.at)
            self.achieve({happening.event}, happening.at)
            trigger = self.drawing.trigger
            config = trigger["config"]
            wanted = trigger["type"] == "on_event" and config["event"] == happening.event
            if wanted and happening.since >= start and self.known.holds(config.get("filter"), None, happening):
                self.enter(happening.at, happening)

    def press(self, happening: Happening) -> None:
        """Whoever was overdue goes on at once, and at no earlier moment than now, unless that was spread. Messages of
        those who were due too long ago are not sent."""
        resumes = self.paused and happening.presses == "resume"
        self.paused = happening.presses == "pause"
        do, hours = happening.policy
        for walked in self.inside if resumes else ():
            walked.late = do == "skip" and walked.due < happening.at - timedelta(hours=hours)
            walked.due = max(walked.due, happening.at)

    def publish(self, edit: Edit, now: datetime) -> None:
        old, new = self.drawing, Drawing(edit.graph)
        if edit.graph == {"nodes": list(old.nodes.values()), "edges": old.edges}:
            return  # it is live already
        self.drawing = new
        self.kinds |= {node["id"]: node["type"] for node in new.nodes.values()}
        onward = list(editing.finished(self.passes, old, new, edit))
        if self.settings.follows == "live":
            for walked in editing.retimed(self.passes, old, new, edit, now):
                walked.due = max(self.due(new.nodes[walked.node]["config"], walked.arrived), now)
            for walked in editing.displaced(self.passes, new):
                self.redirect(walked, edit.redirects[walked.node], now)
        for walked, target in onward:
            walked.drawing = new
            self.stand(walked, target, now)

    def redirect(self, walked: Pass, target: str | None, now: datetime) -> None:
        if target is None:
            self.exit(walked, walked.node, now)
            return
        walked.steps.append((now, walked.node, "redirected"))
        self.stand(walked, target, now)

    def stand(self, walked: Pass, node: str, now: datetime) -> None:
        """They have been put before a node, and arrive there as soon as anybody moves."""
        walked.state, walked.node, walked.due = "pending", node, now

    def look(self, happening: Happening) -> set[str]:
        """They open the newest message of the newest pass that has one, or click in it; what of that is new. Who clicks
        in an email has opened it."""
        for walked in reversed(self.inside):
            sent = [m for m in walked.messages if m.node == happening.node and m.state == "sent"]
            if sent:
                both = ["opened"] if self.kinds[happening.node] == "email" else []
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
        self.passes.append(Pass(now, event, drawing=self.drawing))
        self.move(self.passes[-1], now)
        self.leave(self.passes[-1], self.drawing.trigger["id"], "next", now, entering=True)

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
        if len(self.moved[1]) > 1 and any(kind in CHANGING for kind in self.kinds.values()):
            self.ambiguous = True

    def wake(self, walked: Pass, now: datetime) -> None:
        node = self.follows(walked).nodes[walked.node]
        self.move(walked, now)
        if walked.state == "pending":
            walked.state = "waiting"
            self.arrive(walked, node, now, entering=False)
            return
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
            walked.due, walked.late = deadline, False

    def exit(self, walked: Pass, node: str, now: datetime) -> None:
        walked.steps.append((now, node, "exited"))
        walked.state, walked.node, walked.due = "exited", node, None

    def leave(self, walked: Pass, node: str, port: str, now: datetime, entering: bool = False) -> None:
        """Go on through a port, and from there as far as possible."""
        gone_back = sum(step[1:] == (node, port) for step in walked.steps)
        drawing = self.follows(walked)
        if (node, port) in drawing.back and gone_back >= self.settings.most_rounds:
            self.exit(walked, node, now)
            return
        walked.steps.append((now, node, port))
        walked.due = None
        if target := drawing.onward(node, port):
            self.arrive(walked, drawing.nodes[target], now, entering)
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
                walked.state, walked.node, walked.due = "completed", node["id"], None
                return
            case "email" | "sms":
                walked.messages.append(
                    Message(node["id"], now, len(walked.steps), *self.sent(node["type"], walked.late))
                )
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
                port = self.draw(node)
            case "wait" | "wait_for":
                # Who waits for something looks once whether it has happened already.
                due = self.due(config, now) if node["type"] == "wait" else now
                if due > now or node["type"] == "wait_for":
                    walked.node, walked.due, walked.arrived = node["id"], due, now
                    walked.late = False
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

    def sent(self, channel: str, late: bool) -> tuple[str, str]:
        """What becomes of a message, and why."""
        if late:
            return "skipped", "too late"
        if channel == "sms" and not self.person.phone:
            return "skipped", "no address"
        if self.known.consent.get(channel) == "unsubscribed":
            return "skipped", "no consent"
        return "sent", ""

    def due(self, config: dict[str, Any], now: datetime) -> datetime:
        return clock.due(config, now, self.person.zone)
