"""A timeline says in words what happened, and leaves out what only programs read."""

from contacts.models import Event
from contacts.telling import tell
from tests.make import NOW


def told(name: str, properties: dict) -> tuple[str, list[tuple[str, str]]]:
    line = tell(Event(name=name, properties=properties, at=NOW))
    return line.sentence, line.details


def test_what_waypost_recorded_is_told_without_its_ids():
    sent = {"origin": "scenario:1:n2", "message": 7, "provider": 1, "subject": "Hello"}
    assert told("email.sent", sent) == ("Email sent", [("subject", "Hello")])
    assert told("tag.added", {"tag": "vip", "source": "import"}) == ("Tag “vip” added", [("source", "import")])


def test_an_event_of_ones_own_is_told_whole():
    assert told("order.placed", {"origin": "shop", "message": 7}) == (
        "order.placed",
        [("origin", "shop"), ("message", "7")],
    )
