"""Tells which campaigns that are not over name a provider."""

from django.urls import reverse

from campaigns.mailings.moves import CANCELLED, SENT
from campaigns.models import Campaign
from templates_app.usage import Use


def uses(provider_id: int) -> list[Use]:
    named = Campaign.objects.filter(provider_id=provider_id).exclude(state__in=(SENT, CANCELLED))
    return [Use(campaign.name, reverse("campaign_page", args=[campaign.pk])) for campaign in named.only("name")]
