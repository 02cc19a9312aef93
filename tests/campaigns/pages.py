"""What the tests of campaigns' pages share."""

import re
from typing import Any

from campaigns.models import Campaign
from tests.campaigns import mailings

HTMX = {"HTTP_HX_REQUEST": "true"}


def text_of(answer: Any) -> str:
    """A page's words, without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def draft(**fields: Any) -> Campaign:
    """A campaign that says nothing yet."""
    return mailings.campaign(variants=[], **fields)


def again(campaign: Campaign) -> Campaign:
    """The campaign as the database has it."""
    campaign.refresh_from_db()
    return campaign
