"""A program does everything without a browser: providers, contacts, a running scenario and its statistics."""

from typing import Any

from tests import make
from tests.outside import MailServer
from tests.stories.installation import Waypost
from tests.stories.mailbox import html_of, link, mail_to, subjects, visit
from tests.stories.waiting import until_equal

AMY, BOB, CAL = "amy@example.com", "bob@example.com", "cal@example.com"
ORDER = make.graph(
    ("on", "on_event", {"event": "api.call"}),
    (
        "mail",
        "email",
        {
            "subject": "Order {{ event.number }}, {{ contact.first_name }}",
            "body": '<p>{{ event.items[0] }} for {{ event.total }} €. <a href="https://shop.example.com/track">Track</a></p>',
        },
    ),
    ("rest", "wait", {"amount": 2, "unit": "days"}),
    ("ask", "condition", {"rule": {"rule": "message", "did": "clicked", "node": "mail"}}),
    ("tag", "tag", {"add": ["tracks"]}),
    edges="on>mail mail>rest rest>ask ask:yes>tag",
)


def test_a_program_runs_a_scenario_from_end_to_end(waypost: Waypost, smtp_server: MailServer) -> None:
    must = waypost.must
    provider = must(
        "POST",
        "providers/",
        {
            "channel": "email",
            "kind": "smtp",
            "name": "Mail server",
            "settings": {
                "host": "127.0.0.1",
                "port": smtp_server.port,
                "security": "none",
                "from_email": "shop@example.com",
            },
            "is_default": True,
        },
    )
    assert must("POST", f"providers/{provider['id']}/test/", {"recipient": "me@example.com"})["state"] == "sent"
    assert smtp_server.to() == ["me@example.com"]

    done = must(
        "POST",
        "contacts/bulk/",
        {
            "contacts": [
                {"email": AMY, "first_name": "Amy", "attributes": {"city": "Paris"}, "tags": ["vip"]},
                {"email": BOB, "external_id": "42", "first_name": "Bob", "attributes": {"city": "Lyon"}},
                {"email": CAL, "phone": "+33612345678", "consent": {"email": "unsubscribed"}},
                {"email": "nobody"},
            ]
        },
    )
    assert (done["created"], done["updated"]) == (3, 0)
    assert [(row["index"], list(row["errors"])) for row in done["failed"]] == [(3, ["email"])]
    people = {row["email"]: row["id"] for row in must("GET", "contacts/")["results"]}
    assert set(people) == {AMY, BOB, CAL}

    paris = {"rule": "attribute", "field": "city", "op": "equals", "value": "Paris"}
    seen = must("POST", "segments/preview/", {"rule": paris})
    assert (seen["count"], [contact["email"] for contact in seen["sample"]]) == (1, [AMY])

    scenario = must("POST", "scenarios/", {"name": "Orders", "objective": {"kind": "clicked", "within_days": 2}})
    url = f"scenarios/{scenario['id']}/"
    assert (scenario["state"], scenario["version"], scenario["trigger"]) == ("draft", None, None)
    broken = {**ORDER, "edges": ORDER["edges"][1:]}
    status, refusal = waypost.api("PUT", f"{url}flow/", broken)
    assert status == 400
    assert {"node": "mail", "message": "No contact can get here. Connect it, or remove it."} in refusal["problems"]
    assert must("GET", f"{url}flow/")["nodes"] == []
    saved = must("PUT", f"{url}flow/", ORDER)
    assert (saved["version"], saved["problems"]) == (1, [])
    assert must("POST", f"{url}start/")["state"] == "running"

    entered = must(
        "POST",
        f"{url}trigger/",
        {
            "contacts": [{"email": AMY}, {"external_id": "42"}, {"id": people[CAL]}, {"email": "who@example.com"}],
            "context": {"number": "A-17", "total": 12.5, "items": ["a mug"]},
        },
    )
    assert entered == {
        "entered": 3,
        "failed": [{"index": 3, "errors": {"contact": ["There is no such contact."]}}],
    }
    until_equal(
        lambda: subjects(smtp_server) | {"me@example.com": []},
        {AMY: ["Order A-17, Amy"], BOB: ["Order A-17, Bob"], "me@example.com": []},
    )
    assert "a mug for 12.5 €" in html_of(mail_to(smtp_server, AMY))

    assert visit(link(mail_to(smtp_server, AMY), "Track"))[:2] == (302, "https://shop.example.com/track")
    sent = {AMY: ("sent", True), BOB: ("sent", False), CAL: ("skipped", False)}
    until_equal(lambda: ledger(waypost, scenario["id"]), sent)
    (skipped,) = must("GET", f"messages/?scenario={scenario['id']}&status=skipped")["results"]
    assert (skipped["node"], skipped["contact"], skipped["reason"]) == ("mail", people[CAL], "no consent")
    until_equal(lambda: report(waypost, url)["mail"], {"entered": 3, "sent": 2, "skipped": 1, "clicked": 1})

    here = must("GET", f"{url}executions/?node=rest&state=waiting")["results"]
    assert {row["contact"] for row in here} == set(people.values())
    assert must("POST", f"{url}pause/")["state"] == "paused"
    assert waypost.api("POST", f"{url}trigger/", {"contacts": [people[AMY]]})[0] == 409
    assert must("POST", f"{url}resume/")["state"] == "running"
    waypost.pass_days(2)
    until_equal(
        lambda: [row["state"] for row in must("GET", f"{url}executions/")["results"]], ["completed"] * len(people)
    )
    assert [row["email"] for row in must("GET", "contacts/?tag=tracks")["results"]] == [AMY]
    stats = must("GET", f"{url}stats/")
    assert (stats["entered"], stats["inside"], stats["sent"]) == (3, 0, 2)
    assert stats["nodes"]["ask"]["left"] == {"yes": 1, "no": 2}
    assert stats["nodes"]["tag"]["entered"] == 1

    copy = must("POST", f"{url}clone/")
    assert (copy["name"], copy["state"], copy["trigger"]) == ("Orders (copy)", "draft", "on_event")
    assert must("GET", f"scenarios/{copy['id']}/stats/")["entered"] == 0
    status, answer = waypost.api("DELETE", url)
    assert (status, answer) == (409, {"detail": "Pause the scenario before you delete it."})
    must("POST", f"{url}pause/")
    assert waypost.api("DELETE", url) == (204, None)
    assert waypost.api("GET", url)[0] == 404
    assert len(must("GET", f"messages/?scenario={scenario['id']}")["results"]) == 3


