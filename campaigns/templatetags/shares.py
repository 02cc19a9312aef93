"""Shares of one as people write them."""

from django import template

register = template.Library()


@register.filter
def percent(share: float | None) -> str:
    """“23.4 %”; a dash where there was nothing to divide by."""
    return "–" if share is None else f"{100 * share:.1f} %"


@register.filter
def heat(share: float | None) -> int:
    """0 to 10, for how strongly a cell is coloured."""
    return round(10 * min(max(share or 0, 0), 1))
