"""Where people may be named in scenarios, drafts and all versions; see `contacts.people.mentioning`."""

from django.urls import reverse

from contacts.people.mentioning import Place
from flows.models import Scenario


def _page(pk: int) -> str:
    """A chain of mailings is seen where its campaign is."""
    campaign = Scenario.objects.filter(pk=pk).values_list("campaign_id", flat=True).first()
    return reverse("campaign_page", args=[campaign]) if campaign else reverse("scenario_editor", args=[pk])


PLACES = (
    Place(
        "flows_scenario",
        ["name", "description", "state_reason"],
        ["objective", "exits", "draft"],
        "Scenario",
        _page,
    ),
    Place(
        "flows_flow",
        (),
        ["graph"],
        "Scenario",
        _page,
        owner="t.scenario_id",
        name="(SELECT o.name FROM flows_scenario o WHERE o.id = t.scenario_id)",
    ),
    Place("flows_entryrun", (), ["config"]),
)
