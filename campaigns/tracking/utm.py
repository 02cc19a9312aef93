"""Adds UTM parameters to the addresses that tracked links lead to, when they are clicked."""

import re
from urllib.parse import quote

from campaigns.models import Link, Message
from campaigns.origins import Place, places
from contacts.models import Installation

NAMES = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
CHOICES = [("", "As the installation says"), ("on", "Add them to links"), ("off", "Leave links as they are")]
PLACEHOLDERS = {
    "campaign": "the name of the campaign or scenario",
    "node": "the name of its step, shape or variant",
    "message": "the name of the template, or the subject",
    "topic": "the topic of the message",
    "channel": "email or sms",
    "link": "which link of the message it is, counted from 1",
}
_PLACEHOLDER = re.compile(r"\{(\w*)\}")
_OWN = re.compile(r"[?&;]utm_\w+=", re.IGNORECASE)
LONGEST = 200  # characters of one value


def unknown(text: str) -> list[str]:
    """The placeholders in a setting that are none."""
    return [name for name in _PLACEHOLDER.findall(text) if name not in PLACEHOLDERS]


def decorated(url: str, message: Message, link: Link) -> str:
    """Where a click on the link leads, with the installation's parameters, if this message has them. `link.content`
    and `message.origin` should have been selected."""
    installation = Installation.current()
    if not (link.content.utm == "on" or (installation.utm_on and link.content.utm != "off")):
        return url
    values = _values(message, link, places([message.origin.key])[message.origin.key])
    given = {name: filled(getattr(installation, name), values) for name in NAMES}
    return added(url, {name: value for name, value in given.items() if value})


def filled(text: str, values: dict[str, str]) -> str:
    return " ".join(_PLACEHOLDER.sub(lambda match: values.get(match[1], ""), text).split())[:LONGEST]


def added(url: str, parameters: dict[str, str]) -> str:
    """The address with the parameters at the end of its query, before its fragment; otherwise not a character of it is
    changed. One that has UTM parameters of its own stays as it is."""
    whole, mark, fragment = url.partition("#")
    if not parameters or _OWN.search(whole):
        return url
    joint = "?" if "?" not in whole else "" if whole.endswith(("?", "&")) else "&"
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items())
    return f"{whole}{joint}{query}{mark}{fragment}"


def _values(message: Message, link: Link, place: Place) -> dict[str, str]:
    whole, part = place.scenario or place.campaign, place.node or place.variant
    content = link.content
    return {
        "campaign": whole.label if whole else place.label,
        "node": part.label if part else "",
        "message": content.template_version.template.name if content.template_version else _words(content.subject),
        "topic": content.topic,
        "channel": message.channel,
        "link": str(link.number + 1),
    }


def _words(subject: str) -> str:
    """The subject without its Liquid, for nobody's name is to stand in an address."""
    return re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", subject)
