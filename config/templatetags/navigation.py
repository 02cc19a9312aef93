"""Links of the frame: only those whose pages exist, with the current one marked."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse

register = template.Library()

# (URL name, label, icon)
MAIN = [
    ("home", "Home", "house"),
    ("scenario_list", "Scenarios", "workflow"),
    ("campaign_list", "Campaigns", "megaphone"),
    ("contact_list", "Contacts", "users"),
    ("segment_list", "Segments", "chart-pie"),
    ("template_list", "Templates", "layout-template"),
    ("message_list", "Messages", "send"),
    ("report", "Reports", "chart-column"),
    ("inbox", "Inbox", "inbox"),
]
SETTINGS = [
    ("settings", "Installation", "sliders-horizontal"),
    ("provider_list", "Providers", "plug"),
    ("tracking_settings", "Tracking", "mouse-pointer-click"),
    ("price_list", "Prices", "coins"),
    ("budget", "Budget", "wallet"),
    ("courtesy", "Courtesy", "moon"),
    ("brand", "Brand", "palette"),
    ("topic_list", "Topics", "newspaper"),
    ("attribute_list", "Attributes", "list-plus"),
    ("tag_list", "Tags", "tag"),
    ("user_list", "People", "user-cog"),
    ("api_key_list", "API keys", "key-round"),
    ("profile", "Profile", "user"),
]
SUPERUSERS_ONLY = {"user_list"}


@dataclass(frozen=True)
class Link:
    name: str
    url: str
    label: str
    icon: str
    current: bool


@register.simple_tag(takes_context=True)
def main_links(context: dict[str, Any]) -> list[Link]:
    return _links(context, MAIN)


@register.simple_tag(takes_context=True)
def settings_links(context: dict[str, Any]) -> list[Link]:
    return _links(context, SETTINGS)


@register.simple_tag
def url_if_any(name: str, *args: object) -> str:
    """The URL of that name, or "" where no page has it."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def _links(context: dict[str, Any], entries: list[tuple[str, str, str]]) -> list[Link]:
    request = context.get("request")
    path = request.path if request else ""
    user = getattr(request, "user", None)
    links = []
    for name, label, icon in entries:
        url = url_if_any(name)
        if not url or (name in SUPERUSERS_ONLY and not getattr(user, "is_superuser", False)):
            continue
        exact = name in ("home", "settings")
        links.append(Link(name, url, label, icon, current=path == url if exact else path.startswith(url)))
    return links


TONES = {
    "sent": "success",
    "delivered": "success",
    "queued": "info",
    "sending": "info",
    "bounced": "danger",
    "complained": "danger",
    "failed": "danger",
    "unknown": "warning",
    "skipped": "neutral",
}


@register.filter
def message_tone(state: str) -> str:
    """The badge's class for a message state."""
    return TONES.get(state, "neutral")
