"""Where people may be named in campaigns, their words and saved reports; see `contacts.people.mentioning`."""

from django.urls import reverse

from contacts.people.mentioning import Place


def _page(pk: int) -> str:
    return reverse("campaign_page", args=[pk])


PLACES = (
    Place(
        "campaigns_campaign",
        ["name", "state_reason", "winner_reason"],
        ["audience", "variants"],
        "Campaign",
        _page,
    ),
    Place(
        "campaigns_chainstep",
        ["name"],
        ["message", "terms", "objective"],
        "Campaign",
        _page,
        owner="t.campaign_id",
        name="(SELECT o.name FROM campaigns_campaign o WHERE o.id = t.campaign_id)",
    ),
    Place(
        "campaigns_savedreport",
        ["name", "query"],
        (),
        "Saved report",
        lambda pk: reverse("saved_report_list"),
        name="CASE WHEN t.shared THEN t.name ELSE 'a private one' END",
        unique=["name"],
    ),
    Place("campaigns_audiencefile", ["name", "error"], key="campaign_id"),
    # What was sent in these words stays counted; who sends them again gets words of their own.
    Place("campaigns_content", ["subject", "preheader", "body"]),
    Place("campaigns_link", ["url"]),
    Place("campaigns_objective", (), ["filter"]),
    Place("campaigns_ledgerentry", ["note"]),
)
