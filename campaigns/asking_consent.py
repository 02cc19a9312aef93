"""Asks contacts by email to confirm that they want to be written to, and keeps their yes: double opt-in."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from campaigns import asking_words, contents, outbox
from campaigns.models import Content, DoubleOptIn, Message, Priority
from campaigns.models.origin import ASKED_BY
from campaigns.speaking import spoken_to
from contacts import consent, timeline, topic_consent, topics
from contacts.consent import Proof
from contacts.models import Consent, ConsentState, Contact, Installation, Topic, TopicConsent
from contacts.models.consent import Channel

ASKED, CONFIRMED = "asked by email", "confirmation link"
DAY = timedelta(days=1)
EMAIL = Channel.EMAIL.value


class NotAsked(Exception):
    """Why the contact is not asked, as a sentence for people."""


def ask(contact_id: int, keys: Sequence[str], now: datetime, source: str, proof: Proof) -> Message | None:
    """Ask a contact to confirm emails, and the topics with these keys besides: what they have not subscribed to is
    pending from now on, and a mail with a link is on its way. None where they have subscribed to all of it.

    Raises NotAsked, campaigns.contents.Unpublished and Contact.DoesNotExist."""
    there = topics.known()
    for key in keys:
        if sentence := topics.problem(key):
            raise NotAsked(sentence)
    settings = DoubleOptIn.current()
    with transaction.atomic():
        # One after the other for each contact: nobody is asked more often than is allowed.
        contact = Contact.objects.select_for_update(no_key=True).get(pk=contact_id)
        asked = Message.objects.filter(contact=contact, origin__key=ASKED_BY)
        _may_be_asked(contact, asked.filter(queued_at__gt=now - DAY).count(), settings)
        wanted = [there[key] for key in dict.fromkeys(keys)]
        if not _pend(contact, wanted, now, source, proof):
            return None
        outbox.prepare([ASKED_BY], Priority.HIGH)
        visit = asked.count() + 1
        outbox.enqueue(ASKED_BY, _content(contact, settings, now), [contact.pk], [contact.pk], [visit], [None], now)
        return asked.get(visit=visit)


def _may_be_asked(contact: Contact, today: int, settings: DoubleOptIn) -> None:
    if not contact.email:
        raise NotAsked("This contact has no email address to ask at.")
    if (contact.pk, consent.ASKING) in consent.refused(EMAIL, [(contact.pk, consent.ASKING)]):
        raise NotAsked("The address or its domain is suppressed: nothing is sent to it.")
    if today >= settings.most_a_day:
        times = "once" if today == 1 else f"{today} times"
        raise NotAsked(f"This contact was asked {times} in the last 24 hours. Try again tomorrow.")


def _pend(contact: Contact, wanted: Sequence[Topic], now: datetime, source: str, proof: Proof) -> bool:
    """Whether anything is still to be confirmed; what is asked once more is known to be asked now."""
    channel = Consent.objects.filter(contact=contact, channel=EMAIL)
    about = TopicConsent.objects.filter(contact=contact, channel=EMAIL, topic__in=wanted)
    pending = ConsentState.PENDING.value
    once_more = {"at": now, "source": source, "by": proof.columns[0], "proof": proof.facts}
    again = channel.filter(state=pending).update(**once_more) + about.filter(state=pending).update(**once_more)
    changed = consent.set_state([contact.pk], EMAIL, pending, source, now, proof)
    timeline.record_for(changed, "contact.updated", {"changed": [f"consent.{EMAIL}"], "source": source}, now)
    for topic in wanted:
        changed += topic_consent.say([contact.pk], topic, EMAIL, pending, source, now, proof)
    return bool(changed or again)


def _content(contact: Contact, settings: DoubleOptIn, now: datetime) -> Content:
    if settings.template_id:
        return contents.content_of(EMAIL, {"template": settings.template_id}, now)
    installation = Installation.current()
    with spoken_to(contact, installation):
        return contents.content_of(EMAIL, asking_words.words(installation.name, settings.days), now)


def open_until(message: Message) -> datetime:
    """Until when the link in the mail works."""
    return message.queued_at + timedelta(days=DoubleOptIn.current().days)


def waiting(message: Message) -> tuple[list[Consent], list[TopicConsent]]:
    """What was asked for and not answered yet, by this mail or by a later one to the same address: who was asked twice
    may press the button in either, and the page says what they agree to."""
    asked = Q(contact_id=message.contact_id, channel=EMAIL, state=ConsentState.PENDING)
    about = TopicConsent.objects.filter(asked).select_related("topic").order_by("topic__position")
    return list(Consent.objects.filter(asked)), list(about)


def confirm(message: Message, now: datetime, proof: Proof) -> bool:
    """The contact said yes to what the mail asked for. Returns whether anything changed."""
    with transaction.atomic():
        if not Contact.objects.select_for_update(no_key=True).filter(pk=message.contact_id).exists():
            return False
        channel, about = waiting(message)
        changed: list[int] = []
        if channel:
            state = ConsentState.SUBSCRIBED
            changed = consent.set_state([message.contact_id], EMAIL, state, CONFIRMED, now, proof)
            properties = {"changed": [f"consent.{EMAIL}"], "source": CONFIRMED}
            timeline.record_for(changed, "contact.updated", properties, now)
        origin = {"message": message.pk}
        for row in about:
            state = ConsentState.SUBSCRIBED
            changed += topic_consent.say([message.contact_id], row.topic, EMAIL, state, CONFIRMED, now, proof, origin)
    return bool(changed)
