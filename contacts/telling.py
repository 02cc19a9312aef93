"""Says in words what an event on a timeline was."""

import json
from dataclasses import dataclass
from datetime import datetime

from contacts import topics
from contacts.models import Event
from contacts.models.consent import Channel
from contacts.profiles import LABELS

_SENTENCES = {
    "contact.created": "Contact created",
    "contact.updated": "Contact changed",
    "contact.merged": "Another contact was merged into this one",
    "contact.exported": "Everything about them was given out",
    "tag.added": "Tag “{tag}” added",
    "tag.removed": "Tag “{tag}” removed",
    "segment.entered": "Entered segment “{name}”",
    "segment.left": "Left segment “{name}”",
    "email.sent": "Email sent",
    "email.delivered": "Email delivered",
    "email.opened": "Email opened",
    "email.clicked": "Link in an email clicked",
    "email.bounced": "Email bounced",
    "email.complained": "Email marked as spam",
    "email.unsubscribed": "Unsubscribed from email",
    "email.machine_opened": "Email loaded by a machine, not counted",
    "email.machine_clicked": "Link in an email followed by a machine, not counted",
    "sms.sent": "SMS sent",
    "sms.delivered": "SMS delivered",
    "sms.failed": "SMS failed",
    "sms.clicked": "Link in an SMS clicked",
    "sms.machine_clicked": "Link in an SMS followed by a machine, not counted",
    "sms.replied": "Replied by SMS",
    "sms.unsubscribed": "Unsubscribed from SMS",
    "topic.subscribed": "Subscribed to the topic “{topic}” by {channel}",
    "topic.unsubscribed": "Unsubscribed from the topic “{topic}” by {channel}",
    "scenario.entered": "Entered a scenario",
    "scenario.completed": "Completed a scenario",
    "api.call": "Let in through the API",
}
# Properties that the sentence says, or that say it to programs, by the first part of the event's name.
_SAID = {
    "tag": ("tag",),
    "segment": ("segment", "name"),
    "topic": ("topic", "topic_name", "channel"),
    "contact": ("gone",),
}
BY = {Channel.EMAIL.value: "email", Channel.SMS.value: "SMS"}
_BAD = {
    "email.bounced",
    "email.complained",
    "email.unsubscribed",
    "sms.failed",
    "sms.unsubscribed",
    "topic.unsubscribed",
}
_GOOD = {
    "contact.created", "email.opened", "email.clicked", "sms.clicked", "sms.replied", "scenario.completed",
    "topic.subscribed",
}  # fmt: skip
# Of what Waypost records itself, what only programs can make something of.
_FOR_PROGRAMS = {"origin", "message", "provider", "link", "scenario"}


class _Blank(dict):
    def __missing__(self, key: str) -> str:
        return "…"


@dataclass(frozen=True)
class Told:
    """One line of a timeline: `details` are (name, value) pairs, `tone` is success, danger, info or ""."""

    sentence: str
    details: list[tuple[str, str]]
    at: datetime
    tone: str


def tell(event: Event) -> Told:
    """Asks once for the topics, if there are any, within `remembering`, however many events are told."""
    properties = event.properties if isinstance(event.properties, dict) else {}
    known = _SENTENCES.get(event.name)
    sentence = known.format_map(_Blank(_in_words(properties))) if known else event.name
    tone = "danger" if event.name in _BAD else "success" if event.name in _GOOD else "" if known else "info"
    left_out = _FOR_PROGRAMS.union(_SAID.get(event.name.partition(".")[0], ())) if known else set()
    shown = {key: value for key, value in properties.items() if key not in left_out}
    if event.name == "contact.updated" and isinstance(shown.get("changed"), list):
        shown["changed"] = [changed(str(name)) for name in shown["changed"]]
    return Told(sentence, [(key, _short(value)) for key, value in list(shown.items())[:12]], event.at, tone)


def _in_words(properties: dict[str, object]) -> dict[str, object]:
    """A topic is called what it is called now; else what it was called then; else by its key."""
    if not isinstance(properties.get("topic"), str):
        return properties
    key, channel = str(properties["topic"]), str(properties.get("channel", ""))
    found = topics.known().get(key)
    name = found.name if found else properties.get("topic_name") or key
    return {**properties, "topic": name, "channel": BY.get(channel, channel or "…")}


def changed(name: str) -> str:
    """What `contact.updated` says was changed, such as "consent.email" or "topics.news.sms", for people."""
    kind, _, rest = name.partition(".")
    if kind == "consent":
        return f"consent to {BY.get(rest, rest)}"
    if kind == "topics":
        key, _, channel = rest.rpartition(".")
        return f"consent to “{topics.name(key)}” by {BY.get(channel, channel)}"
    return rest if kind == "attributes" and rest else LABELS.get(name, name).lower()


def _short(value: object) -> str:
    if isinstance(value, list) and all(isinstance(inner, str) for inner in value):
        text = ", ".join(value)
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:199]}…"