def test_an_event_of_a_shop_starts_a_scenario_once(waypost: Waypost, smtp_server: MailServer) -> None:
    waypost.mail_through(smtp_server)
    waypost.create_contacts("dot@example.com")
    cheap = {"rule": "property", "field": "amount", "op": "greater", "value": 50}
    graph = make.graph(
        ("on", "on_event", {"event": "order.placed", "filter": cheap}),
        ("mail", "email", {"subject": "Thanks for {{ event.amount }}", "body": "<p>Thanks.</p>"}),
        edges="on>mail",
    )
    waypost.running_scenario("Thanks", graph)
    events = [
        {"contact": {"email": "dot@example.com"}, "name": "order.placed", "properties": {"amount": 20}, "key": "o1"},
        {"contact": {"email": "dot@example.com"}, "name": "order.placed", "properties": {"amount": 80}, "key": "o2"},
        {"contact": {"email": "dot@example.com"}, "name": "order.placed", "properties": {"amount": 80}, "key": "o2"},
        {"contact": {"email": "nobody@example.com"}, "name": "order.placed"},
    ]
    counted = waypost.must("POST", "events/", {"events": events})
    assert (counted["accepted"], counted["duplicates"], [row["index"] for row in counted["failed"]]) == (2, 1, [3])
    assert waypost.must("POST", "events/", {"events": events[:2]})["duplicates"] == 2
    until_equal(lambda: subjects(smtp_server), {"dot@example.com": ["Thanks for 80"]})


def test_what_is_wrong_is_said_in_one_shape(waypost: Waypost) -> None:
    assert waypost.api("POST", "scenarios/", {"name": ""}) == (400, {"name": ["This field may not be blank."]})
    assert waypost.api("POST", "contacts/", {"email": "x"}) == (400, {"email": ["“x” is not an email address."]})
    assert waypost.api("GET", "scenarios/999999/")[0] == 404
    status, answer = waypost.api("POST", "contacts/bulk/", ["no object"])
    assert (status, answer) == (400, {"contacts": ["This is a list."]})
    reader = waypost.manage("apikey", "Reader", "--scope", "scenarios:read").strip()
    waypost.api_key, everything = reader, waypost.api_key
    try:
        assert waypost.api("GET", "scenarios/")[0] == 200
        status, answer = waypost.api("POST", "scenarios/", {"name": "Mine"})
        assert (status, list(answer)) == (403, ["detail"])
        assert waypost.api("GET", "contacts/")[0] == 403
        waypost.api_key = "wp_wrong"
        assert waypost.api("GET", "scenarios/") == (401, {"detail": "This API key is unknown, revoked or expired."})
    finally:
        waypost.api_key = everything


def ledger(waypost: Waypost, scenario: int) -> dict[str, tuple[str, bool]]:
    """What became of each recipient's message, and whether it was clicked."""
    rows = waypost.must("GET", f"messages/?scenario={scenario}&node=mail&channel=email")["results"]
    return {row["recipient"]: (row["status"], bool(row["clicked_at"])) for row in rows}


def report(waypost: Waypost, url: str) -> dict[str, dict[str, Any]]:
    nodes = waypost.must("GET", f"{url}stats/")["nodes"]
    return {
        node: {name: counts[name] for name in ("entered", "sent", "skipped", "clicked")}
        for node, counts in nodes.items()
    }
