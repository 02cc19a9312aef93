"""The yardstick in pauses and edits, against what was worked out by hand."""

from datetime import timedelta

from tests import make
from tests.flows.reference.interpreter import Happening, Person, Settings, walk, walk_together
from tests.flows.reference.shapes import Edit
from tests.make import NOW

DAY = timedelta(days=1)
WEEK = ("wait", "wait", {"amount": 7, "unit": "days"})
GRAPH = make.graph(("in", "now", {}), WEEK, ("mail", "email", {}), edges="in>wait wait>mail")
ANN = Person("ann")


def published(day: float, graph: dict, redirects: dict | None = None, **answers: bool) -> Happening:
    return Happening(NOW + day * DAY, presses="publish", edit=Edit(graph, redirects or {}, **answers))


def steps(*happenings: Happening, graph: dict = GRAPH, settings: Settings | None = None) -> list[tuple]:
    """Of Ann's one pass, in days."""
    (walked,) = walk(graph, ANN, happenings, NOW, NOW + 40 * DAY, settings).passes
    return [((at - NOW) / DAY, node, outcome) for at, node, outcome in walked.steps]


def paused(first: float, last: float, *policy: str | float) -> list[Happening]:
    given = policy or ("send", 0)
    return [
        Happening(NOW + first * DAY, presses="pause"),
        Happening(NOW + last * DAY, presses="resume", policy=given),  # type: ignore[arg-type]  # a pair
    ]


def test_whose_step_is_removed_goes_on_elsewhere_or_leaves():
    other = make.graph(("in", "now", {}), ("mail", "email", {}), edges="in>mail")
    assert steps(published(1, other, {"wait": "mail"})) == [
        (0, "in", "next"), (1, "wait", "redirected"), (1, "mail", "next"),
    ]  # fmt: skip
    assert steps(published(1, other, {"wait": None})) == [(0, "in", "next"), (1, "wait", "exited")]


def test_who_is_sent_elsewhere_in_a_pause_arrives_there_after_it():
    other = make.graph(("in", "now", {}), ("mail", "email", {}), edges="in>mail")
    assert steps(*paused(1, 5), published(2, other, {"wait": "mail"})) == [
        (0, "in", "next"), (2, "wait", "redirected"), (5, "mail", "next"),
    ]  # fmt: skip


def test_who_finishes_the_version_that_they_entered_sees_nothing_of_it():
    other = make.graph(("in", "now", {}), ("mail", "email", {}), edges="in>mail")
    said = Settings(follows="entered")
    assert steps(published(1, other, {"wait": "mail"}), settings=said)[1:] == [(7, "wait", "next"), (7, "mail", "next")]


def test_changed_waits_count_anew_from_the_arrival_or_stay_as_they_were():
    def other(days: int) -> dict:
        return make.graph(("in", "now", {}), ("wait", "wait", {"amount": days, "unit": "days"}), edges="in>wait")

    assert steps(published(3, other(5), {"mail": None}, retime=True))[-1] == (5, "wait", "next")
    assert steps(published(3, other(2), {"mail": None}, retime=True))[-1] == (3, "wait", "next")
    assert steps(published(3, other(2), {"mail": None}))[-1] == (7, "wait", "next")


def test_who_had_finished_goes_on_where_the_end_leads_on_if_they_are_to():
    longer = make.graph(*(("in", "now", {}), WEEK, ("mail", "email", {}), ("tag", "tag", {"add": ["x"]})),
                        edges="in>wait wait>mail mail>tag")  # fmt: skip
    assert steps(published(9, longer, backfill=True))[-1] == (9, "tag", "next")
    assert steps(published(9, longer))[-1] == (7, "mail", "next")
    left = [Happening(NOW + 8 * DAY, "ann", event="order.placed")]
    assert steps(*left, published(9, longer, backfill=True))[-1] == (9, "tag", "next")


def test_messages_that_are_too_late_are_not_sent():
    def reasons(hours: float) -> list[str]:
        walked = walk(GRAPH, ANN, paused(1, 9, "skip", hours), NOW, NOW + 40 * DAY)
        return [message[4] for message in walked.messages]

    assert reasons(47) == ["too late"]
    assert reasons(48) == [""]


def test_what_is_overdue_is_spread_in_the_order_in_which_it_was_due():
    people = [Person("ann", tags=frozenset({"vip"})), Person("bob"), Person("cho", tags=frozenset({"vip"}))]
    ask = ("ask", "condition", {"rule": {"rule": "tag", "name": "vip"}})
    soon = ("soon", "wait", {"amount": 6, "unit": "days"})
    graph = make.graph(("in", "now", {}), ask, WEEK, soon, edges="in>ask ask:yes>wait ask:no>soon")
    walks = walk_together(graph, people, paused(1, 8, "spread", 6), NOW, NOW + 40 * DAY)
    ends = [(walked.passes[0].steps[-1][0] - NOW - 8 * DAY) / timedelta(hours=1) for walked in walks]
    assert ends == [2, 0, 4]
    early = walk_together(graph, people, paused(1, 6.5, "spread", 6), NOW, NOW + 40 * DAY)
    assert [(walked.passes[0].steps[-1][0] - NOW) / DAY for walked in early] == [7, 6.5, 7]
