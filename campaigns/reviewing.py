"""Shows what a message said and how it fares, for people who look into the ledger."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from campaigns.channels.base import preferences_url, unsubscribe_url
from campaigns.models import Hit, Message, MessageState, Provider
from campaigns.skip_reasons import WAITS
from campaigns.tracking.devices import DEVICES
from campaigns.tracking.machines import WHY
from contacts.models import Event
from contacts.models.consent import Channel
from templates_app import mjml, rendering


@dataclass(frozen=True)
class Shown:
    """A message rendered for reading: its links lead to their real destinations, so that looking counts as nothing."""

    subject: str
    html: str
    text: str
    problem: str = ""


def shown(message: Message) -> Shown:
    """The stored words with the contact's present data. `contact` and `content` should have been selected."""
    content = message.content
    try:
        context = _context(message)
        subject = rendering.compile(content.subject, escape=False).render(context)
        if message.channel == Channel.SMS:
            return Shown("", "", rendering.compile(content.body, escape=False).render(context))
        source = rendering.html_of(content.markup, content.body, content.preheader)
        html = rendering.compile(source, escape=True).render(context)
        text = rendering.compile(rendering.text_of(source), escape=False).render(context)
    except (rendering.RenderError, mjml.MjmlError) as error:
        return Shown("", "", "", str(error))
    return Shown(" ".join(subject.split()), html, text)


def subject_of(message: Message) -> str:
    """The subject, or the beginning of an SMS, for lists; as it was written where it cannot be rendered."""
    content = message.content
    source = content.subject if message.channel == Channel.EMAIL else content.body
    if "{{" not in source and "{%" not in source:
        return source
    try:
        return rendering.compile(source, escape=False).render(rendering.context_of(message.contact))
    except rendering.RenderError:
        return source


def _context(message: Message) -> dict[str, Any]:
    event = Event.objects.filter(pk=message.event_id).values_list("properties", flat=True).first()
    context = rendering.context_of(message.contact, event)
    context["unsubscribe_url"] = unsubscribe_url(message.pk)
    context["preferences_url"] = preferences_url(message.pk)
    return context


class Reasons:
    """Called with a message (`origin` selected) it says why that is where it is, or ""; for a queued one what it waits
    for. Asks once for any number of messages."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    @cached_property
    def served(self) -> set[str]:
        return set(Provider.objects.filter(enabled=True).values_list("channel", flat=True))

    def __call__(self, message: Message) -> str:
        if message.state != MessageState.QUEUED:
            return message.reason
        if message.origin.held:
            return "Waits: what it belongs to is paused."
        if message.channel not in self.served:
            return f"Waits: there is no enabled provider for {message.get_channel_display()}."
        if message.reason in WAITS and message.due_at > self.now:
            return WAITS[message.reason]
        if message.reason and message.reason not in WAITS:
            return f"Will be tried again: {message.reason}"
        return "Waits until it is due." if message.due_at > self.now else ""


@dataclass(frozen=True)
class Visit:
    """One visit to the message's picture (`number` is None) or to a link; `why` it was a machine's, or ""."""

    number: int | None
    at: datetime
    agent: str
    device_name: str
    machine: str
    counted: bool

    @property
    def place(self) -> int:
        return (self.number or 0) + 1

    @property
    def why(self) -> str:
        return WHY.get(self.machine, self.machine)


def visits(message: Message, most: int = 100) -> list[Visit]:
    """The newest visits first."""
    return [
        Visit(hit.number, hit.at, hit.agent, DEVICES.get(hit.device, ""), hit.machine, hit.counted)
        for hit in Hit.objects.filter(message=message).order_by("-pk")[:most]
    ]


def history(message: Message) -> list[tuple[datetime, str]]:
    """What happened to a message, in order of time."""
    moments = [
        (message.queued_at, "Queued"),
        (message.sent_at, "Handed to the provider"),
        (message.delivered_at, "Delivered"),
        (message.opened_at, "Opened for the first time"),
        (message.clicked_at, "Clicked for the first time"),
        (message.bounced_at, "Bounced"),
        (message.complained_at, "Reported as spam"),
        (message.failed_at, "Failed"),
        (message.skipped_at, "Skipped"),
        (message.unknown_at, "Lost sight of, while it was handed over"),
        (message.unsubscribed_at, "Unsubscribed"),
    ]
    # Sorting keeps the order above where two moments are the same.
    return sorted(((at, what) for at, what in moments if at), key=lambda moment: moment[0])
