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
    """Queue an unknown or failed message once more. False if it is neither (any more).

    What was counted is taken back from the days on which it was.
    """
    with transaction.atomic():
        was = Message.objects.select_for_update().filter(pk=message.pk, state=message.state, state__in=AGAIN).first()
        if was is None:
            return False
        Message.objects.filter(pk=was.pk).update(
            state=MessageState.QUEUED,
            reason="",
            attempts=0,
            owner=None,
            leased_until=None,
            due_at=now,
            provider_message_id=None,
            sent_at=None,
            failed_at=None,
            unknown_at=None,
        )
        if was.state == MessageState.UNKNOWN:
            count([(of(was), "unknown", -1)], was.unknown_at or now)
        else:
            count([(of(was), "failed", -1)], was.failed_at or now)
            if was.sent_at:  # The provider took it and lost it later.
                count([(of(was), "sent", -1)], was.sent_at)
        nudge("send")
    return True
