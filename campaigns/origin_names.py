"""Names the origins of campaigns: "campaign:3:a" is variant a of a mailing, "campaign:3:n2" a step of a chain."""

from collections.abc import Collection

from django.urls import NoReverseMatch, reverse

from campaigns.models import Campaign, ChainStep
from campaigns.models.campaign import Kind
from campaigns.origins import Named, Place
from contacts.segments.tree import leaves


def places(keys: Collection[str]) -> dict[str, Place]:
    asked: dict[str, tuple[int, str]] = {}
    for key in keys:
        kind, _, rest = key.partition(":")
        digits, _, part = rest.partition(":")
        if kind == "campaign" and digits.isdecimal():
            asked[key] = int(digits), part
    if not asked:
        return {}
    ids = {number for number, _ in asked.values()}
    campaigns = {campaign.pk: campaign for campaign in Campaign.objects.filter(pk__in=ids)}
    steps = {(step.campaign_id, step.key): step for step in ChainStep.objects.filter(campaign__in=list(campaigns))}
    return {key: _place(key, number, part, campaigns.get(number), steps) for key, (number, part) in asked.items()}


def _place(
    key: str, number: int, part: str, campaign: Campaign | None, steps: dict[tuple[int, str], ChainStep]
) -> Place:
    if campaign is None:
        return Place.of(Named(str(number), f"Campaign {number}, deleted"), False, None, None, ())
    whole = Named(str(number), campaign.name, campaign_url(number))
    segments = _segments(campaign)
    if campaign.kind == Kind.CHAIN:
        step = steps.get((number, part))
        label = step.name if step else f"{part}, removed"
        return Place.of(whole, False, Named(key, label, whole.url) if part else None, None, segments)
    # What was not tested has no variants.
    several = len(campaign.variants) > 1
    variant = Named(key, f"Variant {part.upper()}", whole.url) if part and several else None
    return Place.of(whole, False, None, variant, segments)


def _segments(campaign: Campaign) -> set[int]:
    named = {rule.get("id") for rule in leaves(campaign.audience.get("rule")) if rule.get("rule") == "segment"}
    return {pk for pk in {*campaign.audience.get("segments", []), *named} if isinstance(pk, int)}


def campaign_url(pk: int) -> str:
    """The campaign's page, where it has one."""
    try:
        return reverse("campaign_page", args=[pk])
    except NoReverseMatch:
        return ""
