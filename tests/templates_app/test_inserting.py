"""What can be put into a text with one click names the defined attributes, and prints them sensibly."""

import pytest
from django.urls import reverse

from contacts.models import Contact
from templates_app import rendering
from templates_app.inserting import fields
from templates_app.models import Template, TemplateVersion
from tests import make

pytestmark = pytest.mark.django_db


def printed(label: str, attributes: dict, **others: str) -> str:
    source = next(field.liquid for field in fields() if field.label == label)
    assert rendering.problems(source) == []
    return rendering.compile(source, True).render(rendering.context_of(Contact(attributes=attributes, **others)))


def test_defined_attributes_stand_with_their_labels_and_print_as_people_write():
    make.attribute("born", "date", label="Date of birth")
    make.attribute("seats", "number")
    make.attribute("visit", "datetime")
    make.attribute("likes", "list")
    make.attribute("clé", "text", label="Clé")
    attributes = {
        "born": "1990-05-07",
        "seats": 12.5,
        "visit": "2026-03-10T09:05:00Z",
        "likes": ["Red", "<Blue>"],
        "clé": "x",
    }
    assert printed("Date of birth", attributes) == "7 May 1990"
    assert printed("Seats", attributes) == "12.5"
    assert printed("Visit", attributes) == "10 March 2026, 09:05"
    assert printed("Visit", attributes, timezone="Asia/Tokyo") == "10 March 2026, 18:05"
    assert printed("Visit", {"visit": "soon"}) == "soon"
    assert printed("Likes", attributes) == "Red, &lt;Blue&gt;"
    assert printed("Clé", attributes) == "x"
    for label in ("Date of birth", "Seats", "Visit", "Likes", "Clé"):
        assert printed(label, {}) == ""


def test_yes_or_no_makes_a_part_conditional():
    make.attribute("vip", "boolean", label="VIP")
    assert next(field.liquid for field in fields() if field.label == "Only if VIP") == (
        "{% if contact.attributes.vip %}{% endif %}"
    )


def test_without_definitions_an_example_shows_how_attributes_are_written(admin_client):
    labels = [field.label for field in fields(event=None)]
    assert "An attribute" in labels and "A property of the event" not in labels
    make.attribute("plan", label="<b>Plan")
    assert "An attribute" not in [field.label for field in fields()]
    template = Template.objects.create(name="Words", channel="email")
    TemplateVersion.objects.create(template=template, number=1, body="Hello")
    page = admin_client.get(reverse("template_page", args=[template.pk])).text
    assert "&lt;b&gt;Plan" in page and "<b>Plan" not in page and "{{ contact.attributes.plan }}" in page
