"""Where programs find campaigns."""

from campaigns.models import Campaign

URL = "/api/v1/campaigns/"


def url(campaign: Campaign, action: str = "") -> str:
    return f"{URL}{campaign.pk}/{action}/" if action else f"{URL}{campaign.pk}/"
