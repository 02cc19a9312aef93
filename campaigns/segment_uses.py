"""Tells which campaigns that are not over use a segment: in their audience, for it or against it."""

from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.db.models.fields import BooleanField
from django.urls import reverse

from campaigns.mailings.moves import CANCELLED, SENT
from campaigns.models import Campaign
from contacts.segments.using import NAMES_SEGMENT, Use


def uses(segment_id: int) -> list[Use]:
    in_rule = RawSQL(NAMES_SEGMENT.format(column="campaigns_campaign.audience"), [segment_id], BooleanField())  # noqa: S611
    named = Q(audience__segments__contains=segment_id) | Q(audience__exclude__contains=segment_id) | Q(in_rule)
    found = Campaign.objects.exclude(state__in=(SENT, CANCELLED)).filter(named).only("name")
    return [Use("Campaign", campaign.name, reverse("campaign_page", args=[campaign.pk])) for campaign in found]
