"""What can be inserted is what is in use, and all of it is Liquid that renders."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts import timeline
from contacts.models import Contact
from contacts.timeline import NewEvent
from templates_app import inserting, rendering
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db
ORDER = {"total": 12, "gift wrap": "yes", "items": [{"name": "Hat", "price": 5}], "codes": ["A", "B"], 'a"b': 1}


@pytest.fixture
def ada() -> Contact:
    make.attribute("city", label="Home town")
    ada = make.contact("ada@example.com", first_name="Ada", attributes={"city": "Paris"})
    timeline.record([NewEvent(ada.pk, "order.placed", ORDER, NOW)], NOW)
    timeline.record([NewEvent(ada.pk, "email.sent", {"message": 1, "origin": "scenario:1"}, NOW)], NOW)
    return ada


def named(event: str | None = "") -> dict[str, list[str]]:
    return {one.heading: [each.label for each in one.inserts] for one in inserting.inserts(event)}


def test_attributes_and_properties_in_use_are_offered_with_words_that_stand_in(ada: Contact) -> None:
    found = named()
    assert found["Attributes"] == ["Home town", "Home town, or other words"]
    assert sorted(found["The event"]) == ["gift wrap, or other words", "total, or other words"]
    assert found["Loops"][:2] == ["For each of codes", "The first three of codes"]
    assert "Only if city is known" in found["Conditions"]


def test_whatever_is_inserted_renders(ada: Contact) -> None:
    context = rendering.context_of(ada, ORDER)
    for group in inserting.inserts():
        for one in group.inserts:
            text = f"{one.before}chosen{one.after}"
            shown = rendering.compile(text, False).render(context)
            assert shown or "language" in text or "phone" in text or "_url" in text, text
    loops = {one.label: one for group in inserting.inserts() if group.heading == "Loops" for one in group.inserts}
    items = loops["For each of items"]
    assert rendering.compile(items.before + items.after, False).render(context).strip() == "Hat 5"
    codes = loops["For each of codes"]
    assert rendering.compile(codes.before + codes.after, False).render(context).split() == ["A", "B"]
    empty = rendering.context_of(make.contact("bob@example.com"), {})
    (city,) = [one for g in inserting.inserts() for one in g.inserts if one.label == "Home town, or other words"]
    assert rendering.compile(city.before, False).render(empty) == "…"


def test_a_campaign_is_offered_nothing_of_an_event(ada: Contact) -> None:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        found = named(event=None)
    assert not {"The event", "Loops"} & set(found) and len(asked) <= 1


def test_of_a_named_event_its_own_properties_are_offered(ada: Contact) -> None:
    timeline.record([NewEvent(ada.pk, "cart.left", {"left_at": "noon"}, NOW)], NOW)
    timeline.record([NewEvent(ada.pk, "tag.added", {"tag": "vip", "source": "page"}, NOW)], NOW)
    assert named("cart.left")["The event"] == ["left_at, or other words"]
    assert named("tag.added")["The event"] == ["tag, or other words"]
    assert "Loops" not in named("tag.added")
    assert not {"The event", "Loops"} & set(named("contact.created")), "nothing of it is known"
    assert named("never.seen")["The event"] == ["amount, or other words"]


def test_an_empty_installation_is_shown_how_it_is_done() -> None:
    found = named()
    assert found["The event"] == ["amount, or other words"]
    assert found["Loops"] == ["For each of items", "The first three of items"]
    assert found["Attributes"] == ["An attribute"]
