"""What providers tell us after the hand-over: what became of a message, and what its recipient answered."""

from datetime import datetime

from django.db import transaction

from campaigns import budget, keywords, unsubscribing
from campaigns.counting import count, count_by_day, of
from campaigns.models import Message, MessageState, Provider
from contacts import consent, suppressing, timeline
from contacts.consent import Proof
from contacts.days import day_of
from contacts.models import Contact, Installation, Suppression
from contacts.models.consent import Channel
from contacts.timeline import NewEvent

REPLY = "SMS reply"
TAKEN = {"accepted", "queued", "sending", "sent", "scheduled"}
ARRIVED = {"delivered", "read"}
LOST = {"failed", "undelivered", "canceled"}
FREE = {"failed", "canceled"}  # never handed on, and so not charged


def answered(provider: Provider, phone: str, text: str, key: str, opt_out: str, now: datetime) -> str:
    """A contact (or a stranger) answered by SMS. Returns what to answer in turn, or "".

    `key` makes doubled calls harmless. `opt_out` is "STOP", "START" or "HELP" where the provider has recognised the
    word and answered it already.
    """
    means = opt_out.lower() if opt_out.lower() in (keywords.STOP, keywords.START, keywords.HELP) else ""
    quiet = bool(means) or keywords.is_answered_by_twilio(text)
    means = means or keywords.meaning(text)
    with transaction.atomic():
        contact = Contact.objects.filter(phone=phone).first()
        if contact and not _keep(provider, contact, text, key, now):
            return ""
        if means == keywords.STOP:
            _stop(contact, phone, now, _proof(provider, contact, text))
        elif means == keywords.START:
            for row in Suppression.objects.filter(channel=Channel.SMS, address=phone, reason=REPLY):
                suppressing.lift(row, text.replace("\0", ""), REPLY, now)
            if contact:
                unsubscribing.come_back(contact.pk, Channel.SMS, REPLY, now, _proof(provider, contact, text))
    if quiet or not means:
        return ""
    name = Installation.current().name
    return {
        keywords.STOP: f"{name}: you are unsubscribed and get no more messages. Reply START to come back.",
        keywords.START: f"{name}: you are subscribed again. Reply STOP to unsubscribe.",
        keywords.HELP: f"{name}: reply STOP to unsubscribe.",
    }[means]


def _keep(provider: Provider, contact: Contact, text: str, key: str, now: datetime) -> bool:
    last = _last_message(contact)
    properties: dict[str, object] = {"text": text.replace("\0", "")[:2000], "provider": provider.pk}
    if last:
        properties |= {"message": last.pk, "origin": last.origin.key}
    event = NewEvent(contact.pk, "sms.replied", properties, key=f"reply:{provider.pk}:{key}"[:200])
    return timeline.record([event], now).duplicates == 0


def _proof(provider: Provider, contact: Contact | None, text: str) -> Proof:
    """The contact's own words, who passed them on, and which message they answer."""
    last = _last_message(contact) if contact else None
    facts = {"text": text.replace("\0", "")[:300], "provider": provider.name, "message": last and last.pk}
    return Proof("the contact", {name: value for name, value in facts.items() if value})


def _stop(contact: Contact | None, phone: str, now: datetime, proof: Proof) -> None:
    if contact:
        unsubscribing.leave(contact.pk, Channel.SMS, _last_message(contact), REPLY, now, proof)
    else:
        # Somebody who is no contact now may be imported tomorrow.
        consent.suppress(Channel.SMS, [phone], REPLY, now)


def _last_message(contact: Contact) -> Message | None:
    sent = Message.objects.filter(contact=contact, channel=Channel.SMS, sent_at__isnull=False)
    return sent.select_related("origin").order_by("-pk").first()


def reported(
    provider: Provider, message_id: int | None, provider_message_id: str, status: str, reason: str, now: datetime
) -> bool:
    """The provider says how a message fares. Calls come late, twice and in any order: none moves a message back.

    The message is found by our own number if the call has it (it may come before we have recorded the provider's), else
    by the provider's. Returns whether the call was news.
    """
    with transaction.atomic():
        rows = Message.objects.select_for_update(of=("self",)).select_related("origin").order_by("pk")
        if message_id is not None:
            message = rows.filter(pk=message_id).first()
        else:
            message = rows.filter(provider=provider, provider_message_id=provider_message_id or None).first()
        if message is None or message.provider_id not in (None, provider.pk):
            return False
        if status in ARRIVED:
            return _arrived(message, provider_message_id, now)
        if status in LOST:
            return _lost(message, provider_message_id, reason, status in FREE, now)
        return status in TAKEN and _taken(message, provider_message_id, now)


def _taken(message: Message, provider_message_id: str, now: datetime) -> bool:
    """Only news where the worker died: the message is known to have left after all."""
    if message.state != MessageState.UNKNOWN:
        return False
    lost_at, message.unknown_at = message.unknown_at or now, None
    message.sent_at = now
    _settle(message, MessageState.SENT, provider_message_id, "")
    _tell(message, "sent", now)
    count_by_day([(day_of(lost_at), of(message), "unknown", -1), (day_of(now), of(message), "sent", 1)])
    return True


def _arrived(message: Message, provider_message_id: str, now: datetime) -> bool:
    if message.delivered_at or message.failed_at or not _is_open(message):
        return False
    _taken(message, provider_message_id, now)
    message.delivered_at = now
    _settle(message, MessageState.DELIVERED, provider_message_id, "")
    _tell(message, "delivered", now)
    count([(of(message), "delivered", 1)], now)
    return True


def _lost(message: Message, provider_message_id: str, reason: str, free: bool, now: datetime) -> bool:
    if message.delivered_at or message.failed_at or not _is_open(message):
        return False
    lost_at = message.unknown_at
    if _taken(message, provider_message_id, now) and free and lost_at:
        budget.refund([(message.channel, lost_at)], now)
    message.failed_at = now
    _settle(message, MessageState.FAILED, provider_message_id, reason)
    _tell(message, "failed", now, reason=reason[:500])
    count([(of(message), "failed", 1)], now)
    return True


def _is_open(message: Message) -> bool:
    return message.state in (MessageState.SENDING, MessageState.SENT, MessageState.UNKNOWN)


def _settle(message: Message, state: MessageState, provider_message_id: str, reason: str) -> None:
    """While a worker has the message in hand only the times are written; its own record takes them into account."""
    if message.state != MessageState.SENDING:
        message.state = state
        message.owner = message.leased_until = None
    message.reason = reason
    message.provider_message_id = message.provider_message_id or provider_message_id or None
    message.save()


def _tell(message: Message, verb: str, now: datetime, **properties: object) -> None:
    properties = {"message": message.pk, "origin": message.origin.key, **properties}
    timeline.record([NewEvent(message.contact_id, f"{message.channel}.{verb}", properties)], now)
