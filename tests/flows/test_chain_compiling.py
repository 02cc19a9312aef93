"""A chain's steps become a graph, and the graph becomes the steps again."""

from typing import Any

from flows.chains.compiling import Part, compiled, entry, step_of, written_in

OPENED = {"rule": "message", "did": "opened", "node": "n1"}
DAY = {"kind": "delay", "amount": 1, "unit": "days"}
HOLIDAY = {"kind": "at", "at": "2026-12-24T09:00", "timezone": "contact"}


def email(key: str, **fields: Any) -> Part:
    return Part(key, f"Mail {key}", "email", {"subject": "Hi", "body": "…"}, **fields)


def ways(*steps: Part) -> set[str]:
    graph = compiled(3, {}, steps)
    return {f"{edge['from']}:{edge['port']}>{edge['to']}" for edge in graph["edges"]}


def config(node: str, *steps: Part, schedule: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
    found = next(each for each in compiled(3, schedule or {}, steps)["nodes"] if each["id"] == node)
    return found["type"], found["config"]


def test_steps_follow_one_another_at_once() -> None:
    assert ways(email("n1"), email("n2")) == {"start:next>n1", "n1:next>n2"}


def test_a_step_waits_then_asks_its_terms_then_sends() -> None:
    assert ways(email("n1"), email("n2", terms=OPENED, timing=DAY)) == {
        "start:next>n1",
        "n1:next>n2-wait",
        "n2-wait:next>n2-terms",
        "n2-terms:yes>n2",
    }


def test_who_does_not_match_goes_on_to_the_next_step_with_own_terms() -> None:
    found = ways(
        email("n1"), email("n2", terms=OPENED), email("n3", timing=DAY), email("n4", terms=OPENED, timing=HOLIDAY)
    )
    assert {"n2-terms:no>n3-past", "n3-past:next>n4-wait", "n2:next>n3-wait", "n3:next>n4-wait"} <= found
    assert not any(way.startswith("n4-terms:no") for way in found)


def test_who_does_not_match_lets_the_times_of_all_steps_between_pass() -> None:
    steps = [email("n1"), email("n2", terms=OPENED), email("n3", timing=DAY), email("n4"), email("n5", timing=HOLIDAY)]
    found = ways(*steps, email("n6", terms=OPENED))
    assert {"n2-terms:no>n3-past", "n3-past:next>n5-past", "n5-past:next>n6-terms"} <= found
    assert config("n3-past", *steps, email("n6", terms=OPENED)) == ("wait", {"amount": 1, "unit": "days"})


def test_who_does_not_match_leaves_where_nothing_could_be_for_them() -> None:
    found = ways(email("n1"), email("n2", terms=OPENED), email("n3", timing=DAY))
    assert not any("past" in way or way.startswith("n2-terms:no") for way in found)


def test_the_message_is_the_node_and_carries_the_steps_name() -> None:
    assert config("n1", email("n1")) == ("email", {"subject": "Hi", "body": "…", "name": "Mail n1"})


def test_a_time_becomes_a_wait() -> None:
    assert config("n2-wait", email("n1"), email("n2", timing=DAY)) == ("wait", {"amount": 1, "unit": "days"})
    assert config("n2-wait", email("n1"), email("n2", timing=HOLIDAY)) == (
        "wait",
        {"until": "2026-12-24T09:00", "timezone": "contact"},
    )


def test_the_campaigns_audience_comes_in_now_or_at_its_date() -> None:
    at = {"when": "at", "at": "2026-12-24T09:00", "timezone": "Europe/Paris"}
    assert config("start", email("n1")) == ("now", {"campaign": 3})
    assert config("start", email("n1"), schedule=at) == (
        "on_date",
        {"campaign": 3, "at": "2026-12-24T09:00", "timezone": "Europe/Paris"},
    )


def test_a_graph_becomes_the_steps_again() -> None:
    steps = [
        email("n1", terms={"rule": "tag", "name": "vip"}),
        Part("n7", "Text", "sms", {"template": 4, "topic": "Offers"}, OPENED, DAY),
        email("n2", timing=HOLIDAY),
        email("n8", terms=OPENED),
    ]
    assert written_in(compiled(3, {}, steps)) == steps


def test_contacts_come_to_a_step_at_its_first_node() -> None:
    assert entry(email("n1")) == "n1"
    assert entry(email("n1", terms=OPENED)) == "n1-terms"
    assert entry(email("n1", terms=OPENED, timing=DAY)) == "n1-wait"
    assert [step_of(node) for node in ("n1", "n1-terms", "n1-wait", "n1-past")] == ["n1"] * 4
