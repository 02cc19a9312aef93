"""Every reason for which a message is not sent stands in one list, and can be filtered by."""

import ast
from pathlib import Path

import pytest
from django.test import Client

from campaigns import skip_reasons
from campaigns.models import Message
from tests import make
from tests.campaigns import letters
from tests.make import NOW

ROOT = Path(__file__).resolve().parents[2]
# What is called with a reason, and at which place.
GIVEN = {"Refused": 0, "skip": 1, "Decision": 0}


def _places():
    """Every expression in the code that becomes the reason of a message that is skipped."""
    for path in [*ROOT.glob("campaigns/**/*.py"), *ROOT.glob("flows/**/*.py")]:
        if "chains/editing" in str(path):
            continue  # has a Refused of its own
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
                if name in GIVEN and len(node.args) > GIVEN[name]:
                    yield path, node.args[GIVEN[name]]
                for keyword in node.keywords:
                    if name == "Wanted" and keyword.arg == "skipped":
                        yield path, keyword.value


def test_no_code_writes_a_reason_by_itself():
    found = list(_places())
    assert len(found) >= 10
    written = [
        (str(path), ast.unparse(value)) for path, value in found if isinstance(value, (ast.Constant, ast.JoinedStr))
    ]
    assert written == []


def test_every_reason_in_the_code_is_in_the_list():
    named = {value for name, value in vars(skip_reasons).items() if name.isupper() and isinstance(value, str)}
    assert named == set(skip_reasons.ALL)
    used = {
        getattr(value, "attr", None) or getattr(value, "id", "")
        for _path, value in _places()
        if isinstance(value, (ast.Attribute, ast.Name))
    }
    constants = {name for name in used if name.isupper()}
    assert constants <= set(vars(skip_reasons))
    assert {"NO_ADDRESS", "TOO_LATE", "CONTACT_DELETED"} <= constants


@pytest.mark.django_db
def test_a_reason_is_short_enough_to_be_counted():
    assert all(len(f"skipped:{reason}") <= 40 for reason in skip_reasons.ALL)


@pytest.mark.django_db
@pytest.mark.parametrize("reason", skip_reasons.ALL)
def test_messages_can_be_filtered_by_each(marketer: Client, reason):
    ada, ben = make.contact("ada@example.com"), make.contact("ben@example.com")
    letters.queue([ada.pk], letters.content(), skipped=reason)
    letters.queue([ben.pk], letters.content(), visit=2)
    page = marketer.get("/messages/", {"reason": reason}).content.decode()
    assert "ada@example.com" in page
    assert "ben@example.com" not in page
    assert Message.objects.get(contact=ada).skipped_at == NOW
