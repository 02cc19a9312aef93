"""What contacts choose on their preference page: which channels, which topics there, the language and the time zone."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns import unsubscribing
from campaigns.models import Message
from contacts import consent, saving, topic_consent
from contacts.consent import ADDRESSES, Proof
from contacts.models import ConsentState, Contact, Installation, Topic
from contacts.models.consent import Channel

SOURCE = "preference page"
SUBSCRIBED, UNSUBSCRIBED = ConsentState.SUBSCRIBED.value, ConsentState.UNSUBSCRIBED.value
UNKNOWN = ConsentState.UNKNOWN.value
PROFILE = ("language", "timezone")  # the fields of a contact that they choose themselves
LABELS = {Channel.EMAIL.value: _("Emails"), Channel.SMS.value: _("Text messages")}


@dataclass(frozen=True)
class Choice:
    """A box of the page: `topic` is None for the channel as a whole."""

    channel: str
    topic: Topic | None
    on: bool

    @property
    def name(self) -> str:
        """What the page's field is called."""
        return f"topic:{self.topic.key}:{self.channel}" if self.topic else f"channel:{self.channel}"


@dataclass(frozen=True)
class Offered:
    """One channel with its address, as far as whoever holds this message's link may see it, and its topics."""

    channel: Choice
    address: str
    topics: list[Choice]

    @property
    def label(self) -> str:
        return str(LABELS[self.channel.channel])


def offered(message: Message) -> list[Offered]:
    """What a contact can choose: the channels on which they have an address, that of the message first; the topics that
    are shown, and those that they left."""
    contact = message.contact
    said = consent.states([contact.pk])[contact.pk]
    about = topic_consent.of([contact.pk])[contact.pk]
    opts_in = Installation.current().consent_policy == Installation.ConsentPolicy.OPT_IN
    shown = Topic.objects.filter(Q(public=True) | Q(key__in=[key for key, answers in about.items() if answers]))
    there = list(shown.filter(archived_at=None))
    found = []
    for channel in sorted(Channel, key=lambda each: each != message.channel):
        address = getattr(contact, ADDRESSES[channel])
        if address:
            whole = Choice(channel.value, None, _on(said[channel], opts_in))
            topics = [
                Choice(
                    channel.value,
                    topic,
                    _on(about.get(topic.key, {}).get(channel, UNKNOWN), topic.policy == Topic.Policy.OPT_IN),
                )
                for topic in there
            ]
            seen = address if channel == message.channel else hidden(address)
            found.append(Offered(whole, seen, topics))
    return found


def _on(state: str, opts_in: bool) -> bool:
    return state == SUBSCRIBED or (state == UNKNOWN and not opts_in)


def hidden(address: str) -> str:
    """An address of the contact's that the message did not go to: a mail that is passed on does not tell it."""
    name, at, domain = address.rpartition("@")
    return f"{name[:1]}…@{domain}" if at else f"{address[:3]}…{address[-2:]}"


def choose(message: Message, ticked: Collection[str], profile: Mapping[str, str], now: datetime, proof: Proof) -> bool:
    """Keep what was ticked (names of choices), the fields of PROFILE that are given, and what differs from what holds.
    Returns whether anything changed."""
    changed = False
    with transaction.atomic():
        # Two tabs, sent at once, are one after the other here.
        if not Contact.objects.select_for_update(no_key=True).filter(pk=message.contact_id).exists():
            return False
        for each in offered(message):
            for choice in (each.channel, *each.topics):
                if (choice.name in ticked) != choice.on:
                    changed = _keep(message, choice, now, proof) or changed
        contact = Contact.objects.get(pk=message.contact_id)
        fields = {name: given for name, given in profile.items() if given != getattr(contact, name)}
        if fields:
            try:
                saving.update(contact, fields, now, SOURCE, proof=proof)
                changed = True
            except ValidationError:
                pass  # not one of those on the page
    return changed


def _keep(message: Message, choice: Choice, now: datetime, proof: Proof) -> bool:
    contact = message.contact_id
    if choice.topic:
        state = UNSUBSCRIBED if choice.on else SUBSCRIBED
        about = {"message": message.pk}
        return bool(topic_consent.say([contact], choice.topic, choice.channel, state, SOURCE, now, proof, about))
    if choice.on:
        origin = message if choice.channel == message.channel else None
        return unsubscribing.leave(contact, choice.channel, origin, SOURCE, now, proof)
    return unsubscribing.come_back(contact, choice.channel, SOURCE, now, proof)


def leave_all(message: Message, now: datetime, proof: Proof) -> bool:
    """No more messages on any channel, also on those on which the contact has no address yet."""
    left = [
        unsubscribing.leave(
            message.contact_id, channel, message if channel == message.channel else None, SOURCE, now, proof
        )
        for channel in Channel.values
    ]
    return any(left)
