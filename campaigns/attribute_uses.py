"""Tells which campaigns that are not over ask about attributes, or say them in their messages."""

from collections.abc import Sequence

from django.urls import reverse

from contacts.attributes.using import IN_RULE, IN_WORDS, Uses, asked
from contacts.segments.using import Use

_CAMPAIGNS = f"""
    SELECT n.name, c.id, c.name FROM unnest(%(names)s::text[]) AS n (name), campaigns_campaign c
    WHERE c.state NOT IN ('sent', 'cancelled') AND (
        {IN_RULE.format(column="c.audience")} OR {IN_WORDS.format(column="c.variants::text")}
        OR EXISTS (
            SELECT FROM campaigns_chainstep s WHERE s.campaign_id = c.id
            AND ({IN_RULE.format(column="s.terms")} OR {IN_WORDS.format(column="s.message::text")})
        )
    ) ORDER BY c.name
"""  # noqa: S608


def uses(names: Sequence[str]) -> Uses:
    return asked(_CAMPAIGNS, names, lambda pk, name: Use("Campaign", name, reverse("campaign_page", args=[pk])))
