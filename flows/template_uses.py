"""Tells which scenarios send a template, in their newest graph."""

from django.urls import reverse

from flows.models import Scenario
from templates_app.usage import Use


def uses(template_id: int, key: str = "template") -> list[Use]:
    """`key` is the name under which nodes keep the id in their config."""
    found = Scenario.objects.filter(flow__graph__contains={"nodes": [{"config": {key: template_id}}]}).only("name")
    return [Use(scenario.name, reverse("scenario_editor", args=[scenario.pk])) for scenario in found]
