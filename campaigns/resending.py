"""Puts a message back into the queue because an operator says so: Waypost itself never sends one twice."""

from datetime import datetime

from django.db import transaction

from campaigns.counting import count, of
from campaigns.models import Message, MessageState
from contacts.lanes import nudge

AGAIN = (MessageState.UNKNOWN, MessageState.FAILED)


def may_send_again(message: Message) -> bool:
    return message.state in AGAIN


def send_again(message: Message, now: datetime) -> bool:
    """Queue an unknown or failed message once more. False if it is neither (any more)."""
    with transaction.atomic():
        queued = Message.objects.filter(pk=message.pk, state=message.state, state__in=AGAIN).update(
            state=MessageState.QUEUED,
            reason="",
            attempts=0,
            owner=None,
            leased_until=None,
            due_at=now,
            provider_message_id=None,
            sent_at=None,
            failed_at=None,
        )
        if queued:
            gone = [message.state]
            if message.state == MessageState.FAILED and message.sent_at:
                gone.append("sent")  # The provider took it and lost it later.
            count([(of(message), metric, -1) for metric in gone], now)
            nudge("send")
    return bool(queued)
