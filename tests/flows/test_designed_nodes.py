"""A node holds a message made of blocks: what is sent is what its design says."""

import json

import pytest
from django.test import Client

from config.models import User
from flows.nodes import registry
from templates_app.models import Brand
from templates_app.starters import starters

pytestmark = pytest.mark.django_db
DESIGN = starters()["plain"].design


def test_a_design_without_a_body_is_enough_and_becomes_one() -> None:
    node = registry()["email"]
    config = {"subject": "Hi", "design": DESIGN}
    assert node.problems(config) == []
    tidied = node.tidy(config)
    assert tidied["markup"] == "mjml"
    assert tidied["body"].startswith("<mjml>")
    assert tidied["design"] == DESIGN


def test_a_body_beside_a_design_is_written_anew_in_the_brand_of_now() -> None:
    Brand.objects.create(pk=1, address="5 Elm Street")
    tidied = registry()["email"].tidy({"subject": "Hi", "design": DESIGN, "body": "<p>Old</p>", "markup": "html"})
    assert "5 Elm Street" in tidied["body"]
    assert "Old" not in tidied["body"]


@pytest.mark.parametrize("design", ["no", 7, [1], {"sections": 3}, {"look": {}, "sections": [{}]}])
def test_what_is_no_design_is_refused(design: object) -> None:
    assert registry()["email"].problems({"subject": "Hi", "body": "x", "design": design})


def test_a_template_and_a_design_are_not_both_taken() -> None:
    found = registry()["email"].problems({"template": 99, "subject": "Hi", "design": DESIGN})
    assert found


def test_mjml_that_cannot_be_compiled_is_said_with_its_line() -> None:
    found = registry()["email"].problems({"subject": "Hi", "markup": "mjml", "body": "<mjml>\n<mj-nothing>"})
    assert any("Line 2" in sentence and "mj-nothing" in sentence for sentence in found)


def test_the_editor_takes_a_design_and_hands_its_words_back() -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("ada", "ada@example.com", "x"))
    page = client.post("/templates/design/", {"design": json.dumps(DESIGN), "subject": "Hi <b>"}).content.decode()
    assert 'id="blocks-design"' in page
    assert "Hi &lt;b&gt;" in page
    assert "Start from" in client.post("/templates/design/", {"design": "{]"}).content.decode()
    sent = {"subject": "Hi", "preheader": "", "design": DESIGN}
    told = client.post("/templates/design/done/", sent, "application/json").json()
    assert told["body"].startswith("<mjml>")
    assert (told["subject"], told["markup"], told["design"]) == ("Hi", "mjml", DESIGN)
    assert client.post("/templates/design/done/", {"design": 1}, "application/json").status_code == 400
    nobody = Client()
    nobody.force_login(User.objects.create_user("vic", password="x"))
    assert nobody.post("/templates/design/", {}).status_code == 403
