"""The scenarios of one contact, for their page."""

from typing import Any

from django.http import HttpRequest

from contacts.models import Contact
from contacts.panels import Panel
from flows import journeys


def passes(contact: Contact, request: HttpRequest) -> dict[str, Any]:
    """The newest passes with their traces. Nothing for who may not see scenarios."""
    if not request.user.has_perm("flows.view_scenario"):
        return {"may_see": False}
    return {"may_see": True, "journeys": journeys.of_contact(contact)}


panel = Panel("Scenarios", "flows/_contact_scenarios.html", passes, order=5)
