"""Refuses subscriptions that a program reports by itself where contacts have to confirm them."""

from collections.abc import Mapping
from typing import Any

from contacts import topics
from contacts.consent import ADDRESSES
from contacts.models import ConsentState, Installation
from contacts.remembering import remembered

_HOW = "POST contacts/ID/ask-consent/ asks them by email."


def refused(given: Any) -> dict[str, list[str]]:
    """What of a contact's fields needs the contact's own confirmation, as sentences by field. Only email is confirmed
    by email; what is no subscription, or makes no sense, is none of its business."""
    errors: dict[str, list[str]] = {}
    if not isinstance(given, Mapping):
        return errors
    if _subscribes(given.get("consent")) and remembered("double opt-in", lambda: Installation.current().double_opt_in):
        errors["consent"] = [f"Contacts confirm by themselves that they want email here (double opt-in). {_HOW}"]
    asked = given.get("topics")
    for key, answers in asked.items() if isinstance(asked, Mapping) else ():
        topic = topics.known().get(str(key)) if _subscribes(answers) else None
        if topic and topic.double_opt_in:
            errors["topics"] = [f"Contacts confirm by themselves that they want “{topic.name}” (double opt-in). {_HOW}"]
    return errors


def _subscribes(answers: Any) -> bool:
    return isinstance(answers, Mapping) and answers.get(next(iter(ADDRESSES))) == ConsentState.SUBSCRIBED
