"""Scenarios write attributes of the contacts who pass."""

import pytest
from django.http import QueryDict

from contacts import timeline
from contacts.models import Contact
from flows import starting
from flows.models import Execution
from flows.nodes import registry
from tests import make
from tests.flows.drive import until_still
from tests.make import NOW

IS_PRO = {"rule": {"rule": "attribute", "field": "plan", "op": "equals", "value": "pro"}}


@pytest.mark.django_db
def test_a_condition_behind_it_sees_what_it_set():
    make.contacts(3)
    graph = make.graph(
        ("in", "now", {}),
        ("set", "update_contact", {"set": {"plan": "pro", "seats": 2}, "remove": ["trial"]}),
        ("ask", "condition", IS_PRO),
        ("yes", "end", {}),
        edges="in>set set>ask ask:yes>yes",
    )
    starting.start(make.scenario(graph), NOW)
    until_still(NOW)
    assert set(Execution.objects.values_list("node", flat=True)) == {"yes"}
    assert Contact.objects.filter(attributes={"plan": "pro", "seats": 2}).count() == 3


@pytest.mark.django_db(transaction=True)
def test_texts_are_filled_in_with_the_contact_and_the_event():
    ann, ben = make.contact("ann@example.com", first_name="Ann").pk, make.contact("ben@example.com").pk
    words = "{{ event.product }} for {{ contact.first_name | default: 'you' }}"
    graph = make.graph(
        ("in", "on_event", {"event": "order.placed"}),
        ("set", "update_contact", {"set": {"last": words, "buyer": True}}),
        edges="in>set",
    )
    starting.start(make.scenario(graph), NOW)
    timeline.record([timeline.NewEvent(ann, "order.placed", {"product": "Lamp"})], NOW)
    timeline.record([timeline.NewEvent(ben, "order.placed", {"product": "Bed"})], NOW)
    until_still(NOW)
    assert list(Contact.objects.order_by("pk").values_list("attributes", flat=True)) == [
        {"last": "Lamp for Ann", "buyer": True},
        {"last": "Bed for you", "buyer": True},
    ]


@pytest.mark.django_db
def test_the_dialogs_rows_are_read_by_their_kind():
    rows = [("plan", "text", "pro"), ("seats", "number", "3"), ("rate", "number", "1,5"), ("paid", "truth", "No")]
    posted = QueryDict(mutable=True)
    for row in [*rows, ("", "text", "")]:
        for column, value in zip(("name", "kind", "value"), row, strict=True):
            posted.appendlist(f"set.{column}", value)
    form = registry()["update_contact"].form(posted)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["set"] == {"plan": "pro", "seats": 3, "rate": 1.5, "paid": False}
    html = str(registry()["update_contact"].form({"set": form.cleaned_data["set"]})["set"])
    assert 'value="pro"' in html and '<option value="number" selected>' in html and 'value="no"' in html
