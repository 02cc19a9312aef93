"""Tells which campaigns that have not begun send a template: the others keep the words that they began with."""

from django.urls import reverse

from campaigns.mailings.moves import DRAFT, SCHEDULED
from campaigns.models import Campaign
from templates_app.usage import Use


def uses(template_id: int) -> list[Use]:
    named = Campaign.objects.filter(variants__contains=[{"template": template_id}], state__in=(DRAFT, SCHEDULED))
    return [Use(campaign.name, reverse("campaign_page", args=[campaign.pk])) for campaign in named.only("name")]
