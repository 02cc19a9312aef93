"""Refuses subscriptions that a program reports by itself where contacts have to confirm them."""

from collections.abc import Mapping
from typing import Any

from contacts import topics
from contacts.consent import ADDRESSES
from contacts.models import ConsentState, Installation
from contacts.remembering import remembered

_UNKNOWN = (
    "“unknown” would let somebody be written to again who has left or not confirmed yet (double opt-in): leave it out."
)
_WIDER = (ConsentState.SUBSCRIBED.value, ConsentState.UNKNOWN.value)
_HOW = "POST contacts/ID/ask-consent/ asks them by email."


def refused(given: Any, is_new: bool = False) -> dict[str, list[str]]:
    """What of a contact's fields needs the contact's own confirmation, as sentences by field. Only email is confirmed
    by email; what is no subscription, or makes no sense, is none of its business. Where everybody is written to who has
    not said no, “unknown” takes a no back, unless the contact `is_new`."""
    errors: dict[str, list[str]] = {}
    if not isinstance(given, Mapping):
        return errors
    if (said := _of_email(given.get("consent"))) in _WIDER:
        installation = remembered("double opt-in", Installation.current)
        opts_out = installation.consent_policy == Installation.ConsentPolicy.OPT_OUT
        if installation.double_opt_in and said == ConsentState.SUBSCRIBED:
            errors["consent"] = [f"Contacts confirm by themselves that they want email here (double opt-in). {_HOW}"]
        elif installation.double_opt_in and opts_out and not is_new:
            errors["consent"] = [_UNKNOWN]
    asked = given.get("topics")
    for key, answers in asked.items() if isinstance(asked, Mapping) else ():
        said = _of_email(answers)
        topic = topics.known().get(str(key)) if said in _WIDER else None
        if topic is None or not topic.double_opt_in:
            continue
        if said == ConsentState.SUBSCRIBED:
            errors["topics"] = [f"Contacts confirm by themselves that they want “{topic.name}” (double opt-in). {_HOW}"]
        elif topic.policy == topic.Policy.OPT_OUT and not is_new:
            errors.setdefault("topics", [_UNKNOWN])
    return errors


def _of_email(answers: Any) -> Any:
    said = answers.get(next(iter(ADDRESSES))) if isinstance(answers, Mapping) else None
    return said if isinstance(said, str) else None
